"""The report shows temperatures where there are some, sources apart, and nothing where there are none."""

from __future__ import annotations

from thermal_assets.reporting.sections.temperatures import temperatures
from thermal_assets_tests.findings.fixtures import HOSTILE, clean
from thermal_assets_tests.findings.plants import PLANTS


def test_rows_of_different_sources_stay_apart_and_violations_are_counted() -> None:
    w = clean(HOSTILE)
    assert temperatures(w.connect()) is None
    PLANTS["temperature_limits"](w)
    shown = temperatures(w.connect())
    assert shown is not None
    assert (shown["images"], shown["of"]) == (6, 320)
    told = [
        (row["class_name"], row["source"], row["images"], row["violating"], row["error_k"]) for row in shown["rows"]
    ]
    assert told == [
        (HOSTILE[1], "palette, annotated range", 5, 5, 2.0),
        (HOSTILE[1], "radiometric", 1, 1, 2.0),
    ]
    assert shown["spans"].startswith("<svg")
    assert HOSTILE[1] not in shown["spans"] + shown["contrasts"]  # names stand in the table only
