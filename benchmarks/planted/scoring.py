"""Planted images against the images behind the findings, detector by detector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

L1_DETECTORS = frozenset(
    {
        "unreadable_files", "stray_files", "names_invalid", "outside_declared_ranges", "state_contradictions",
        "name_conflicts", "channel_mix", "constant_alpha", "blank_images", "image_quality", "pixel_defects", "overlays",
        "class_imbalance", "tiny_classes", "unexpected_class", "duplicate_files", "two_labels_one_picture",
    }
)  # fmt: skip
# Copies are searched in the stage of the whole data set, which begins with the lens.
NEED_LENS = frozenset({"duplicate_files", "two_labels_one_picture"})
# Detectors that judge classes or the whole set: what counts is the finding, not each image.
WHOLE = frozenset({"channel_mix", "constant_alpha", "class_imbalance", "tiny_classes"})


@dataclass(frozen=True)
class Score:
    """Images planted for a detector, those of them it told, and those it told besides."""

    planted: int = 0
    right: int = 0
    wrong: int = 0
    remarks: tuple[str, ...] = ()

    def __add__(self, other: Score) -> Score:
        return Score(
            self.planted + other.planted,
            self.right + other.right,
            self.wrong + other.wrong,
            self.remarks + other.remarks,
        )


def score_home(home: Path, truth: dict[str, Any]) -> dict[str, Score]:
    """Every L1 detector that was planted for or told something.

    An image counts as told if it is in the rows that ``evidence_sql`` of a finding gives. Copies count whole groups:
    telling either side of a planted pair is right for the original as well. Of findings over classes or the whole
    data set (WHOLE) the finding counts as one.
    """
    planted = planted_images(truth)
    connection = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    try:
        told = told_images(connection)
    finally:
        connection.close()
    scores = {}
    for detector in sorted(planted.keys() | told.keys()):
        wanted, found = planted.get(detector, set()), told.get(detector, set())
        if detector in WHOLE:
            scores[detector] = Score(int(bool(wanted)), int(bool(wanted and found)), int(bool(found and not wanted)))
            continue
        missed, wrong = sorted(wanted - found), sorted(found - wanted - right_as_well(truth, detector))
        remarks = tuple(f"missed {path} ({_plants_of(truth, path)})" for path in missed)
        remarks += tuple(f"wrongly {path} ({_plants_of(truth, path) or 'nothing planted'})" for path in wrong)
        scores[detector] = Score(len(wanted), len(wanted & found), len(wrong), remarks)
    return scores


def planted_images(truth: dict[str, Any]) -> dict[str, set[str]]:
    """Detector -> image_ids that it must tell. A plant of two detectors counts for both, but a file that is only
    stray is no class file, so unreadable_files need not tell it."""
    wanted: dict[str, set[str]] = {}
    for plant in truth["plants"]:
        for detector in L1_DETECTORS.intersection(plant["detectors"]):
            if plant["name"] == "stray_files":
                paths = {path for path in plant["images"] if ("/" in path) == (detector == "unreadable_files")}
            else:
                paths = set(plant["images"])
            wanted.setdefault(detector, set()).update(paths)
    return wanted


def right_as_well(truth: dict[str, Any], detector: str) -> set[str]:
    """Images that ``detector`` may tell and need not.

    The batch of cars carries the code of another object, which is left to label_contamination once the lens has judged
    the batch; a frame that was planted in two classes has its other boxes in one of them; cooled cars are flat.
    """
    plants = {plant["name"]: set(plant["images"]) for plant in truth["plants"]}
    if detector == "image_quality":
        return plants.get("cooled_cars", set())
    if detector != "name_conflicts":
        return set()
    shared = {path.rpartition("_bbox")[0] for path in plants.get("one_frame_in_two_classes", ())}
    boxes = {path for path in truth["files"] if path.rpartition("_bbox")[0] in shared}
    return plants.get("car_batch_among_people", set()) | boxes


def told_images(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """L1 detector -> image_ids in the evidence of its findings (for WHOLE: the finding_ids).

    Nearly equal pictures under two labels are found by L2 and told by the detector of equal ones; they count here.
    """
    rows = connection.execute("SELECT detector, finding_id, evidence_sql FROM findings").fetchall()
    told: dict[str, set[str]] = {}
    for detector, finding_id, sql in rows:
        if detector not in L1_DETECTORS:
            continue
        images = told.setdefault(detector, set())
        if detector in WHOLE or ":pair:" in finding_id:
            images.add(finding_id)
            continue
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        place = names.index("image_id")
        images.update(row[place] for row in cursor.fetchall())
    return told


def clean_findings(home: Path) -> tuple[list[str], list[str]]:
    """(finding_ids at L1, detectors at L2 and L3)."""
    connection = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    try:
        rows = connection.execute("SELECT level, detector, finding_id FROM findings ORDER BY rank").fetchall()
    finally:
        connection.close()
    return [row[2] for row in rows if row[0] == "L1"], sorted({row[1] for row in rows if row[0] != "L1"})


def _plants_of(truth: dict[str, Any], path: str) -> str:
    whole = {"rgb_among_rgba", "alpha_of_one_value", "unequal_classes", "small_classes", "cooled_cars"}
    return ", ".join(p["name"] for p in truth["plants"] if path in p["images"] and p["name"] not in whole)
