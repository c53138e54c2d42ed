"""How images change with distance and over time."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.reporting.figures import lines_figure
from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.palette import SERIES
from thermal_assets.reporting.queries import IN_FORCE, LEVELS, rows
from thermal_assets.warehouse.told_domains import told_domains_sql

OPEN_ROWS = 4
DOMAINS, TILES_A_DOMAIN = 6, 4


def distance_drift(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Median density over distance, with its interval, for the classes that change most; one line per class and level."""
    found = rows(connection, f"SELECT * FROM distance_drift WHERE {IN_FORCE} ORDER BY level, class_name, distance_m")
    if not found:
        return None
    strongest = _strongest(found, "eta_squared")
    table = rows(
        connection,
        f"""
        SELECT class_name, level, count(*) AS distances, min(distance_m) AS nearest, max(distance_m) AS farthest,
               any_value(spearman) AS spearman, any_value(eta_squared) AS effect, any_value(p_value) AS p_value,
               any_value(attainable_p) AS attainable_p, any_value(statement) AS statement
        FROM distance_drift WHERE {IN_FORCE} GROUP BY class_name, level
        ORDER BY effect DESC NULLS LAST, class_name, level
        """,
    )
    figures = {}
    for level in LEVELS:
        series = _series(found, level, strongest, "distance_m", "median_density")
        bounds = [_series(found, level, strongest, "distance_m", bound) for bound in ("ci_low", "ci_high")]
        if series:
            intervals = [np.stack([low, high], axis=1) for (_, low), (_, high) in zip(*bounds, strict=True)]
            figures[level] = lines_figure(
                f"distance-{level}", series, xlabel="distance, m", ylabel="median density", intervals=intervals
            )
    drawn = any(row["ci_low"] is not None for row in found if row["class_name"] in strongest)
    return {
        "figures": figures,
        "legend": strongest,
        "intervals": drawn,
        "rows": table[:OPEN_ROWS],
        "more": table[OPEN_ROWS:],
    }


def time_drift(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Energy distance of each month to all others, and one line per class and level."""
    found = rows(connection, f"SELECT * FROM time_drift WHERE {IN_FORCE} ORDER BY level, class_name, period")
    if not found:
        return None
    periods = sorted({row["period"] for row in found})
    for row in found:
        row["place"] = periods.index(row["period"])
    strongest = _strongest(found, "energy_distance")
    table = rows(
        connection,
        f"""
        SELECT class_name, level, count(*) AS periods, max(energy_distance) AS effect,
               arg_max(period, energy_distance) AS period, min(p_value) AS p_value,
               min(attainable_p) AS attainable_p,
               coalesce(arg_max(statement, energy_distance), any_value(statement)) AS statement
        FROM time_drift WHERE {IN_FORCE} GROUP BY class_name, level
        ORDER BY effect DESC NULLS LAST, class_name, level
        """,
    )
    figures = {}
    for level in LEVELS:
        series = _series(found, level, strongest, "place", "energy_distance")
        if series:
            figures[level] = lines_figure(
                f"time-{level}", series, xlabel="month", ylabel="energy distance", categories=periods
            )
    return {"figures": figures, "legend": strongest, "rows": table[:OPEN_ROWS], "more": table[OPEN_ROWS:]}


def domain_drift(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any] | None:
    """Months, stretches of time and places that differ beyond what sessions do by chance, with pictures.

    The rule of the findings time_drift and place_drift. None where none can be judged: names without dates and
    places, or too few sessions.
    """
    judged = rows(
        connection,
        f"""
        SELECT count(*) AS n FROM domain_drift WHERE {IN_FORCE} AND auc IS NOT NULL AND q_value IS NOT NULL
        """,
    )[0]["n"]
    limits = Thresholds().model_dump() | dict(connection.execute("SELECT name, value FROM thresholds").fetchall())
    differing = told_domains_sql(limits["alpha"], limits["domain_auc"])
    told = rows(connection, f"SELECT * FROM ({differing}) ORDER BY auc DESC, class_name, kind, value")
    for row in told[:DOMAINS]:
        row["pictures"] = [gallery.show(image, row["class_name"]) for image in row["typical_ids"][:TILES_A_DOMAIN]]
    return {"judged": judged, "told": len(told), "rows": told[:DOMAINS]} if judged else None


def _strongest(found: list[dict[str, Any]], effect: str) -> list[str]:
    """The classes with the largest effect, as many as there are line styles."""
    largest: dict[str, float] = {}
    for row in found:
        value = row[effect]
        largest[row["class_name"]] = max(largest.get(row["class_name"], -np.inf), -np.inf if value is None else value)
    return sorted(largest, key=lambda name: (-largest[name], name))[: len(SERIES)]


def _series(
    found: list[dict[str, Any]], level: str, names: list[str], x: str, y: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(x, y) per name in the order of ``names``, so that styles agree with the legend; empty if no y is known."""
    series = []
    for name in names:
        points = [
            (row[x], np.nan if row[y] is None else row[y])
            for row in found
            if row["class_name"] == name and row["level"] == level
        ]
        array = np.array(points, dtype=np.float64).reshape(-1, 2)
        series.append((array[:, 0], array[:, 1]))
    return series if any(np.isfinite(y_values).any() for _, y_values in series) else []
