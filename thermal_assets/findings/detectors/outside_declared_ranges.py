"""File names whose date or distance lies outside what the data set declares about itself.

Measure: files with an entry outside_window or outside_distance in token_problems, as a share of the
files of the class. The ranges are those of the profile.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.detectors.name_problems import findings_by_code
from thermal_assets.findings.finding import Finding
from thermal_assets.findings.thresholds import Thresholds

TITLES = {
    "outside_window": "Captured outside the declared period",
    "outside_distance": "Distance outside the declared range",
}


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    action = "Ask whoever delivered the images which is right, the name or the declaration; then correct that one."
    return findings_by_code(connection, thresholds, "outside_declared_ranges", TITLES, action)
