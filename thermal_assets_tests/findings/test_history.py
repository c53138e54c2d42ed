"""What a diagnosis says against the one before: new, closed, graver, back, and whether the rules were the same."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.findings.thresholds_table import thresholds_frame
from thermal_assets.reports_sql.loader import load_project
from thermal_assets.reports_sql.running import build_models
from thermal_assets_tests.findings.fixtures import HOSTILE, NOW, SmallWarehouse, clean


def diagnosis(
    w: SmallWarehouse, day: int, findings: dict[str, tuple[str, int]], rules: float = 0.5, **status: str
) -> None:
    """One run: ``findings`` are id -> (severity, images), ``status`` by id where it is not open."""
    when, run = NOW + timedelta(days=day), f"day-{day}"
    for severity in ("HIGH", "MEDIUM", "LOW"):
        w.add(
            "metric_history",
            run_id=run,
            metric=f"open_findings_{severity}",
            class_name="*",
            value=1.0,
            measured_at=when,
        )
    for name, (severity, images) in findings.items():
        w.add("finding_history", run_id=run, finding_id=name, severity=severity, status=status.get(name, "open"),
              class_name=HOSTILE[0], title=name, affected_images=images, judged_at=when)  # fmt: skip
    w.add("run_log", run_id=run, asset="findings", status="written", code_version="1", started_at=when,
          parameters=json.dumps({"thresholds": {"a": rules}, "day": f"{day}"}))  # fmt: skip


def changes(w: SmallWarehouse) -> dict[str, dict[str, Any]]:
    frame = w.connect().sql("SELECT * FROM finding_changes").pl()
    return {row["finding_id"]: row for row in frame.iter_rows(named=True)}


def test_every_kind_of_change_against_the_diagnosis_before() -> None:
    w = clean(HOSTILE)
    diagnosis(w, 1, {"returns": ("LOW", 1), "same": ("LOW", 3)})
    assert changes(w) == {}  # a first diagnosis has nothing to be compared with
    before = {
        "same": ("LOW", 3), "worse": ("LOW", 2), "better": ("HIGH", 2), "more": ("LOW", 2), "fewer": ("LOW", 9),
        "gone": ("MEDIUM", 4), "accepted": ("LOW", 1), "expired": ("LOW", 1),
    }  # fmt: skip
    diagnosis(w, 2, before, expired="waived")
    now = {
        **before, "worse": ("HIGH", 2), "better": ("LOW", 2), "more": ("LOW", 5), "fewer": ("LOW", 1),
        "fresh": ("HIGH", 7), "returns": ("LOW", 1),
    }  # fmt: skip
    del now["gone"]
    diagnosis(w, 3, now, accepted="waived")
    found = changes(w)
    assert {name: row["change"] for name, row in found.items()} == {
        "same": "unchanged", "worse": "graver", "better": "milder", "more": "more images", "fewer": "fewer images",
        "gone": "closed", "accepted": "waived", "expired": "open again", "fresh": "new", "returns": "back",
    }  # fmt: skip
    gone, fresh = found["gone"], found["fresh"]
    assert (gone["severity"], gone["affected_images"], gone["affected_before"], gone["status"]) == (
        "MEDIUM",
        0,
        4,
        None,
    )
    assert (fresh["affected_before"], fresh["class_name"]) == (None, HOSTILE[0])
    assert (fresh["first_seen"], found["same"]["first_seen"]) == (NOW + timedelta(days=3), NOW + timedelta(days=1))
    assert all(row["same_rules"] for row in found.values())


def test_a_run_without_findings_closes_all_and_changed_thresholds_are_said() -> None:
    w = clean()
    diagnosis(w, 1, {"a": ("LOW", 1)})
    diagnosis(w, 2, {}, rules=0.6)
    (row,) = changes(w).values()
    assert (row["change"], row["same_rules"]) == ("closed", False)


def test_the_review_list_judges_by_the_thresholds_of_the_profile() -> None:
    w = clean()
    suspect, strange = w.of("file_manifest", w.names[0])[:2]
    identity = {name: suspect[name] for name in ("image_id", "class_name", "image_key")}
    w.tables["label_conflicts"].clear()
    w.add("label_conflicts", **identity, neighbor_class=w.names[2], log_odds=1.9, typicality=0.6, rank=1)
    identity = {name: strange[name] for name in ("image_id", "class_name", "image_key")}
    w.tables["image_quality"].clear()
    w.add("image_quality", **identity, measure="contrast", direction="low", robust_z=-5.0, value=0.1, group_median=0.5)
    listed = {}
    for name, thresholds in (("default", Thresholds()), ("sharper", Thresholds(label_conflict_odds=6, quality_z=4))):
        connection = w.connect()
        frame = thresholds_frame(thresholds)
        connection.execute("INSERT INTO thresholds BY NAME SELECT * FROM frame")
        build_models(connection, load_project())
        listed[name] = dict(
            connection.execute("SELECT reasons[1], image_id FROM review_list WHERE priority < 13").fetchall()
        )
        assert frame.filter(frame["changed"]).height == (0 if name == "default" else 2)
    assert listed == {
        "default": {},
        "sharper": {
            "lies among images of another class": suspect["image_id"],
            "picture unlike its class at its distance": strange["image_id"],
        },
    }
