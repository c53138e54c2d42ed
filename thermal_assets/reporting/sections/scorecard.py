"""The quality measures as a small table with bars, and the figure over all of them."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.queries import rows


def scorecard(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """The composite and the measures grouped by characteristic, in their order; None before it was made."""
    found = rows(connection, "SELECT * FROM scorecard ORDER BY place")
    if not found:
        return None
    composite, measures = found[0], found[1:]
    for row in measures:
        row["bar"] = None if row["points"] is None else round(100 * row["points"], 1)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in measures:
        groups.setdefault(row["characteristic"], []).append(row)
    counted = [row for row in measures if row["points"] is not None and row["weight"] > 0]
    return {
        "composite": composite,
        "groups": groups,
        "verdicts": {word: sum(row["verdict"] == word for row in measures) for word in ("good", "look", "bad")},
        "counted": len(counted),
        "measures": len(measures),
        "figure": _figure(composite["value"]),
        "wanting": [row for row in measures if row["verdict"] in ("bad", "look")],
        "good": [row for row in measures if row["value"] is not None and row["verdict"] not in ("bad", "look")],
        "silent": [row for row in measures if row["value"] is None],
        "unweighted": [row for row in measures if row["value"] is not None and row["weight"] == 0],
    }


def _figure(value: float | None) -> str:
    """0 to 100 without decimals, but never 100 for less than all points."""
    if value is None:
        return "–"
    return f"{value:.1f}" if 99.5 <= value < 100 else f"{value:.0f}"
