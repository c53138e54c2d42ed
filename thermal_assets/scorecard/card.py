"""From measured tables to the scorecard: measure everything, then judge it by the bounds and weights of the profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from thermal_assets.scorecard.measure import Basis, points, verdict
from thermal_assets.scorecard.measures import MEASURES
from thermal_assets.scorecard.settings import ScorecardSettings
from thermal_assets.warehouse.access import empty_frame
from thermal_assets.warehouse.rows import first_row

COMPOSITE = "composite"
COMPOSITE_FORMULA = (
    "100 x sum(weight x points) / sum(weight) over the measures that have a value; points: 0 at the bad bound and "
    "below, 1 at the good bound and above, linear in between"
)
COMPOSITE_SQL = """SELECT 100 * sum(weight * points) / sum(weight) AS value
FROM scorecard WHERE measure <> 'composite' AND points IS NOT NULL"""
# Points at which the verdict over everything turns: all measures half way, and all nearly good.
COMPOSITE_GOOD, COMPOSITE_BAD = 90.0, 50.0


@dataclass(frozen=True)
class Measured:
    """What one query said: the value 0..1, or None with the reason."""

    value: float | None
    reason: str | None


def measure_all(connection: duckdb.DuckDBPyConnection, basis: Basis) -> dict[str, Measured]:
    """Run every measure on ``connection`` (only read); a value that is no number counts as none."""
    found = {}
    for name, measure in MEASURES.items():
        row = first_row(connection, measure.sql(basis))
        value, reason = (None, "its query gave no row") if row is None else (row[0], row[1])
        if value is None:
            found[name] = Measured(None, reason or "nothing to measure it by")
        else:
            found[name] = Measured(float(value), None)
    return found


def scorecard_frame(measured: dict[str, Measured], settings: ScorecardSettings, basis: Basis) -> pl.DataFrame:
    """Contract table ``scorecard``: one row a measure in the order of ``MEASURES``, the composite first."""
    rows = []
    for place, (name, measure) in enumerate(MEASURES.items(), start=1):
        good, bad = settings.bounds(name)
        value = measured[name].value
        rows.append(
            {
                "place": place,
                "measure": name,
                "characteristic": measure.characteristic,
                "iso_code": measure.iso_code,
                "title": measure.title,
                "meaning": measure.meaning,
                "formula": measure.formula,
                "value": value,
                "reason": measured[name].reason,
                "good": good,
                "bad": bad,
                "bounds_basis": measure.bounds if (good, bad) == (measure.good, measure.bad) else "set by the profile",
                "points": points(value, good, bad),
                "verdict": verdict(value, good, bad),
                "weight": settings.weight(name),
                "evidence_sql": measure.sql(basis),
            }
        )
    template = empty_frame("scorecard")
    return pl.DataFrame([_composite(rows), *rows], schema=template.schema, orient="row")


def composite(points_and_weights: list[tuple[float | None, float]]) -> float | None:
    """0 to 100 by ``COMPOSITE_FORMULA``; None if nothing that weighs anything has a value."""
    counted = [(reached, weight) for reached, weight in points_and_weights if reached is not None and weight > 0]
    if not counted:
        return None
    return 100 * sum(reached * weight for reached, weight in counted) / sum(weight for _, weight in counted)


def _composite(rows: list[dict[str, Any]]) -> dict[str, Any]:
    pairs = [(row["points"], row["weight"]) for row in rows]
    value = composite(pairs)
    counted = [row for row in rows if row["points"] is not None and row["weight"]]
    without = len(rows) - len(counted)
    weight = sum(float(row["weight"]) for row in counted)
    note = f"; here over {len(counted)} measures with weights of {weight:g} in all" + (
        f", {without} without a value or weight are left out" if without else ""
    )
    return {
        "place": 0,
        "measure": COMPOSITE,
        "characteristic": "all",
        "iso_code": None,
        "title": "All measures together",
        "meaning": "One figure to follow over time. What to do, the single measures say.",
        "formula": COMPOSITE_FORMULA + note,
        "value": value,
        "reason": None if value is not None else "no measure has a value yet",
        "good": COMPOSITE_GOOD,
        "bad": COMPOSITE_BAD,
        "bounds_basis": "every measure nine tenths of the way to good; half of the way",
        "points": None,
        "verdict": verdict(value, COMPOSITE_GOOD, COMPOSITE_BAD),
        "weight": 0.0,
        "evidence_sql": COMPOSITE_SQL,
    }
