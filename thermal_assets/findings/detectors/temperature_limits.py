"""Temperatures outside what the data set declares, or outside the tolerances that the profile states.

Measure: images in temperature_violations, as a share of the images of the class that have temperatures of the same
source. Each limit and each source is told on its own: a sensor's reading and one read off a palette are not the same
kind of number. Only images beyond the limit by more than their stated error count as certain.
"""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.scopes import ClassCount, Scope, scopes
from thermal_assets.findings.thresholds import Thresholds

_CLASSES = """
SELECT rule, basis, source, class_name, count(*) AS n, arg_max(image_id, exceeds_by, 12) AS examples
FROM temperature_violations GROUP BY ALL ORDER BY ALL
"""
_NUMBERS = """
SELECT count(*) FILTER (beyond_error IS NOT FALSE) AS certain, arg_max(value, exceeds_by) AS worst,
       any_value(quantity) AS quantity, any_value(side) AS side, any_value(limit_value) AS limit_value,
       any_value(unit) AS unit, median(error_k) AS error_k
FROM temperature_violations WHERE {condition}
"""
_QUANTITIES = {
    "min_c": "coldest pixel",
    "mean_c": "mean temperature",
    "max_c": "hottest pixel",
    "hot_spot_c": "hot spot",
    "contrast_k": "contrast of hot spot to background",
    "hot_fraction": "share of hot pixels",
}
_UNITS = {"degC": " degC", "K": " K", "share": ""}
_TITLES = {"declared range": "Temperatures outside the declared range", "tolerance": "Temperatures outside tolerance"}
_SOURCES = {
    "radiometric": "measured by the sensor",
    "palette, annotated range": "read off the palette with the annotated range",
    "palette, profile range": "read off the palette with the range of the profile",
    "levels, profile scale": "read off the levels with the scale of the profile",
}


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    hit: dict[tuple[str, str, str], list[ClassCount]] = {}
    for row in fetch(connection, _CLASSES):
        count = ClassCount(row["class_name"], row["n"], tuple(row["examples"]))
        hit.setdefault((row["rule"], row["basis"], row["source"]), []).append(count)
    return [
        _finding(connection, scope, rule, basis, source)
        for (rule, basis, source), classes in hit.items()
        for scope in scopes(classes, _sizes(connection, source), thresholds, thresholds.class_alone_share)
    ]


def _sizes(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, int]:
    query = "SELECT class_name, count(*) AS n FROM temperatures WHERE source = $source GROUP BY ALL"
    return {row["class_name"]: row["n"] for row in fetch(connection, query, source=source)}


def _finding(connection: duckdb.DuckDBPyConnection, scope: Scope, rule: str, basis: str, source: str) -> Finding:
    condition = f"rule = {text(rule)} AND source = {text(source)} AND {scope.condition}"
    (numbers,) = fetch(connection, _NUMBERS.format(condition=condition))
    certain = numbers["certain"]
    return Finding(
        finding_id=f"temperature_limits:{rule}:{source}:{scope.subject}",
        severity=_severity(basis, certain, scope.serious),
        detector="temperature_limits",
        level="L1",
        class_name=scope.class_name,
        title=_TITLES[basis],
        statement=f"{_statement(scope, numbers, basis, source)}{_certainty(scope, numbers)}{scope.note}",
        effect_name=f"share of the images of the {scope.unit} with such temperatures",
        effect_size=scope.share,
        affected_images=scope.count,
        example_ids=scope.examples,
        evidence_sql="SELECT class_name, image_id, quantity, value, side, limit_value, unit, exceeds_by, error_k, "
        f"beyond_error\nFROM temperature_violations WHERE {condition}\nORDER BY exceeds_by DESC, image_id",
        action="Look at the hottest examples; check the inspection range that belongs to these images and the limit "
        "itself. What is truly beyond a tolerance is a case for the people who run the plant."
        if basis == "tolerance"
        else "Check the inspection range of these images: a range typed wrong, or in other units, does this. If the "
        "temperatures are right, correct what the data set declares.",
    )


def _severity(basis: str, certain: int, serious: bool) -> str:
    if not certain:
        return "LOW"
    return "HIGH" if basis == "tolerance" and serious else "MEDIUM"


def _statement(scope: Scope, numbers: dict[str, Any], basis: str, source: str) -> str:
    unit = _UNITS[numbers["unit"]]
    what = _QUANTITIES[numbers["quantity"]]
    of_whom = "the range that the data set declares" if basis == "declared range" else "the profile"
    one = scope.count == 1
    return (
        f"{number(scope.count)} of the {counted(scope.total, 'image')} of {scope.words} with temperatures "
        f"{_SOURCES.get(source, source)} ({percent(scope.share)}) {'has' if one else 'have'} a {what} {numbers['side']} "
        f"{_shown(numbers['limit_value'])}{unit}, the limit of {of_whom}{scope.where}. The {'value' if one else 'worst'} "
        f"is {_shown(numbers['worst'])}{unit}."
    )


def _certainty(scope: Scope, numbers: dict[str, Any]) -> str:
    if numbers["error_k"] is None or numbers["unit"] == "share":
        return ""
    certain = numbers["certain"]
    share = "All" if certain == scope.count else "None" if not certain else number(certain)
    if scope.count == 1:
        share = "It" if certain else "It does not"
        return f" {share} {'exceeds' if certain else 'exceed'} the stated error of {_shown(numbers['error_k'])} K."
    verb = "lies" if share == "None" or certain == 1 else "lie"
    return f" {share} of them {verb} beyond the limit by more than the stated error (median {_shown(numbers['error_k'])} K)."


def _shown(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0") if abs(value) >= 1 else f"{value:.2g}"
