"""One kind of small fault in many classes is one finding; a class where it is serious has its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import pytest

from thermal_assets.findings.engine import detect
from thermal_assets.findings.scopes import ClassCount, Scope, scopes
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets_tests.findings.fixtures import HOSTILE, SmallWarehouse, clean, set_all
from thermal_assets_tests.findings.plants import copies, lose

Spoil = Callable[[SmallWarehouse, str, int], None]


def bad_names(w: SmallWarehouse, name: str, count: int) -> None:
    set_all(w.of("file_manifest", name)[:count], tokens_valid=False, token_problems=["bad_date: no date"])


def late_names(w: SmallWarehouse, name: str, count: int) -> None:
    set_all(w.of("file_manifest", name)[:count], tokens_valid=False, token_problems=["outside_window: too late"])


def blank(w: SmallWarehouse, name: str, count: int) -> None:
    set_all(w.of("channel_stats", name)[:count], minimum=7.0, maximum=7.0)


def file_copies(w: SmallWarehouse, name: str, count: int) -> None:
    copies(w, "file", w.of("file_manifest", name)[: count + 1])


SPOILS: dict[str, Spoil] = {
    "unreadable_files:{}": lose,
    "names_invalid:bad_date:{}": bad_names,
    "outside_declared_ranges:outside_window:{}": late_names,
    "blank_images:{}": blank,
    "duplicate_files:{}": file_copies,
}
each_spoil = pytest.mark.parametrize(("finding_id", "spoil"), list(SPOILS.items()), ids=list(SPOILS))


def found(w: SmallWarehouse) -> tuple[duckdb.DuckDBPyConnection, dict[str, dict[str, Any]]]:
    connection = w.connect()
    frame = detect(connection, Thresholds(), [], date(2026, 11, 21))
    return connection, {row["finding_id"]: row for row in frame.iter_rows(named=True)}


def classes_in(connection: duckdb.DuckDBPyConnection, evidence_sql: str) -> set[str]:
    return set(connection.sql(evidence_sql).pl()["class_name"])


@each_spoil
def test_one_bad_file_in_each_class_is_one_finding(finding_id: str, spoil: Spoil) -> None:
    w = clean(HOSTILE)
    for name in HOSTILE:
        spoil(w, name, 1)
    connection, rows = found(w)
    assert list(rows) == [finding_id.format("dataset")]
    (row,) = rows.values()
    assert (row["class_name"], row["affected_images"]) == (None, 4)
    assert {image_id.partition("/")[0] for image_id in row["example_ids"]} == set(HOSTILE)
    assert classes_in(connection, row["evidence_sql"]) == set(HOSTILE)
    assert "in 4 classes: " in row["statement"]
    assert all(f"{name} (1)" in row["statement"] for name in HOSTILE)


@each_spoil
def test_its_id_does_not_depend_on_the_classes_that_are_hit(finding_id: str, spoil: Spoil) -> None:
    for name in ("pipe_normal", "valve_anomaly"):
        w = clean()
        spoil(w, name, 1)
        _, rows = found(w)
        assert list(rows) == [finding_id.format("dataset")]
        assert f", in class {name}." in rows[finding_id.format("dataset")]["statement"]


@each_spoil
def test_a_class_with_a_serious_share_stands_alone_and_is_not_counted_twice(finding_id: str, spoil: Spoil) -> None:
    w = clean(HOSTILE)
    spoil(w, HOSTILE[0], 5)  # of 80: more than a twentieth
    spoil(w, HOSTILE[1], 4)  # a twentieth, but less than a handful
    spoil(w, HOSTILE[2], 1)
    connection, rows = found(w)
    assert set(rows) == {finding_id.format("dataset"), finding_id.format(HOSTILE[0])}
    own, others = rows[finding_id.format(HOSTILE[0])], rows[finding_id.format("dataset")]
    assert (own["class_name"], own["affected_images"], others["affected_images"]) == (HOSTILE[0], 5, 5)
    assert classes_in(connection, own["evidence_sql"]) == {HOSTILE[0]}
    assert classes_in(connection, others["evidence_sql"]) == set(HOSTILE[1:3])
    assert others["statement"].endswith(f" Class {HOSTILE[0]} is told separately.")
    assert own["severity"] == ("HIGH" if own["detector"] == "unreadable_files" else "MEDIUM")


def test_unreadable_files_in_words() -> None:
    w = clean()
    lose(w, "pipe_normal", 8)
    lose(w, "valve_normal", 2)
    lose(w, "valve_anomaly", 1)
    w.of("decode_problems", "valve_anomaly")[0]["code"] = "not_an_image"
    _, rows = found(w)
    own, others = rows["unreadable_files:pipe_normal"], rows["unreadable_files:dataset"]
    assert own["statement"] == "8 of the 80 files of class pipe_normal (10 %) gave no picture. Cause: truncated (8)."
    assert (own["severity"], own["effect_size"], own["affected_images"]) == ("HIGH", 0.1, 8)
    assert others["statement"] == (
        "3 of the 320 files of the data set (0.9 %) gave no picture, in 2 classes: valve_normal (2) and "
        "valve_anomaly (1). Causes: truncated (2) and not an image (1). Class pipe_normal is told separately."
    )
    assert (others["severity"], others["effect_size"]) == ("MEDIUM", 3 / 320)


@pytest.mark.parametrize(
    ("spoil", "detector"), [(bad_names, "names_invalid:bad_date"), (file_copies, "duplicate_files")]
)
def test_severity_goes_by_the_share_of_the_data_set(spoil: Spoil, detector: str) -> None:
    """One of 80 is over the bound of 1 % in its class; of the 320 files of the data set it is not."""
    severities = []
    for hit in (1, 4):
        w = clean()
        for name in w.names[:hit]:
            spoil(w, name, 1)
        _, rows = found(w)
        severities.append(rows[f"{detector}:dataset"]["severity"])
    assert severities == ["LOW", "MEDIUM"]


def test_names_quote_the_commonest_texts_over_all_classes() -> None:
    w = clean()
    for name in w.names[:2]:
        bad_names(w, name, 2)
    for index, row in enumerate(w.of("file_manifest", w.names[2])[:4]):
        row.update(tokens_valid=False, token_problems=[f"bad_date: {index}"])
    _, rows = found(w)
    told = "What is wrong: no date (4), 0 (1) and 1 (1); and 2 other texts."
    assert rows["names_invalid:bad_date:dataset"]["statement"].endswith(told)


def test_states_that_contradict_are_one_finding_a_token() -> None:
    w = clean()
    for name in ("pipe_anomaly", "valve_anomaly"):
        set_all(w.of("file_manifest", name)[:2], state_code="NOM")
    connection, rows = found(w)
    assert list(rows) == ["state_contradictions:dataset:NOM"]
    row = rows["state_contradictions:dataset:NOM"]
    assert connection.sql(row["evidence_sql"]).pl().height == row["affected_images"] == 4


def test_two_labels_are_one_finding_that_lists_the_pairs() -> None:
    w = clean()
    for position in range(2):
        pair = [w.of("file_manifest", name)[position] for name in ("pipe_normal", "pipe_anomaly")]
        copies(w, "file", pair)
        copies(w, "pixels", pair)  # equal bytes have equal pixels: told once
    copies(w, "file", [w.of("file_manifest", name)[3] for name in ("valve_normal", "pipe_anomaly")])
    copies(w, "near", [w.of("file_manifest", name)[5] for name in ("valve_normal", "valve_anomaly")], 0.04)
    connection, rows = found(w)
    assert {finding_id: row["severity"] for finding_id, row in rows.items()} == {
        "two_labels_one_picture:file": "HIGH",
        "two_labels_one_picture:near": "MEDIUM",
    }
    row = rows["two_labels_one_picture:file"]
    assert row["statement"] == (
        "3 groups of files with equal bytes span more than one class: 6 images. Groups by classes: pipe_anomaly with "
        "pipe_normal (2) and pipe_anomaly with valve_normal (1). At most one label of each group can be right."
    )
    assert connection.sql(row["evidence_sql"]).pl().height == 6
    # a pair stays together, and the second pair of classes comes before the second group of the first
    assert [image_id.partition("/")[0] for image_id in row["example_ids"][:4]] == [
        "pipe_anomaly", "pipe_normal", "pipe_anomaly", "valve_normal"
    ]  # fmt: skip


def far_out(w: SmallWarehouse, name: str, densities: list[float]) -> list[str]:
    keys = [row["image_key"] for row in w.of("file_manifest", name)][: len(densities)]
    for row in w.of("class_densities", name):
        if row["image_key"] in keys:
            row["density"] = row["density_xs"] = densities[keys.index(row["image_key"])]
    for row in w.of("class_outliers", name, side="low"):
        if row["rank"] <= len(keys):
            row["image_key"] = keys[row["rank"] - 1]
    return [row["image_id"] for row in w.of("file_manifest", name)][: len(densities)]


def test_outliers_are_one_list_the_most_extreme_first() -> None:
    w = clean()
    near, middle = far_out(w, "pipe_normal", [1.1, 0.7])
    (far,) = far_out(w, "valve_anomaly", [0.4])
    connection, rows = found(w)
    assert list(rows) == ["outliers_shared:dataset"]
    row = rows["outliers_shared:dataset"]
    assert row["example_ids"] == [far, middle, near]
    assert [found_id for _, found_id, *_ in connection.sql(row["evidence_sql"]).fetchall()] == [far, middle, near]
    assert (row["severity"], row["class_name"], row["affected_images"]) == ("LOW", None, 3)
    assert row["statement"].startswith("3 images in 2 classes lie alone at both levels")
    assert "The classes: pipe_normal (2) and valve_anomaly (1)." in row["statement"]


def split(counts: dict[str, int], size: int = 100, clean_classes: int = 0) -> list[Scope]:
    hit = [ClassCount(name, count, tuple(f"{name}/{i}" for i in range(count))) for name, count in counts.items()]
    sizes = dict.fromkeys([*counts, *(f"clean{i}" for i in range(clean_classes))], size)
    return scopes(hit, sizes, Thresholds(), 0.05)


def test_a_fault_of_most_classes_is_one_of_the_data_set_and_keeps_its_weight() -> None:
    bad = {f"c{i:02d}": 9 for i in range(12)}
    (scope,) = split(bad, clean_classes=8)
    assert (scope.class_name, scope.serious, scope.count, scope.total) == (None, True, 108, 2000)
    assert [s.class_name for s in split(bad, clean_classes=30)] == list(bad)  # a minority: each stands out


def test_examples_come_from_as_many_classes_as_possible() -> None:
    (scope,) = split({f"c{i:02d}": 4 - i % 2 for i in range(14)})
    assert len({image_id.partition("/")[0] for image_id in scope.examples}) == len(scope.examples) == 12


def test_a_class_called_dataset_has_an_id_of_its_own() -> None:
    subjects = [scope.subject for scope in split({"dataset": 50, "a": 1}, clean_classes=5)]
    assert len(subjects) == len(set(subjects)) == 2
