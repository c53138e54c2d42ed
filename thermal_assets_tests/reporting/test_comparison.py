"""Two homes side by side: figures without a unit only, classes by name or pair, one line where a copy is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from thermal_assets.errors import UserError
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.reporting.comparison.compare import compare
from thermal_assets.reporting.comparison.page import write_comparison
from thermal_assets.reporting.comparison.side import Side, read_side
from thermal_assets.scorecard.card import measure_all, scorecard_frame
from thermal_assets.scorecard.measure import Basis
from thermal_assets.scorecard.settings import ScorecardSettings
from thermal_assets_tests.findings.fixtures import HOSTILE, SmallWarehouse, clean, set_all
from thermal_assets_tests.findings.plants import lose
from thermal_assets_tests.reporting.pages import Page

TALL = ("pipe_normal", "pipe_anomaly", "kran_ok", "kran_kaputt")


def side(folder: Path, w: SmallWarehouse) -> Side:
    folder.mkdir(parents=True)
    connection = w.connect()
    basis = Basis(Thresholds())
    connection.register("card", scorecard_frame(measure_all(connection, basis), ScorecardSettings(), basis))
    connection.execute("INSERT INTO scorecard BY NAME SELECT * FROM card")
    connection.unregister("card")
    path = folder / "published.duckdb"
    connection.execute(f"ATTACH '{path}' AS target; COPY FROM DATABASE memory TO target; DETACH target")
    connection.close()
    return read_side(folder.name, path)


def test_one_lens_gives_density_ratios_and_another_lens_refuses_them(tmp_path: Path) -> None:
    same, doubled = clean(), clean()
    for row in doubled.of("class_densities") + doubled.of("dataset_densities"):
        row["density"] *= 2
    other = clean()
    set_all(other.of("lenses", level="L2"), lens_id="another-lens")
    for table in ("class_densities", "dataset_densities", "separation"):
        set_all(other.of(table, level="L2"), lens_id="another-lens")
    a, b, c = side(tmp_path / "a", same), side(tmp_path / "b", doubled), side(tmp_path / "c", other)
    twice = compare(a, b)
    assert twice.same_lens == {"L2": True, "L3": True}
    for row in twice.classes:
        for level in ("L2", "L3"):
            assert row["levels"][level]["ratio"] == pytest.approx(2)
            # Over the own median nothing has changed: that figure has no unit.
            first, second = row["levels"][level]["relative"]
            assert first == pytest.approx(second)
    foreign = compare(a, c)
    assert foreign.same_lens == {"L2": False, "L3": True}
    assert all(row["levels"]["L2"]["ratio"] is None for row in foreign.classes)
    assert all(row["levels"]["L2"]["relative"][1] is not None for row in foreign.classes)
    write_comparison(foreign, tmp_path / "c.html", datetime.now(UTC))
    page = Page(tmp_path / "c.html")
    assert "vectors and densities have different units and are not compared" in page.text
    assert "L2 density B / A" not in page.text
    assert "L3 density B / A" in page.text


def test_classes_match_by_name_then_by_pair_and_state(tmp_path: Path) -> None:
    found = compare(side(tmp_path / "a", clean()), side(tmp_path / "b", clean(TALL)))
    assert [(row["match"].a, row["match"].b, row["match"].by) for row in found.classes] == [
        ("pipe_anomaly", "pipe_anomaly", "name"),
        ("pipe_normal", "pipe_normal", "name"),
        ("valve_anomaly", "kran_kaputt", "pair and state"),
        ("valve_normal", "kran_ok", "pair and state"),
    ]
    assert {(row["normal"], row["level"]) for row in found.pairs} == {
        (name, level) for name in ("pipe_normal", "valve_normal") for level in ("L2", "L3")
    }
    assert all(row["difference"] == 0 and row["apart"] is False for row in found.pairs)


def test_what_got_worse_shows_in_its_row(tmp_path: Path) -> None:
    worse = clean()
    lose(worse, worse.names[0], 16)
    set_all(worse.of("separation", anomaly_class=worse.names[1]), separability_auc=0.6, ci_low=0.5, ci_high=0.7)
    found = compare(side(tmp_path / "a", clean()), side(tmp_path / "b", worse))
    row = next(row for row in found.classes if row["match"].a == worse.names[0])
    assert row["unreadable"] == pytest.approx((0, 0.2))
    assert row["size_ratio"] == 0.8
    readable = next(row for row in found.scores if row["measure"] == "readable_files")
    assert readable["difference"] == pytest.approx(-16 / 320)
    assert found.pairs[0]["apart"] is True
    assert found.pairs[0]["difference"] == pytest.approx(-0.35)
    first, second = found.composites
    assert first is not None
    assert second is not None
    assert second < first


def test_page_is_whole_and_hostile_names_are_text(tmp_path: Path) -> None:
    hostile = tuple(f"{name}<b>x</b>\u202e" for name in HOSTILE)
    found = compare(side(tmp_path / "a", clean(hostile)), side(tmp_path / "b <i>", clean(hostile)))
    size = write_comparison(found, tmp_path / "page.html", datetime(2026, 11, 21, tzinfo=UTC))
    assert size == (tmp_path / "page.html").stat().st_size < 500_000
    page = Page(tmp_path / "page.html")
    assert page.unbalanced == []
    assert "\u202e" not in page.source
    assert f"{HOSTILE[0]}<b>x</b>‹U+202E›" in page.text
    assert not page.all("script", "link", "img", "iframe")
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(attributes.get("href", "#").startswith("#") for _, attributes in page.elements)


def test_a_home_that_cannot_be_compared_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no published copy yet .*run a diagnosis first"):
        read_side("a", tmp_path / "published.duckdb")
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute("CREATE TABLE lenses (lens_id VARCHAR)")
    with pytest.raises(UserError, match="published by an older version"):
        read_side("a", tmp_path / "old.duckdb")
    (tmp_path / "text.duckdb").write_text("not a database at all" * 500)
    with pytest.raises(UserError, match="cannot be read") as caught:
        read_side("a", tmp_path / "text.duckdb")
    assert "\n" not in str(caught.value)
