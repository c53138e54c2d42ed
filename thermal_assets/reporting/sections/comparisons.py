"""Separation of normal and anomaly classes, and whether outliers persist from L2 to L3."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.queries import LEVELS, rows
from thermal_assets.reporting.scales import Scale

OPEN_PAIRS = 40
TRAINED = "trained"

_SEPARATION = "SELECT * FROM separation WHERE lens_id IN (SELECT lens_id FROM lenses WHERE in_force) ORDER BY level"
_SUPERVISED = f"""
    SELECT *, '{TRAINED}' AS level FROM supervised_separation
    WHERE lens_id IN (SELECT lens_id FROM lenses WHERE in_force)
"""


def separation(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """One row per pair and matching with both levels and the lens trained on the labels in it.

    The least separable at L2 or L3 come first. ``recalls`` are the pairs with normal images enough to say how many
    anomalies are found at 1 % false alarms, the fewest first; ``too_few`` counts those compared without.
    """
    found = rows(connection, _SEPARATION) + rows(connection, _SUPERVISED)
    scale = Scale(0.0, 1.0)
    pairs: dict[tuple[str, str, bool], dict[str, Any]] = {}
    for row in found:
        key = (row["normal_class"], row["anomaly_class"], row["matched"])
        for name in ("separability_auc", "ci_low", "ci_high"):
            row[f"{name}_at"] = scale.at(row[name])
        pair = pairs.setdefault(key, {**row, "levels": {}})
        pair["levels"][row["level"]] = row

    def worst(pair: dict[str, Any]) -> tuple[float, str, str, bool]:
        seen = (pair["levels"][level]["separability_auc"] for level in LEVELS if level in pair["levels"])
        values = [value for value in seen if value is not None]
        return (min(values, default=2.0), pair["normal_class"], pair["anomaly_class"], pair["matched"])

    measured = [pair for pair in pairs.values() if worst(pair)[0] < 2]
    ordered = sorted(measured, key=worst)
    return {
        "pairs": ordered[:OPEN_PAIRS],
        "more": ordered[OPEN_PAIRS:],
        "unmeasured": sorted((pair for pair in pairs.values() if worst(pair)[0] == 2), key=worst),
        "notes": sorted({row["interval_note"] for row in found if row["separability_auc"] is not None}),
        "supports": sorted({row["common_support"] for row in found if row["common_support"]}),
        "recalls": (recalls := _recalls(ordered)),
        "too_few": len(ordered) - len(recalls),
        "levels": LEVELS,
        "kinds": (*LEVELS, TRAINED),
        "ticks": [{"at": at, "label": label} for at, label in ((0, "0"), (50, "0.5"), (100, "1"))],
    }


def _recalls(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pairs of ``pairs`` with ``found`` (kind -> share of the anomalies) and the normal images that it rests on."""
    kept = []
    for pair in pairs:
        told = {kind: row for kind, row in pair["levels"].items() if row["recall_at_1_percent"] is not None}
        if told:
            found = {kind: row["recall_at_1_percent"] for kind, row in told.items()}
            kept.append({**pair, "found": found, "n_normal": min(row["n_normal"] for row in told.values())})
    return sorted(kept, key=lambda pair: (max(pair["found"].values()), pair["normal_class"], pair["matched"]))


def persistence(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Overlap of the least dense images of L2 and L3 beside what random projections keep."""
    found = rows(
        connection,
        """
        SELECT * FROM outlier_persistence
        WHERE scope = (SELECT max(scope) FROM outlier_persistence)
        ORDER BY class_name <> '*', class_name, n
        """,
    )
    for row in found:
        scale = Scale(0.0, float(row["n"]))
        row["at"] = scale.at(row["overlap"])
        row["low_at"], row["high_at"] = scale.at(row["expected_low"]), scale.at(row["expected_high"])
        row["expected_at"] = scale.at(row["expected"])
        row["verdict"] = _verdict(row)
    return {
        "whole": [row for row in found if row["class_name"] == "*"],
        "classes": [row for row in found if row["class_name"] != "*"],
    }


def _verdict(row: dict[str, Any]) -> str:
    if row["expected_low"] is None or row["expected_high"] is None:
        return "no comparison with chance"
    if row["overlap"] < row["expected_low"]:
        return "fewer than any random projection keeps: L3 sees something else"
    if row["overlap"] > row["expected_high"]:
        return "more than any random projection keeps"
    return "as many as random projections keep: no news by itself"
