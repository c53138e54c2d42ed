"""The published copy of a home, opened for reading: whoever reads it never makes the pipeline wait."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import duckdb

from thermal_assets.errors import UserError
from thermal_assets.home.layout import Home
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.ddl import literal
from thermal_assets.warehouse.near_copies import DEFAULT_BITS, DEFAULT_DISTANCE, NearCopyLimits

_NEEDED = ("file_manifest", "channel_stats", "duplicates", "findings", "annotations", "image_decisions", "review_rules")


@contextlib.contextmanager
def published_copy(home: Home, vectors: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which the tables of ``home``'s published copy are found by their plain names, read-only.

    ``vectors``: those of published_vectors.duckdb too.

    Raises:
        UserError: nothing was published yet, or by a version that did not write what is needed here.
    """
    files = {"published": home.published} | ({"vectors": home.published_vectors} if vectors else {})
    for path in files.values():
        if not path.exists():
            raise UserError(f"{path} is not there yet: run a diagnosis first (thermal-assets diagnose)")
    connection = duckdb.connect()
    try:
        for name, path in files.items():
            try:
                connection.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")
            except duckdb.Error as error:
                raise UserError(f"{path} cannot be opened: {str(error).splitlines()[0]}") from error
        connection.execute(f"SET search_path = {literal(','.join(files))}")
        missing = sorted(set(_NEEDED) - relations(connection)) or _missing_columns(connection)
        if missing:
            raise UserError(
                f"{home.published} was made by an older version (it has no {', '.join(missing)}): "
                "run thermal-assets diagnose again, or materialize published"
            )
        yield connection
    finally:
        connection.close()


def _missing_columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """'table.column' of what today's tables have and those found lack."""
    found = {
        (table, column)
        for table, column in connection.execute("SELECT table_name, column_name FROM duckdb_columns()").fetchall()
    }
    wanted = [(name, column) for name in _NEEDED if name in TABLES for column in TABLES[name].column_names]
    return [f"{table}.{column}" for table, column in wanted if (table, column) not in found]


def relations(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables and views that ``connection`` finds."""
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views() WHERE NOT internal"
    ).fetchall()
    return {name for (name,) in rows}


def near_copy_limits(connection: duckdb.DuckDBPyConnection) -> NearCopyLimits:
    """Up to which difference ``duplicates`` called two pictures near copies, by the log of its last run."""
    rows = connection.execute(
        "SELECT parameters FROM run_log WHERE asset = 'duplicates' ORDER BY started_at DESC LIMIT 1"
    ).fetchall()
    parameters = json.loads(rows[0][0]) if rows else {}
    return NearCopyLimits(
        float(parameters.get("near_copy_distance", DEFAULT_DISTANCE)),
        int(parameters.get("near_copy_bits", DEFAULT_BITS)),
    )


def lens_in_force(connection: duckdb.DuckDBPyConnection, level: str) -> tuple[str, bool] | None:
    """lens_id of ``level`` and whether its weights are random; None before the first diagnosis is through."""
    rows = connection.execute(
        "SELECT lens_id, random_weights FROM lenses WHERE in_force AND level = ?", [level]
    ).fetchall()
    return (str(rows[0][0]), bool(rows[0][1])) if rows else None


def published_at(connection: duckdb.DuckDBPyConnection) -> str:
    """When the copy was made, ISO 8601 UTC; '' if nothing says so."""
    ((moment,),) = connection.execute(
        "SELECT strftime(max(published_at)::TIMESTAMPTZ AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') FROM publication"
    ).fetchall()
    return moment or ""
