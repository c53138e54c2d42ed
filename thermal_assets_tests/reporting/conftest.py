"""A small warehouse with real pictures behind it: two classes with hostile names and one odd image."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from PIL import Image

from thermal_assets.manifest.identity import path_of
from thermal_assets.reporting.context import ReportContext
from thermal_assets.warehouse.ddl import create_schema

NORMAL = "파이프 <script>alert(1)</script>"
# Markup, quotes, a template, a mark that turns text round, letters that read from the right, and 255 bytes in all.
ANOMALY = ('a"onerror="x\' {{ 7*7 }} \u202egnp' + "\u05e9" * 120).encode()[:254].decode(errors="ignore")
IMAGES_A_CLASS = 60
LENSES = {"L2": "net-1", "L3": "pca-1"}


@dataclass(frozen=True)
class Filled:
    """The warehouse file, the image root, and what stands in them."""

    database: Path
    image_root: Path
    ids: list[str]
    odd: str

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.database), read_only=True)


def context(**changed: Any) -> ReportContext:
    return ReportContext(profile="folders", generated_at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC), **changed)


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    connection.register("incoming", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")


@pytest.fixture
def fill(tmp_path: Path) -> Callable[..., Filled]:
    """Builds the warehouse; ``basis`` is that of density_xs, ``random_weights`` says whether L2 is untrained."""

    def build(*, basis: str = "other sessions", random_weights: bool = False) -> Filled:
        root, database = tmp_path / "images", tmp_path / "warehouse.duckdb"
        connection = duckdb.connect(str(database))
        create_schema(connection)
        names = [f'{c}/{i:03d} %25 "q" <i>.png' for c in (NORMAL, ANOMALY) for i in range(IMAGES_A_CLASS)]
        classes = [name.partition("/")[0] for name in names]
        odd = names[7]
        _classes(connection)
        _images(connection, root, names, classes, basis == "other sessions")
        _lenses(connection, random_weights)
        _densities(connection, names, classes, odd, basis)
        _results(connection, names, odd)
        connection.close()
        return Filled(database, root, names, odd)

    return build


def _classes(connection: duckdb.DuckDBPyConnection) -> None:
    for index, (name, state) in enumerate(((NORMAL, "normal"), (ANOMALY, "anomaly"))):
        insert(connection, "class_catalog", [{"class_name": name, "partition_key": str(index), "state": state}])


def _images(
    connection: duckdb.DuckDBPyConnection, root: Path, names: list[str], classes: list[str], sessions: bool
) -> None:
    random = np.random.default_rng(0)
    files, stats = [], []
    for key, (name, class_name) in enumerate(zip(names, classes, strict=True)):
        path = path_of(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (20, 12), dtype=np.uint8)).save(path)
        common = {"image_id": name, "class_name": class_name, "image_key": key}
        session = {"session_id": f"s{key % 9}", "batch_id": f"s{key % 9}|1"} if sessions else {}
        files.append(
            {**common, "file_name": path.name, "extension": "png", "size_bytes": path.stat().st_size, "mtime_ns": 0}
            | {"content_hash": f"{key:032x}", "token_problems": [], **session}
        )
        stats.append(
            {**common, "content_hash": f"{key:032x}", "format": "PNG", "width": 12, "height": 20, "bit_depth": 8}
            | {"mode": "RGB" if key % 10 == 0 else "L", "channel_count": 1, "has_alpha": False}
            | {"pixel_hash": str(key), "radiometric": "none"}
        )
    insert(connection, "file_manifest", files)
    insert(connection, "channel_stats", stats)
    mean = (path_of(root, names[0])).read_bytes()
    for name in (NORMAL, ANOMALY):
        bins = [{"class_name": name, "channel": c, "bin": b, "count": 5 + b} for c in "rgb" for b in range(256)]
        insert(connection, "pixel_histogram", bins)
        picture = {"class_name": name, "image_count": IMAGES_A_CLASS, "canvas": 64, "contents_version": "v"}
        insert(connection, "class_pixel_stats", [picture | {"mean_image": mean, "std_image": mean}])
    problem = {"image_id": "gone/<b>ghost</b>.png", "image_key": 9_999, "class_name": NORMAL, "stage": "decode"}
    insert(connection, "decode_problems", [problem | {"code": "not_an_image", "message": "Replace <b>it</b>."}])


def _lenses(connection: duckdb.DuckDBPyConnection, random_weights: bool) -> None:
    for level, lens_id in LENSES.items():
        row = {"lens_id": lens_id, "level": level, "name": f"lens of {level}", "input": "{}", "dimensions": 120}
        row |= {"random_weights": random_weights and level == "L2", "real_dimensions": 120, "metric": "{}"}
        row |= {"fitted_on": "", "parameters": json.dumps({"explained": 0.9}), "in_force": True}
        insert(connection, "lenses", [row | {"created_at": datetime(2026, 11, 1, tzinfo=UTC)}])
    old = {"lens_id": "old", "level": "L3", "name": "old lens", "random_weights": True, "input": "{}"}
    old |= {"dimensions": 120, "real_dimensions": 120, "metric": "{}", "fitted_on": "", "parameters": "{}"}
    insert(connection, "lenses", [old | {"in_force": False, "created_at": datetime(2026, 10, 1, tzinfo=UTC)}])


def _densities(
    connection: duckdb.DuckDBPyConnection, names: list[str], classes: list[str], odd: str, basis: str
) -> None:
    random = np.random.default_rng(1)
    for level, lens_id in LENSES.items():
        density = random.lognormal(1, 0.1, len(names))
        # Plain density hides the odd image; density over other sessions shows it.
        across = density.copy()
        across[names.index(odd)] = 0.2
        rows, near = [], []
        for key, class_name in enumerate(classes):
            common = {"image_key": key, "class_name": class_name, "level": level, "lens_id": lens_id}
            rows.append(
                {**common, "mean_distance_10": 1 / density[key], "density": density[key], "hubness": 1, "k_used": 10}
                | {"density_xs": None if basis.startswith("fewer") else across[key], "density_xs_basis": basis}
                | {"n_candidates": 119, "reliable": True}
            )
            others = [(key + step) % len(names) for step in range(1, 11)]
            near.append(
                {**common, "neighbor_keys": others, "distances": [0.1 * step for step in range(1, 11)]}
                | {"method": "exact", "candidates": 119, "metric": "euclidean"}
            )
        insert(connection, "dataset_densities", rows)
        insert(connection, "dataset_neighbors", near)
        worst = {"image_key": names.index(odd), "class_name": NORMAL, "level": level, "lens_id": lens_id, "side": "low"}
        insert(connection, "class_outliers", [worst | {"rank": 1, "density": 0.2, "rule": "rule", "threshold": 0.5}])
    vectors = np.zeros((len(names), 120), dtype=np.float32)
    vectors[:, :2] = random.normal(size=(len(names), 2))
    frame = pl.DataFrame(
        {"image_key": range(len(names)), "class_name": classes, "content_hash": "x", "lens_id": LENSES["L3"]}
    ).with_columns(projection=pl.Series(vectors, dtype=pl.Array(pl.Float32, 120)))
    connection.register("incoming", frame.to_arrow())
    connection.execute("INSERT INTO l3_projection BY NAME SELECT * FROM incoming")


def _results(connection: duckdb.DuckDBPyConnection, names: list[str], odd: str) -> None:
    pair = {"normal_class": NORMAL, "anomaly_class": ANOMALY, "matched": False, "interval_note": "No interval: why."}
    pair |= {"m": 30, "n_normal": 60, "n_anomaly": 60, "sessions_normal": 0, "sessions_anomaly": 0, "reference_id": "r",
             "measured_on": "x"}  # fmt: skip
    for level, lens_id in LENSES.items():
        insert(connection, "separation", [pair | {"level": level, "separability_auc": 0.8, "lens_id": lens_id}])
        drift = {
            "class_name": NORMAL,
            "level": level,
            "image_count": 30,
            "statement": "It may be said.",
            "lens_id": lens_id,
        }
        points = [drift | {"distance_m": float(d), "median_density": 1.0 / d, "eta_squared": 0.1} for d in (1, 2, 4)]
        points = [
            point
            | {"interval_note": "why", "ci_low": 0.8 / d if d < 4 else None, "ci_high": 1.2 / d if d < 4 else None}
            for point, d in zip(points, (1, 2, 4), strict=True)
        ]
        insert(connection, "distance_drift", points)
    kept = {"class_name": "*", "scope": "dataset", "n": 5, "overlap": 4, "expected": 4.1, "expected_low": 3.0}
    insert(
        connection,
        "outlier_persistence",
        [kept | {"expected_high": 5.0, "projections": 20, "images_compared": 5, "method": "exact"}],
    )
    copy = {"group_id": "g", "kind": "pixels", "distance": 0.0, "diameter": 0.0, "group_size": 2, "same_class": False}
    for name, keeper in ((names[0], True), (names[-1], False)):
        insert(
            connection,
            "duplicates",
            [copy | {"image_id": name, "class_name": name.partition("/")[0], "keeper": keeper}],
        )
    finding = {"finding_id": "lone:1", "rank": 1, "severity": "HIGH", "detector": "lone", "level": "L2"}
    finding |= {
        "class_name": NORMAL,
        "title": "An <img src=x> odd image",
        "statement": "It lies alone.",
        "action": "Look.",
    }
    finding |= {"affected_images": 2, "example_ids": [odd, "gone/<b>ghost</b>.png"], "status": "open"}
    insert(connection, "findings", [finding | {"evidence_sql": "SELECT '<x>' AS y\nFROM densities -- & more"}])
