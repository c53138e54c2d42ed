"""Annotation files that cannot be used, and images and annotations that do not find each other.

Measure: images or files with a row of the code in annotation_problems; and for files that speak of many
classes, the images they list minus those that are images of some class.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.detectors.annotation_problems import Kind, findings_by_code
from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

_AGAIN = "Fetch these files again from their source, or export them again."
_SAVE = "Export these files again with a JSON library; the table says what is wrong with each."

KINDS = {
    "truncated_json": Kind("Annotation files that break off", "the annotation file ends before its end", _AGAIN, of_files=True),
    "empty_file": Kind("Empty annotation files", "the annotation file is empty", _AGAIN, of_files=True),
    "not_json": Kind("Annotation files that are no JSON", "the annotation file cannot be parsed", _SAVE, of_files=True),
    "wrong_encoding": Kind("Annotation files in an unknown encoding", "the text is neither UTF-8 nor CP949", _SAVE, of_files=True),
    "not_utf8": Kind("Annotation files that are not UTF-8", "the text is CP949, which was read but is no JSON", _SAVE, of_files=True),
    "duplicate_key": Kind("Annotation files that use a key twice", "one of two values is lost", _SAVE, of_files=True),
    "no_annotations": Kind(
        "JSON files without annotations", "the file has no block images or annotations",
        "Move these files out of the folders of images and annotations.", of_files=True,
    ),
    "other_format": Kind(
        "Files among the annotations that are no JSON", "the file is not read",
        "Convert them to COCO JSON if they are annotations, else move them away.", of_files=True,
    ),
    "too_large_file": Kind("Annotation files that are too large", "the file is not read", "Split these files.", of_files=True),
    "unreadable": Kind("Annotation files that cannot be opened", "the file is not read", "Check their access rights.", of_files=True),
    "unknown_image": Kind("Objects of images that are not listed", "an object names an unknown image", _SAVE, of_files=True),
    "annotated_twice": Kind(
        "Images with two annotation files", "a second file annotates the image and says something else",
        "Keep one of the two; the first by name was used.",
    ),
    "image_without_annotation": Kind(
        "Images without annotation", "no annotation speaks of the image, though the class has annotations",
        "Fetch the missing annotations, or leave these images out where the values are needed.",
    ),
    "annotation_without_image": Kind(
        "Annotations without image", "no image of the class has this name",
        "Fetch the missing images, or correct the names of these annotation files.", of_files=True,
    ),
}  # fmt: skip

_SHARED = """
SELECT source_file, max(image_entries) AS entries, sum(matched_images)::BIGINT AS matched
FROM annotation_files WHERE shared GROUP BY source_file HAVING sum(matched_images) < max(image_entries)
ORDER BY source_file
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    found = findings_by_code(connection, thresholds, "annotation_files", KINDS)
    return found + [_unmatched(row, thresholds) for row in fetch(connection, _SHARED)]


def _unmatched(row: dict[str, int | str], thresholds: Thresholds) -> Finding:
    source, entries, matched = str(row["source_file"]), int(row["entries"]), int(row["matched"])
    lost = entries - matched
    share = lost / entries
    return Finding(
        finding_id=f"annotation_files:unmatched:{source}",
        severity="MEDIUM" if share >= thresholds.annotation_medium_share else "LOW",
        detector="annotation_files",
        level="L1",
        class_name=None,
        title="Annotations without image",
        statement=f"{number(lost)} of the {counted(entries, 'image')} that {source} lists ({percent(share)}) are "
        "images of no class.",
        effect_name="share of the images of the file",
        effect_size=share,
        affected_images=lost,
        evidence_sql="SELECT class_name, image_entries, matched_images FROM annotation_files\n"
        f"WHERE source_file = {text(source)} ORDER BY class_name",
        action="Compare the file names in this file with those in the image folder; fetch what is missing.",
    )
