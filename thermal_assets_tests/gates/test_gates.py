"""Each gate sees what it is there for; profile, waivers and kept figures are respected."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from thermal_assets.errors import UserError
from thermal_assets.findings.waivers import Waiver
from thermal_assets.gates.catalog import GATES
from thermal_assets.home.layout import Home, create_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.profile import load_profile
from thermal_assets.steps.gates import judged_gates, materialize_gate_results, stored_gates
from thermal_assets.warehouse.access import empty_frame
from thermal_assets.warehouse.transaction import Transaction

NOW = datetime.now(UTC)


def _fill(transaction: Transaction, table: str, *rows: dict[str, object]) -> None:
    """Rows of ``table``; columns that a test does not care about are filled with the zero of their type."""
    schema = empty_frame(table).schema
    zeros = {
        name: (
            ""
            if dtype == pl.String
            else NOW
            if isinstance(dtype, pl.Datetime)
            else False
            if dtype == pl.Boolean
            else []
            if isinstance(dtype, pl.List)
            else 0
        )
        for name, dtype in schema.items()
    }
    transaction.append(table, pl.DataFrame([{**zeros, **row} for row in rows], schema=schema))


def _version(asset: str, partition: str = "", version: str = "1", lens_id: str = "") -> dict[str, object]:
    return {"asset": asset, "partition": partition, "version": version, "manifest_version": "m", "lens_id": lens_id}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two whole classes of four images each; nothing wrong with them."""
    for name in ("normal", "anomaly"):
        (tmp_path / "images" / name).mkdir(parents=True)
    profile = tmp_path / "own.toml"
    profile.write_text('title = "own"\n')
    home = create_home(tmp_path / "home", HomeSettings(image_root=str(tmp_path / "images"), profile=str(profile)))
    with home.warehouse.write() as transaction:
        for start, name in ((0, "normal"), (100, "anomaly")):
            _fill(transaction, "class_catalog", {"class_name": name, "partition_key": name})
            for asset in ("file_manifest", "channel_stats", "class_outliers", "l2_embeddings"):
                lens = "lens2" if asset == "l2_embeddings" else "lens3" if asset == "class_outliers" else ""
                version = "m" if asset == "file_manifest" else "1"
                _fill(transaction, "asset_versions", _version(asset, name, version, lens))
            _fill(
                transaction, "run_log", {"asset": "file_manifest", "partition": name, "started_at": NOW + timedelta(1)}
            )
            for key in range(start, start + 4):
                row = {"image_id": f"{name}/{key}.png", "class_name": name, "image_key": key}
                _fill(transaction, "file_manifest", row)
                _fill(transaction, "channel_stats", {**row, "mode": "RGB", "bit_depth": 8})
                _vector(transaction, key, name, np.full(1280, 0.5, np.float32))
        for level in ("2", "3"):
            _fill(
                transaction,
                "lenses",
                {"lens_id": f"lens{level}", "level": f"L{level}", "in_force": True, "dimensions": 1280},
            )
        for asset in ("duplicates", "label_conflicts", "findings"):
            _fill(transaction, "asset_versions", _version(asset))
        _fill(transaction, "run_log", {"asset": "findings", "run_id": "r", "started_at": NOW})
    return home


def _vector(transaction: Transaction, key: int, class_name: str, values: np.ndarray) -> None:
    schema = empty_frame("l2_embeddings").schema
    row = {
        "image_key": [key],
        "class_name": [class_name],
        "content_hash": [f"{class_name}{key}"],
        "lens_id": ["lens2"],
        "embedding": [values.tolist()],
    }
    transaction.append("l2_embeddings", pl.DataFrame(row, schema=schema))


def _status(home: Home) -> dict[str, str]:
    return dict(judged_gates(Home(home.root)).select("gate", "status").iter_rows())


def test_a_sound_home_fails_no_gate(home: Home) -> None:
    status = _status(home)
    assert status.keys() == GATES.keys()
    assert {name for name, value in status.items() if value == "not measured"} == {"outlier_share", "separation_fall"}
    assert {name for name, value in status.items() if value == "failed"} == set()


