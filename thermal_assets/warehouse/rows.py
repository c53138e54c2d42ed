"""Fetching single rows.

duckdb refuses further work on a connection that has rows left to fetch, and ``fetchone`` leaves the
end of the result unfetched; so rows are always fetched to the end.
"""

from __future__ import annotations

from typing import Any

import duckdb


def first_row(connection: duckdb.DuckDBPyConnection, query: str, parameters: Any = None) -> tuple[Any, ...] | None:
    """The first row of ``query``, or None."""
    rows = connection.execute(query, parameters or []).fetchall()
    return rows[0] if rows else None
