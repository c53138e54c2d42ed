"""File names that do not say what the profile's grammar expects, grouped by problem and class.

Measure: files with an entry of the code in token_problems, as a share of the files of the class.
Such files have no session or distance, so comparisons by session leave them out.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.detectors.name_problems import findings_by_code
from thermal_assets.findings.finding import Finding
from thermal_assets.findings.thresholds import Thresholds

TITLES = {
    "does_not_parse": "Names that do not follow the grammar",
    "bad_date": "Names with a date that does not exist",
    "bad_number": "Names with a number that cannot be read",
    "session_reversed": "Sessions that end before they begin",
    "unknown_code": "Names with a code the profile does not know",
}


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    action = "Correct the names at their source, or widen the grammar of the profile if they are right."
    return findings_by_code(connection, thresholds, "names_invalid", TITLES, action)
