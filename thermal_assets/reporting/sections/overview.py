"""The head of the report: the data set in one line and what must be known before reading on."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.context import ReportContext
from thermal_assets.reporting.queries import rows
from thermal_assets.warehouse.contract import TABLES


def overview(connection: duckdb.DuckDBPyConnection, context: ReportContext) -> dict[str, Any]:
    """Counts over the whole data set, the lenses in force, and which tables a run has written (``ran``)."""
    (counts,) = rows(
        connection,
        """
        SELECT (SELECT count(*) FROM class_catalog) AS classes,
               (SELECT count(*) FROM file_manifest) AS files,
               (SELECT coalesce(sum(size_bytes), 0)::BIGINT FROM file_manifest) AS bytes,
               (SELECT count(*) FROM channel_stats) AS images,
               (SELECT count(DISTINCT image_id) FROM image_problems) AS files_with_problems,
               (SELECT count(*) FROM file_manifest ANTI JOIN channel_stats USING (image_id)) AS unreadable,
               (SELECT count(*) FROM duplicates WHERE NOT keeper) AS copies,
               (SELECT count(DISTINCT session_id) FROM file_manifest) AS sessions,
               (SELECT count(distance_m) FROM file_manifest) AS with_distance,
               (SELECT count(captured_on) FROM file_manifest) AS with_date
        """,
    )
    severities = dict(
        connection.execute("SELECT severity, count(*) FROM findings WHERE status = 'open' GROUP BY severity").fetchall()
    )
    lenses = rows(
        connection,
        """SELECT level, name, lens_id, random_weights, dimensions, real_dimensions, fitted_on, created_at, input,
                  metric, weights_sha256
           FROM lenses WHERE in_force ORDER BY level""",
    )
    for lens in lenses:
        lens["name"] = context.lens_names.get(lens["level"], lens["name"])
    assets = {row["asset"] for row in rows(connection, "SELECT DISTINCT asset FROM asset_versions")}
    untrained = [lens["name"] for lens in lenses if lens["random_weights"]]
    return {
        "counts": counts,
        "severities": {name: severities.get(name, 0) for name in ("HIGH", "MEDIUM", "LOW")},
        "lenses": lenses,
        "untrained": untrained,
        "ran": {table.name for table in TABLES.values() if table.owner in assets},
    }
