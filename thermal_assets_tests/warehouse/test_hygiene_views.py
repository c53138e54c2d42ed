"""Views on class sizes, weights, levels and names, against their definitions."""

from __future__ import annotations

import math

import pytest

from thermal_assets.warehouse.hygiene_views import EFFECTIVE_BETA
from thermal_assets_tests.findings.fixtures import PLAIN, SESSIONS, SmallWarehouse, clean


def sized(**counts: int) -> SmallWarehouse:
    """Classes of ``counts`` images in two sessions each, the first image of each class without one."""
    w = SmallWarehouse()
    for name, count in counts.items():
        w.add("class_catalog", class_name=name, partition_key=name)
        for i in range(count):
            identity = {"image_id": f"{name}/{i}", "class_name": name, "image_key": hash((name, i)) % 2**40}
            w.add("channel_stats", **identity)
            w.add("file_manifest", **identity, session_id=f"s{i % 2}" if i else None)
    return w


def test_balance_measures_and_weights() -> None:
    counts = {"a": 8, "b": 4, "c": 4}
    connection = sized(**counts).connect()
    row = connection.sql("FROM class_balance_summary").pl().row(0, named=True)
    shares = [n / 16 for n in counts.values()]
    bits = -sum(p * math.log2(p) for p in shares)
    gini = sum(abs(x - y) for x in counts.values() for y in counts.values()) / (2 * 9 * (16 / 3))
    assert (row["classes"], row["images"], row["max_min_ratio"], row["largest_class"]) == (3, 16, 2.0, "a")
    assert row["entropy_bits"] == pytest.approx(bits)
    assert row["normalised_entropy"] == pytest.approx(bits / math.log2(3))
    assert row["effective_classes"] == pytest.approx(2**bits)
    assert row["gini"] == pytest.approx(gini)
    weights = {row["class_name"]: row for row in connection.sql("FROM class_weights").pl().iter_rows(named=True)}
    assert [weights[name]["inverse_frequency_weight"] for name in counts] == pytest.approx([16 / 24, 16 / 12, 16 / 12])
    effective = [(1 - EFFECTIVE_BETA) / (1 - EFFECTIVE_BETA**n) for n in counts.values()]
    expected = [weight / (sum(effective) / 3) for weight in effective]
    assert [weights[name]["effective_number_weight"] for name in counts] == pytest.approx(expected)
    # Two sessions a class: by what is independent, these classes are equal.
    assert [weights[name]["session_weight"] for name in counts] == [1.0, 1.0, 1.0]


def test_one_class_and_no_class() -> None:
    one = sized(only=5).connect().sql("FROM class_balance_summary").pl().row(0, named=True)
    assert (one["gini"], one["entropy_bits"], one["normalised_entropy"], one["max_min_ratio"]) == (0.0, 0.0, None, 1.0)
    empty = SmallWarehouse().connect()
    assert empty.sql("FROM class_balance_summary").fetchall() == []
    assert empty.sql("FROM class_weights").fetchall() == []


def test_weights_by_session_need_sessions_everywhere() -> None:
    w = sized(a=3, b=3)
    for row in w.of("file_manifest", "b"):
        row["session_id"] = None
    found = w.connect().sql("SELECT session_count, session_weight FROM class_weights ORDER BY class_name").fetchall()
    assert found == [(2, None), (None, None)]


def test_the_histogram_of_the_data_set_adds_up_the_classes() -> None:
    w = clean()
    w.add("pixel_histogram", class_name=PLAIN[0], channel="r", bin=7, count=100)
    rows = w.connect().sql("FROM dataset_pixel_histogram").pl()
    red = {row["bin"]: row for row in rows.filter(channel="r").iter_rows(named=True)}
    each = w.of("pixel_histogram", PLAIN[0])[0]["count"]
    assert red[120]["count"] == 4 * each
    assert red[7]["share"] == pytest.approx(100 / (4 * each + 100))


def test_the_same_frame_number_in_two_sessions_is_no_conflict_and_the_same_box_is() -> None:
    w = clean()
    rows = w.of("file_manifest", PLAIN[0])
    session = rows[0]["session_id"]
    other = next(row for row in rows if row["session_id"] != session)
    other.update(frame_number=rows[0]["frame_number"], frame_id=f"{other['batch_id']}|{rows[0]['frame_number']}")
    assert w.connect().sql("SELECT count(*) FROM name_conflicts").fetchall() == [(0,)]
    other.update(session_id=session, frame_id=rows[0]["frame_id"])
    found = w.connect().sql("SELECT conflict, image_id, files FROM name_conflicts ORDER BY image_id").fetchall()
    assert found == [("box_twice", image, 2) for image in sorted((rows[0]["image_id"], other["image_id"]))]
    other["bbox_index"] = 1
    assert w.connect().sql("SELECT count(*) FROM name_conflicts").fetchall() == [(0,)]
    assert SESSIONS > 1


def test_a_frame_number_at_two_distances_of_a_session_is_told_unless_the_name_has_another_fault() -> None:
    w = clean()
    rows = w.of("file_manifest", PLAIN[0])
    first = rows[0]
    other = next(row for row in rows[1:] if row["session_id"] == first["session_id"])
    other.update(frame_number=first["frame_number"], distance_m=20.0, batch_id=f"{first['session_id']}|D20")
    other["frame_id"] = f"{other['batch_id']}|{first['frame_number']}"
    found = (
        w.connect().sql("SELECT conflict, image_id, subject, files FROM name_conflicts ORDER BY image_id").fetchall()
    )
    distances = ", ".join(str(metres) for metres in sorted((first["distance_m"], 20.0)))
    subject = f"{first['session_id']}|{first['frame_number']} at {distances} m"
    assert found == [("frame_twice", image, subject, 2) for image in sorted((first["image_id"], other["image_id"]))]
    # A distance beyond the declared range is told as such; the frame is not a second fault.
    other["tokens_valid"] = False
    assert w.connect().sql("SELECT count(*) FROM name_conflicts").fetchall() == [(0,)]


def test_one_box_in_two_classes_is_a_conflict_of_labels_and_two_boxes_of_a_frame_are_legal() -> None:
    w = clean()
    first, second = w.of("file_manifest", PLAIN[0])[0], w.of("file_manifest", PLAIN[1])[0]
    shared = ("object_code", "session_id", "batch_id", "frame_id", "frame_number", "distance_m", "bbox_index")
    second.update({name: first[name] for name in shared})
    for conflict, box in (("box_in_classes", first["bbox_index"]), ("frame_in_classes", first["bbox_index"] + 1)):
        second["bbox_index"] = box
        found = w.connect().sql("SELECT conflict, image_id, classes FROM name_conflicts ORDER BY image_id").fetchall()
        images = sorted((first["image_id"], second["image_id"]))
        assert found == [(conflict, image, sorted(PLAIN[:2])) for image in images]


def test_frames_without_a_session_say_nothing() -> None:
    w = clean()
    for row in w.of("file_manifest"):
        row.update(session_id=None, frame_number=1, frame_id="|1")
    assert w.connect().sql("SELECT count(*) FROM name_conflicts").fetchall() == [(0,)]
