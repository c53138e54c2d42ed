"""Which runs and lenses the numbers come from."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.queries import rows

MAX_ROWS = 80


def provenance(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One row per asset and run behind the rows that stand in the warehouse."""
    return rows(
        connection,
        """
        SELECT asset, run_id, count(*) FILTER (partition <> '') AS partitions, sum("rows")::BIGINT AS "rows",
               max(written_at)::TIMESTAMP AS written_at
        FROM asset_versions GROUP BY asset, run_id ORDER BY written_at DESC, asset LIMIT $limit
        """,
        {"limit": MAX_ROWS},
    )
