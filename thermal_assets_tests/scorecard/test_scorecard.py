"""A planted fault lowers its own measure and no other; what the data cannot tell is not counted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pytest

from thermal_assets.errors import UserError
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.profile import load_profile
from thermal_assets.scorecard.card import COMPOSITE, COMPOSITE_SQL, measure_all, scorecard_frame
from thermal_assets.scorecard.measure import CHARACTERISTICS, Basis
from thermal_assets.scorecard.measures import MEASURES
from thermal_assets.scorecard.settings import ScorecardSettings
from thermal_assets_tests.findings.fixtures import HOSTILE, NOW, SmallWarehouse, clean, set_all
from thermal_assets_tests.findings.plants import lose

BASIS = Basis(Thresholds(), window_declared=True)
CLASS_STEPS = ("file_manifest", "channel_stats", "class_densities", "class_outliers")
DATASET_STEPS = ("duplicates", "label_conflicts", "batch_drift", "separation", "image_quality")


def whole(names: tuple[str, ...] | None = None) -> SmallWarehouse:
    """The clean warehouse with the books of finished steps."""
    w = clean(names) if names else clean()
    steps = [(asset, name) for asset in CLASS_STEPS for name in w.names] + [(asset, "") for asset in DATASET_STEPS]
    for asset, partition in steps:
        version = f"v {partition}"
        w.add("asset_versions", asset=asset, partition=partition, version=version, manifest_version=version,
              input_version="i", lens_id="", run_id="r", written_at=NOW)  # fmt: skip
    for row in w.of("file_manifest"):
        identity = {name: row[name] for name in ("image_id", "class_name", "image_key")}
        w.add("temperatures", **identity, source="radiometric", max_c=60.0)
        w.add("annotations", **identity, annotation_index=1, format="coco")
    return w


def values(connection: duckdb.DuckDBPyConnection) -> dict[str, float | None]:
    return {name: found.value for name, found in measure_all(connection, BASIS).items()}


@pytest.fixture(scope="module")
def clean_home() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = whole().connect()
    yield connection
    connection.close()


@contextlib.contextmanager
def spoiled(connection: duckdb.DuckDBPyConnection, statements: str) -> Iterator[None]:
    """The clean home with a fault in it, for as long as the block lasts."""
    connection.execute("BEGIN")
    try:
        for statement in filter(None, (part.strip() for part in statements.split(";"))):
            ((touched,),) = connection.execute(statement).fetchall()
            assert touched > 0, f"the plant found nothing to change: {statement}"
        yield
    finally:
        connection.execute("ROLLBACK")


def copies(kind: str, count: int, same_class: bool = True) -> str:
    """``count`` groups of two images each."""
    return f"""
        INSERT INTO duplicates BY NAME
        SELECT '{kind}' || (n // 2) AS group_id, '{kind}' AS kind, image_id, class_name, n % 2 = 0 AS keeper,
               0.0 AS distance, 0.0 AS diameter, 2 AS group_size, {same_class} AS same_class
        FROM (SELECT *, row_number() OVER (ORDER BY image_id) - 1 AS n FROM file_manifest WHERE class_name = 'pipe_normal')
        WHERE n < {2 * count}"""


LOST = "image_key % 1000 < 4"
PLANTS: dict[str, tuple[str, set[str]]] = {
    "unreadable files": (
        f"""DELETE FROM channel_stats WHERE {LOST};
            INSERT INTO decode_problems BY NAME SELECT image_id, class_name, image_key, 'decode' AS stage,
            'truncated' AS code, 'the file ends too early' AS message FROM file_manifest WHERE {LOST}""",
        {"readable_files"},
    ),
    "files lost without a word": (f"DELETE FROM channel_stats WHERE {LOST}", {"readable_files", "accounted_for"}),
    "names without a session": (
        "UPDATE file_manifest SET session_id = NULL WHERE image_key % 5 = 0 AND image_key % 10 > 0", {"known_session"},
    ),
    "a class smaller than the others": (
        """DELETE FROM channel_stats WHERE class_name = 'pipe_normal' AND image_key >= 50;
           DELETE FROM file_manifest WHERE class_name = 'pipe_normal' AND image_key >= 50""",
        {"class_balance"},
    ),
    "a class from one session": (
        "UPDATE file_manifest SET session_id = 'one' WHERE class_name = 'pipe_normal'", {"enough_sessions"},
    ),
    "a pair from one distance": (
        "UPDATE file_manifest SET distance_m = 1 WHERE class_name LIKE 'pipe%'", {"several_distances"},
    ),
    "anomalies from other distances": (
        "UPDATE file_manifest SET distance_m = distance_m + 10 WHERE class_name = 'pipe_anomaly'", {"shared_distances"},
    ),
    "a class from one month": (
        "UPDATE file_manifest SET captured_on = DATE '2020-11-05' WHERE class_name = 'valve_normal'", {"months_covered"},
    ),
    "another pixel mode": ("UPDATE channel_stats SET mode = 'RGBA' WHERE image_key < 40", {"one_pixel_mode"}),
    "names that do not parse": (
        "UPDATE file_manifest SET tokens_valid = false, token_problems = ['bad_number: x'] WHERE image_key < 9",
        {"names_valid"},
    ),
    "dates outside the window": (
        "UPDATE file_manifest SET token_problems = ['outside_window: 2021-03-15 is not between'] WHERE image_key < 9",
        {"inside_window"},
    ),
    "equal files": (copies("file", 6), {"distinct_files"}),
    "near copies": (copies("near", 6), {"distinct_pictures"}),
    "blank pictures": ("UPDATE channel_stats SET minimum = 7, maximum = 7 WHERE image_key < 5", {"acceptable_pictures"}),
    # A picture under two labels is a copy as well.
    "one picture under two labels": (copies("pixels", 3, False), {"one_label_a_picture", "distinct_files"}),
    "labels exchanged": (
        """INSERT INTO label_conflicts BY NAME
           SELECT image_id, class_name, image_key, 'valve_normal' AS neighbor_class, 0.95 AS neighbor_share,
                  0.05 AS own_share, 0.9 AS score, 0.7 AS typicality, 3.0 AS log_odds, 1 AS rank, 'exact' AS method, 'x' AS lens_id
           FROM file_manifest WHERE image_key < 20""",
        {"labels_supported"},
    ),
    "a batch of another class": (
        """UPDATE batch_drift SET code_contradicts = true, q_value = 0.001, effect = 0.9
           WHERE class_name = 'pipe_normal' AND batch_id LIKE '2020-11-03%'""",
        {"batches_fit"},
    ),
    "a pair that cannot be told apart": (
        "UPDATE separation SET separability_auc = 0.55 WHERE normal_class = 'pipe_normal'", {"separable_pairs"},
    ),
    "pictures unlike their class": (
        """INSERT INTO image_quality BY NAME
           SELECT image_id, class_name, image_key, 'sharpness' AS measure, 0.1 AS value, 0.2 AS group_median,
                  -9.0 AS robust_z, 'low' AS direction, 'class' AS compared_with, 80 AS group_images
           FROM file_manifest WHERE image_key < 7""",
        {"usual_pictures"},
    ),
    "temperatures beyond a limit": (
        """INSERT INTO temperature_violations BY NAME
           SELECT image_id, class_name, image_key, 'tolerance: max_c at most 80' AS rule, 'tolerance' AS basis,
                  'max_c' AS quantity, 90.0 AS value, 80.0 AS limit_value, 'above' AS side, 'degC' AS unit,
                  10.0 AS exceeds_by, true AS beyond_error, 'radiometric' AS source
           FROM file_manifest WHERE image_key < 6""",
        {"plausible_temperatures"},
    ),
    "annotations that contradict names": (
        """INSERT INTO annotation_problems BY NAME
           SELECT class_name, image_id AS subject, image_id, 1 AS annotation_index, 'distance' AS code,
                  'Inspection_distance' AS field, 'not the distance of the name' AS message
           FROM file_manifest WHERE image_key < 6""",
        {"consistent_annotations"},
    ),
    "a class too small to judge": (
        """INSERT INTO class_catalog BY NAME SELECT 'tiny' AS class_name, 'tiny' AS partition_key""",
        {"classes_large_enough", "class_balance", "enough_sessions", "several_distances", "months_covered"},
    ),
    "a class not measured since its files changed": (
        "UPDATE asset_versions SET manifest_version = 'older' WHERE asset = 'class_outliers' AND partition = 'pipe_normal'",
        {"accounted_for"},
    ),
}  # fmt: skip


def test_a_clean_data_set_is_good_in_everything(clean_home: duckdb.DuckDBPyConnection) -> None:
    card = scorecard_frame(measure_all(clean_home, BASIS), ScorecardSettings(), BASIS)
    without = set(card.filter(pl.col("value").is_null())["measure"])
    assert set(card.filter(pl.col("verdict") != "good")["measure"]) == without
    assert card.filter(pl.col("measure") == COMPOSITE)["value"][0] == 100
    assert all(reason for reason in card.filter(pl.col("value").is_null())["reason"])
    assert {measure.characteristic for measure in MEASURES.values()} == set(CHARACTERISTICS)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_lowers_its_own_measure_and_no_other(clean_home: duckdb.DuckDBPyConnection, plant: str) -> None:
    before = values(clean_home)
    statements, lowered = PLANTS[plant]
    with spoiled(clean_home, statements):
        after = values(clean_home)
    assert {name for name in MEASURES if after[name] != before[name]} == lowered
    assert all((after[name] or 0) < (before[name] or 0) for name in lowered)


def test_every_measure_has_a_plant_that_lowers_it() -> None:
    assert {name for _, lowered in PLANTS.values() for name in lowered} == set(MEASURES)


def test_more_of_a_fault_is_a_lower_value(clean_home: duckdb.DuckDBPyConnection) -> None:
    reached = []
    for count in (1, 2, 8, 30):
        with spoiled(clean_home, copies("file", count)):
            reached.append(values(clean_home)["distinct_files"])
    assert reached == [1 - count / 320 for count in (1, 2, 8, 30)]


def test_shuffled_labels_are_seen_by_measures_of_labels_only(clean_home: duckdb.DuckDBPyConnection) -> None:
    """Which class an image lies in changes nothing that is counted over images alone."""
    before = values(clean_home)
    shuffle = "UPDATE channel_stats SET class_name = ['pipe_normal', 'valve_normal'][1 + image_key % 2]"
    with spoiled(clean_home, shuffle):
        after = values(clean_home)
    assert {name for name in MEASURES if after[name] != before[name]} == {"class_balance", "classes_large_enough"}


def test_what_the_data_cannot_tell_has_a_reason_and_does_not_count() -> None:
    w = whole()
    set_all(w.of("file_manifest"), session_id=None, distance_m=None, captured_on=None, tokens_valid=None)
    for table in ("batch_drift", "temperatures", "annotations"):
        w.tables[table].clear()
    set_all(w.of("lenses")[:1], random_weights=True)
    measured = measure_all(w.connect(), Basis(Thresholds()))
    silent = {name: found.reason for name, found in measured.items() if found.value is None}
    assert silent["known_session"] == silent["enough_sessions"] == "no name carries a session"
    assert silent["labels_supported"] == silent["separable_pairs"] == "the lens has random weights"
    assert silent["inside_window"] == "the profile declares no collection window"
    assert {"several_distances", "shared_distances", "months_covered", "names_valid"} <= silent.keys()
    card = scorecard_frame(measured, ScorecardSettings(), BASIS)
    assert card.filter(pl.col("measure") == COMPOSITE)["value"][0] == 100
    assert f"{len(silent)} without a value" in card.filter(pl.col("measure") == COMPOSITE)["formula"][0]


def test_a_home_without_rows_has_no_composite() -> None:
    card = scorecard_frame(measure_all(SmallWarehouse().connect(), BASIS), ScorecardSettings(), BASIS)
    assert card["value"].null_count() == card.height
    assert set(card["verdict"]) == {"no value"}
    assert card["reason"].null_count() == 0


def test_the_printed_queries_and_the_printed_formula_give_the_numbers() -> None:
    w = whole(HOSTILE)
    lose(w, w.names[0], 8)
    connection = w.connect()
    settings = ScorecardSettings(weights={"readable_files": 3.0, "one_pixel_mode": 0.0})
    card = scorecard_frame(measure_all(connection, BASIS), settings, BASIS)
    for row in card.iter_rows(named=True):
        if row["measure"] != COMPOSITE:
            assert connection.execute(row["evidence_sql"]).fetchall()[0][0] == row["value"], row["measure"]
    connection.register("scorecard_rows", card.to_arrow())
    connection.execute("INSERT INTO scorecard BY NAME SELECT * FROM scorecard_rows")
    composite = card.filter(pl.col("measure") == COMPOSITE)["value"][0]
    assert connection.execute(COMPOSITE_SQL).fetchall()[0][0] == pytest.approx(composite)
    rows = [r for r in card.iter_rows(named=True) if r["points"] is not None and r["weight"]]
    by_hand = 100 * sum(r["weight"] * r["points"] for r in rows) / sum(r["weight"] for r in rows)
    assert composite == pytest.approx(by_hand)
    assert composite < 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("weights = { readable_fils = 2.0 }", "there is no measure 'readable_fils'; did you mean readable_files"),
        ("weights = { readable_files = -1.0 }", "must not be negative"),
        ("good = { readable_files = 0.9 }", r"bounds of readable_files must be 0 <= bad < good"),
    ],
)
def test_a_wrong_profile_is_one_line(tmp_path: Any, text: str, message: str) -> None:
    (tmp_path / "own.toml").write_text(f"[scorecard]\n{text}\n", encoding="utf-8")
    with pytest.raises(UserError, match=message) as caught:
        load_profile(tmp_path / "own.toml")
    assert "\n" not in str(caught.value)


def test_weights_and_bounds_of_the_profile_judge_without_measuring_again(tmp_path: Any) -> None:
    (tmp_path / "own.toml").write_text(
        "[scorecard]\nweights = { readable_files = 9.0 }\ngood = { readable_files = 0.97 }\nbad = { readable_files = 0.5 }\n",
        encoding="utf-8",
    )
    w = whole()
    lose(w, w.names[0], 8)
    measured = measure_all(w.connect(), BASIS)
    judged = {
        label: scorecard_frame(measured, settings, BASIS)
        .filter(pl.col("measure") == "readable_files")
        .row(0, named=True)
        for label, settings in (
            ("default", ScorecardSettings()),
            ("own", load_profile(tmp_path / "own.toml").scorecard),
        )
    }
    assert judged["default"]["value"] == judged["own"]["value"] == 312 / 320
    assert (judged["default"]["verdict"], judged["own"]["verdict"]) == ("look", "good")
    assert judged["own"]["bounds_basis"] == "set by the profile"
