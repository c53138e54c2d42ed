"""What the sections say: ranks, budgets, axes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from PIL import Image

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.rendering import count, name, number, share
from thermal_assets.reporting.report import write_report
from thermal_assets.reporting.scales import Scale
from thermal_assets.reporting.sections.audits import collection_grid
from thermal_assets.reporting.sections.comparisons import separation
from thermal_assets.reporting.sections.drift import distance_drift, domain_drift
from thermal_assets.reporting.sections.extremes import LOWEST, extreme_tiles, extremes
from thermal_assets.reporting.sections.pivots import pivots
from thermal_assets_tests.reporting.conftest import ANOMALY, LENSES, NORMAL, Filled, context, insert


@pytest.mark.parametrize(
    ("basis", "words"), [("other sessions", "other sessions only"), ("near copies removed", "near copies left out")]
)
def test_lowest_are_judged_without_their_own_company(fill: Callable[..., Filled], basis: str, words: str) -> None:
    filled = fill(basis=basis)
    with filled.connect() as connection:
        found = extremes(connection)
        assert found is not None
        assert [found.low[level][0].image_id for level in ("L2", "L3")] == [filled.odd, filled.odd]
        assert words in found.basis
        tiles = extreme_tiles(found, Gallery(filled.image_root))
    assert len(tiles["low"]["L2"]) == LOWEST
    first = tiles["low"]["L2"][0]
    assert first.lines == ("L2 rank 1: 0.2", "L3 rank 1: 0.2")  # the density that was judged stands beside the picture
    assert first.mark == "both levels"
    shared = {tile.image_id for tile in tiles["low"]["L2"]} & {tile.image_id for tile in tiles["low"]["L3"]}
    assert {tile.image_id for tile in tiles["low"]["L2"] if tile.mark} == shared
    assert tiles["shared"] == len(shared)


def test_lowest_fall_back_to_plain_density_and_say_so(fill: Callable[..., Filled]) -> None:
    filled = fill(basis="fewer than three sessions")
    with filled.connect() as connection:
        found = extremes(connection)
        stored = connection.execute(
            "SELECT image_id FROM densities WHERE level = 'L2' AND scope = 'dataset' ORDER BY rank_in_dataset LIMIT 1"
        ).fetchone()
    assert found is not None
    assert "plain density" in found.basis
    assert (found.low["L2"][0].image_id,) == stored
    assert filled.odd not in {image.image_id for image in found.low["L2"][:1]}


def test_pivots_show_the_neighbours_of_the_warehouse(fill: Callable[..., Filled]) -> None:
    filled = fill()
    with filled.connect() as connection:
        shown = pivots(connection, extremes(connection), Gallery(filled.image_root))
        stored = connection.execute(
            "SELECT neighbor_id FROM neighbors WHERE image_id = ? AND level = 'L2' AND scope = 'dataset' ORDER BY rank",
            [filled.odd],
        ).fetchall()
    assert [pivot["title"] for pivot in shown] == ["The least dense image", "A typical image", "The densest image"]
    first = shown[0]["levels"]["L2"]
    assert first["pivot"].image_id == filled.odd
    assert [(tile.image_id,) for tile in first["neighbors"]] == stored
    assert len(stored) == 10


def picture(side: int, seed: int = 0) -> bytes:
    out = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_gallery_keeps_to_its_budget_and_says_so(tmp_path: Path) -> None:
    for index in range(20):
        (tmp_path / f"{index}.png").write_bytes(picture(100, index))
    gallery = Gallery(tmp_path, budget=60_000)
    tiles = [gallery.show(f"{index}.png", "c") for index in range(20)]
    embedded = sum(len(tile.encoded.src) for tile in tiles if tile.encoded)
    assert 0 < embedded <= 60_000
    assert gallery.left_out == sum(tile.encoded is None for tile in tiles) > 0
    assert "left out" in tiles[-1].missing


def test_tiny_images_keep_every_pixel(tmp_path: Path) -> None:
    import base64

    data = picture(24)
    (tmp_path / "tiny.png").write_bytes(data)
    tile = Gallery(tmp_path).show("tiny.png", "c")
    assert tile.encoded is not None
    assert tile.encoded.tiny
    assert (tile.encoded.width, tile.encoded.height) == (24, 24)
    with Image.open(io.BytesIO(base64.b64decode(tile.encoded.src.partition(",")[2]))) as shown:
        assert np.array_equal(np.asarray(shown.convert("RGB")), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize(
    ("values", "log"),
    [([1.5, 4.0], True), ([0.001, 1000.0], True), ([2.0], True), ([-3.0, 5.0], False), ([0.0], False)],
)
def test_scale_holds_its_values_with_a_few_round_ticks(values: list[float], log: bool) -> None:
    scale = Scale.spanning(values, log=log)
    assert scale is not None
    places = [scale.at(value) for value in values]
    assert all(place is not None and 0 < place < 100 for place in places)
    assert places == sorted(places)
    assert 2 <= len(scale.ticks) <= 8
    assert all(scale.at(float(tick.label)) == pytest.approx(tick.at, abs=0.5) for tick in scale.ticks)


def test_scale_of_nothing_is_none() -> None:
    assert Scale.spanning([None, float("nan")]) is None
    assert Scale.spanning([0.0, -1.0], log=True) is None


def test_numbers_read_well() -> None:
    assert (count(1223849), number(0.03456), number(12345.6), number(None)) == ("1,223,849", "0.0346", "12,346", "–")
    assert (share(0.5), share(0.00001), share(0.0)) == ("50.0 %", "< 0.1 %", "0.0 %")
    assert name("a\u202eb\nc👩\u200d🔧한") == "a‹U+202E›b‹U+000A›c👩\u200d🔧한"


def test_the_grid_of_the_collection_adds_up_places_and_marks_those_where_only_the_other_state_was_shot() -> None:
    seen = [
        # object, state, metres, place, images, sessions, sessions missing
        ("pipe", "anomaly", 2.0, "north", 5, 2, 6),
        ("pipe", "anomaly", 2.0, "south", 0, 0, 8),
        ("pipe", "normal", 2.0, "north", 30, 8, 0),
        ("pipe", "normal", 2.0, "south", 30, 8, 0),
        ("pipe", "normal", 10.0, "north", 4, 1, 7),
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE collection_plan (object TEXT, state TEXT, distance_from_m DOUBLE, place TEXT, images BIGINT, "
            "sessions INTEGER, missing_sessions INTEGER, distance_to_m DOUBLE)"
        )
        connection.executemany("INSERT INTO collection_plan VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", seen)
        connection.execute("UPDATE collection_plan SET distance_to_m = distance_from_m")
        grid = collection_grid(connection)
        connection.execute("DELETE FROM collection_plan WHERE distance_from_m > 2")
        assert collection_grid(connection) is None  # one distance needs no grid
    assert grid is not None
    assert grid["columns"] == ["2", "10"]
    anomaly, normal = grid["rows"]
    assert [anomaly["state"], normal["state"]] == ["anomaly", "normal"]
    assert (anomaly["cells"][0]["sessions"], anomaly["cells"][0]["missing_places"]) == (2, 1)
    assert anomaly["cells"][0]["filled"] == pytest.approx(12.5)  # a quarter in one place of two
    assert anomaly["cells"][1] is None
    assert (normal["cells"][0]["sessions"], normal["cells"][0]["filled"]) == (16, 100)
    assert normal["cells"][1]["filled"] == pytest.approx(12.5)


def test_the_curve_over_distance_shows_the_intervals_there_are(fill: Callable[..., Filled]) -> None:
    filled = fill()

    def curve() -> tuple[bool, int]:
        found = distance_drift(connection)
        assert found is not None
        _, _, strokes = str(found["figures"]["L3"]).partition("LineCollection")
        return found["intervals"], strokes.partition("patch_1")[0].count("<path")

    with duckdb.connect(str(filled.database)) as connection:
        assert curve() == (True, 2)  # of three distances, one has too few sessions
        connection.execute("UPDATE distance_drift SET ci_low = NULL, ci_high = NULL")
        assert curve() == (False, 0)


def test_only_months_and_places_that_differ_beyond_chance_are_shown_with_pictures(fill: Callable[..., Filled]) -> None:
    filled = fill()
    common = {"class_name": NORMAL, "level": "L3", "lens_id": LENSES["L3"], "image_count": 20, "sessions": 4}
    common |= {
        "sessions_others": 5,
        "attainable_p": 0.008,
        "typical_ids": filled.ids[:9],
        "method": "exact",
        "statement": "",
    }
    with duckdb.connect(str(filled.database)) as connection:
        gallery = Gallery(filled.image_root)
        assert domain_drift(connection, gallery) is None
        by_chance = {"kind": "month", "value": "2021-01", "auc": 0.98, "q_value": 0.6}
        told = {"kind": "place", "value": "A<b>", "auc": 0.85, "q_value": 0.03}
        slight = {"kind": "place", "value": "B", "auc": 0.55, "q_value": 0.01}
        insert(connection, "domain_drift", [common | by_chance, common | told, common | slight])
        found = domain_drift(connection, gallery)
        assert found is not None
        assert (found["judged"], found["told"]) == (3, 1)
        (row,) = found["rows"]
        assert (row["value"], len(row["pictures"])) == ("A<b>", 4)
        insert(connection, "thresholds", [{"name": "alpha", "value": 0.01, "changed": True, "reason": "stricter"}])
        strict = domain_drift(connection, gallery)
    assert strict is not None
    assert (strict["told"], strict["rows"]) == (0, [])


def test_separation_tells_the_trained_lens_and_what_is_found_at_one_percent(
    fill: Callable[..., Filled], tmp_path: Path
) -> None:
    filled = fill()
    with duckdb.connect(str(filled.database)) as connection:
        shown = separation(connection)
        assert (shown["recalls"], shown["too_few"]) == ([], 1)
        pair = {"normal_class": NORMAL, "anomaly_class": ANOMALY, "interval_note": "", "n_anomaly": 60, "m": 30}
        pair |= {"sessions_normal": 0, "sessions_anomaly": 0, "reference_id": "r", "lens_id": LENSES["L2"]}
        trained = pair | {"matched": False, "separability_auc": 0.7631, "fitted_images": 60, "n_normal": 222}
        insert(connection, "supervised_separation", [trained | {"recall_at_1_percent": 0.4137}])
        connection.execute(
            "UPDATE separation SET recall_at_1_percent = 0.25, recall_ci_low = 0.1234, recall_ci_high = 0.4, n_normal = 333 WHERE level = 'L3'"
        )
        shown = separation(connection)
        assert {kind: row["separability_auc"] for kind, row in shown["pairs"][0]["levels"].items()} == {
            "L2": 0.8,
            "L3": 0.8,
            "trained": 0.7631,
        }
        (recall,) = shown["recalls"]
        assert recall["found"] == {"L3": 0.25, "trained": 0.4137}
        assert (recall["n_normal"], shown["too_few"]) == (222, 0)
    with filled.connect() as connection:
        page = tmp_path / "report.html"
        write_report(connection, image_root=filled.image_root, output=page, title="t", context=context())
    section = page.read_text().partition('id="separation"')[2].partition("</section>")[0]
    assert all(
        figure in section
        for figure in ("0.763", "41.4 %", "25.0 %", "12.3 % to 40.0 %", "222", "Trained on the labels")
    )
