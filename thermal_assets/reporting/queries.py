"""Small helpers around DuckDB that every section of the report uses.

The report never pulls a row per image: sections aggregate, rank or sample in SQL and fetch a page of rows.
"""

from __future__ import annotations

from typing import Any

import duckdb

LEVELS = ("L2", "L3")
IN_FORCE = "lens_id IN (SELECT lens_id FROM lenses WHERE in_force)"


def rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Rows of ``sql`` as dictionaries."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def density_scope(connection: duckdb.DuckDBPyConnection) -> str | None:
    """'dataset' if every image was compared with the whole data set, 'class' if only inside its class, else None."""
    for scope in ("dataset", "class"):
        found = connection.execute(f"SELECT 1 FROM {scope}_densities WHERE {IN_FORCE} LIMIT 1").fetchone()
        if found is not None:
            return scope
    return None


SCOPE_WORDS = {"dataset": "compared with the whole data set", "class": "compared inside their own class only"}
