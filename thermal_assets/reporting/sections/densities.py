"""How crowded the images lie, at L2 and L3 side by side."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import numpy as np

from thermal_assets.reporting.figures import density_figure
from thermal_assets.reporting.queries import IN_FORCE, LEVELS, SCOPE_WORDS, density_scope, rows
from thermal_assets.reporting.scales import Scale

BINS = 60
OPEN_CLASSES = 30


def densities(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Histogram and box per class for each level; None before anything was measured."""
    scope = density_scope(connection)
    if scope is None:
        return None
    levels = {level: _level(connection, scope, level) for level in LEVELS}
    names = list(dict.fromkeys(name for level in levels.values() if level for name in level["boxes"]))
    return {
        "scope": SCOPE_WORDS[scope],
        "levels": levels,
        "classes": names[:OPEN_CLASSES],
        "more": names[OPEN_CLASSES:],
    }


def _level(connection: duckdb.DuckDBPyConnection, scope: str, level: str) -> dict[str, Any] | None:
    source = f"""(
        SELECT class_name, density::DOUBLE AS density, reliable FROM {scope}_densities
        WHERE {IN_FORCE} AND level = '{level}' AND density > 0)"""
    (whole,) = rows(
        connection,
        f"""SELECT count(*) AS images, min(density) AS low, max(density) AS high, avg(density) AS mean,
                   median(density) AS median, count(*) FILTER (NOT reliable) AS unreliable FROM {source}""",
    )
    if not whole["images"]:
        return None
    boxes = rows(
        connection,
        f"""
        SELECT class_name, count(*) AS images, bool_or(reliable) AS reliable,
               quantile_cont(density, [0.05, 0.25, 0.5, 0.75, 0.95]) AS q
        FROM {source} GROUP BY class_name ORDER BY class_name
        """,
    )
    scale = Scale.spanning([value for row in boxes for value in row["q"]] + [whole["mean"]], log=True)
    assert scale is not None
    for row in boxes:
        row["low"], row["q1"], row["median"], row["q3"], row["high"] = (scale.at(value) for value in row["q"])
    return {
        **whole,
        "figure": _histogram(connection, source, level, whole),
        "boxes": {row["class_name"]: row for row in boxes},
        "scale": scale,
        "mean_at": scale.at(whole["mean"]),
        "median_at": scale.at(whole["median"]),
    }


def _histogram(connection: duckdb.DuckDBPyConnection, source: str, level: str, whole: dict[str, Any]) -> Any:
    low, high = math.log(whole["low"]), math.log(whole["high"])
    width = (high - low) / BINS or 0.01
    counts = np.zeros(BINS, dtype=np.int64)
    for part, count in connection.execute(
        f"SELECT least(floor((ln(density) - $low) / $width), {BINS - 1})::INTEGER AS part, count(*) FROM {source} GROUP BY part",
        {"low": low, "width": width},
    ).fetchall():
        counts[max(part, 0)] += count
    edges = np.exp(low + width * np.arange(BINS + 1))
    return density_figure(level, edges, counts, whole["mean"], whole["median"])