def test_every_gate_sees_its_fault(home: Home) -> None:
    with home.warehouse.write() as transaction:
        run = transaction.connection.execute
        run("DELETE FROM channel_stats WHERE image_key = 0")
        _fill(transaction, "manifest_problems", *_problems(transaction, "normal", 1))
        run("DELETE FROM channel_stats WHERE image_key = 1")
        run("UPDATE channel_stats SET mode = 'RGBA' WHERE image_key = 100")
        for key in range(1000, 1201):
            row = {"image_id": f"anomaly/{key}.png", "class_name": "anomaly", "image_key": key}
            _fill(transaction, "file_manifest", row)
            _fill(transaction, "channel_stats", {**row, "mode": "RGB", "bit_depth": 16})
        _vector(transaction, 1000, "anomaly", np.zeros(1280, np.float32))
        _vector(transaction, 1001, "anomaly", np.full(1280, np.nan, np.float32))
        _vector(transaction, 1002, "anomaly", np.full(1280, np.inf, np.float32))
        copies = [{"group_id": "g", "kind": "file", "image_id": i, "class_name": i} for i in ("normal", "anomaly")]
        _fill(transaction, "duplicates", *copies)
        _fill(transaction, "lenses", {"lens_id": "other", "level": "L3", "in_force": True})
        run("UPDATE asset_versions SET lens_id = 'old' WHERE asset = 'l2_embeddings' AND partition = 'normal'")
        run(
            "UPDATE asset_versions SET manifest_version = 'old' WHERE asset = 'class_outliers' AND partition = 'normal'"
        )
        conflicts = [
            {"image_id": f"{n}", "class_name": "anomaly", "log_odds": 3.0, "typicality": 0.8, "rank": n}
            for n in range(5)
        ]
        _fill(transaction, "label_conflicts", *conflicts)
        before = {"metric": "separability_L3", "class_name": "anomaly", "run_id": "a", "value": 0.9}
        _fill(transaction, "metric_history", {**before, "measured_at": NOW - timedelta(1)})
        _fill(transaction, "metric_history", {**before, "run_id": "b", "value": 0.8, "measured_at": NOW})
        _fill(transaction, "findings", {"finding_id": "x:y", "severity": "HIGH", "status": "open", "title": "Bad"})
        run("UPDATE run_log SET started_at = started_at - INTERVAL 40 DAY")
        densities = [
            {
                "image_key": key,
                "class_name": "anomaly",
                "level": level,
                "lens_id": lens_id,
                "reliable": True,
                "density": d,
                "density_xs": None,
            }
            for level, lens_id in (("L2", "lens2"), ("L3", "lens3"))
            for key, d in ((1000, 0.001), (1001, 1.0), (1002, 1.1))
        ]
        _fill(transaction, "class_densities", *densities)
    judged = judged_gates(home)
    measured = {row["gate"]: row for row in judged.to_dicts()}
    assert {name for name, row in measured.items() if row["status"] != "failed"} == {"unreadable_share"}
    assert measured["manifest_reconciles"]["value"] == 1
    assert measured["vectors_usable"]["value"] == 3
    assert measured["separation_fall"]["value"] == pytest.approx(0.1)
    assert measured["outlier_share"]["value"] == pytest.approx(1 / 3)
    connection = duckdb.connect(str(home.warehouse.path), read_only=True)
    for row in judged.to_dicts():
        assert connection.execute(row["evidence_sql"]).fetchall(), row["gate"]
    connection.close()


def _problems(transaction: Transaction, class_name: str, key: int) -> list[dict[str, object]]:
    image_id = f"{class_name}/{key}.png"
    return [{"image_id": image_id, "class_name": class_name, "image_key": key, "stage": "manifest", "code": "empty"}]


def test_the_profile_sets_bounds_and_waivers_and_a_kept_figure_is_measured_anew_after_a_change(home: Home) -> None:
    with home.warehouse.write() as transaction:
        _vector(transaction, 50, "normal", np.zeros(1280, np.float32))
    assert _status(home)["vectors_usable"] == "failed"
    materialize_gate_results(home, "run")
    with home.warehouse.write() as transaction:  # behind the pipeline's back: no version moved
        transaction.connection.execute("DELETE FROM l2_embeddings WHERE image_key = 50")
    assert _status(home)["vectors_usable"] == "failed"
    with home.warehouse.write() as transaction:
        transaction.connection.execute("UPDATE asset_versions SET version = '2' WHERE asset = 'l2_embeddings'")
    assert _status(home)["vectors_usable"] == "passed"

    profile = Path(home.settings.profile)
    profile.write_text(
        "[gates]\nclass_balance = { at_most = 0.5, severity = 'error' }\nimages_newer.severity = 'off'\n"
    )
    rows = {row["gate"]: row for row in judged_gates(Home(home.root)).to_dicts()}
    assert (rows["class_balance"]["status"], rows["class_balance"]["severity"]) == ("failed", "ERROR")
    assert rows["images_newer"]["status"] == "off"
    waiver = Waiver(finding_id="gate:class_*", reason="known", by="M. Kim", until=date.today())
    lines = "".join(
        f'{name} = "{value}"\n' for name, value in waiver.model_dump(mode="json").items() if name != "until"
    )
    profile.write_text(profile.read_text() + f"[[waivers]]\n{lines}until = {waiver.until}\n")
    materialize_gate_results(Home(home.root), "run")
    row = stored_gates(home).row(by_predicate=pl.col("gate") == "class_balance", named=True)
    assert row["status"] == "waived"
    assert "M. Kim" in row["waiver"]


def test_an_unknown_gate_in_a_profile_is_told_with_the_likely_one(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[gates.class_balence]\nat_most = 3\n")
    with pytest.raises(UserError, match="did you mean class_balance"):
        load_profile(path)
