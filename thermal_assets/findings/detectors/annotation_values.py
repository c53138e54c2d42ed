"""Fields of annotations that are empty, missing, unreadable or impossible, grouped by problem and class.

Measure: images with a row of the code in annotation_problems, as a share of the files of the class. The
declared ranges are those of the profile.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.detectors.annotation_problems import Kind, findings_by_code
from thermal_assets.findings.finding import Finding
from thermal_assets.findings.thresholds import Thresholds

_FILL = "Fill the fields in from the recording log, or leave these images out where the value is needed."

KINDS = {
    "empty_field": Kind("Annotations with empty fields", "a field is there but empty", _FILL),
    "missing_field": Kind("Annotations that miss a field", "a field that most others have is missing", _FILL),
    "value_not_understood": Kind(
        "Values that cannot be read", "a value is written in a form that is not understood",
        "Write these values as the others are written; the table quotes each of them.",
    ),
    "outside_range": Kind(
        "Values outside the declared ranges", "a value lies outside what the profile declares or weather allows",
        "Ask whoever delivered the annotations which is right, the value or the declaration.",
    ),
    "range_reversed": Kind(
        "Temperature ranges that do not rise", "the temperature range ends below its start",
        "Exchange the two ends if the range was written the wrong way round; no temperature can be read until then.",
    ),
    "category_unknown": Kind(
        "Categories the profile does not know", "the category is no object and no state of the profile",
        "Correct the category, or add it to the classes of the profile.",
    ),
}  # fmt: skip


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    return findings_by_code(connection, thresholds, "annotation_values", KINDS)
