"""Annotations that say otherwise than name, folder or pixels, grouped by contradiction and class.

Measure: images with a row of the code in annotation_problems, as a share of the files of the class.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.detectors.annotation_problems import Kind, findings_by_code
from thermal_assets.findings.finding import Finding
from thermal_assets.findings.thresholds import Thresholds

_WHICH = "Look at the picture and the recording log, and correct whichever is wrong, the name or the annotation."
_LABEL = "Look at the pictures: move them to the right class, or correct the category."
_BOX = "Draw these boxes again, or cut the pictures out again."

KINDS = {
    "distance_differs": Kind("Annotation and name differ in distance", "the annotation has another distance than the name", _WHICH),
    "date_differs": Kind("Annotation and name differ in date", "the annotation has another day than the name", _WHICH),
    "category_contradicts_class": Kind(
        "Category contradicts the class folder", "the category of the annotation is another class than the folder", _LABEL
    ),
    "category_contradicts_name": Kind(
        "Category contradicts the file name", "the category of the annotation is not what the codes of the name say", _LABEL
    ),
    "image_name_differs": Kind(
        "Annotation names another image", "the annotation lies beside an image and names another one", _WHICH
    ),
    "bbox_outside_frame": Kind("Boxes outside their frame", "the box leaves its frame", _BOX),
    "bbox_without_area": Kind("Boxes without area", "the box has no area", _BOX),
    "bbox_size_differs": Kind("Box and picture differ in size", "the picture has not the size of its box", _BOX),
    "same_box_twice": Kind(
        "One box annotated twice", "a box is there a second time in its frame", "Delete the second of each pair."
    ),
    "frame_size_differs": Kind(
        "Frames of another size", "the annotation has another resolution than the picture or the profile",
        "Find out with which camera these were taken; boxes in another resolution have to be scaled.",
    ),
    "several_classes_in_frame": Kind(
        "Frames that show several classes", "the frame shows objects of more than one class",
        "Nothing is wrong; a classifier should not see such whole frames as one class.", legal=True,
    ),
}  # fmt: skip


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    return findings_by_code(connection, thresholds, "annotation_contradictions", KINDS)
