"""Bringing the warehouse of an older version to the tables that are declared now.

What can be computed again is dropped and forgotten, so that the next run writes it from the stores of the
home; what cannot (the books that are only appended to, and the lenses) keeps its rows.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache

import duckdb

from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.ddl import VECTOR_MACROS, create_schema, create_table_sql, quoted
from thermal_assets.warehouse.schema import Table
from thermal_assets.warehouse.views import VIEWS

# Rows of these are nowhere else, even though some are not append-only.
_KEPT = frozenset({"asset_versions", "lenses", "publication"})


@cache
def schema_fingerprint() -> str:
    """Hash of every declaration: tables, columns, types, comments and views."""
    tables = [
        (t.name, t.description, [(c.name, c.type, c.comment, c.nullable) for c in t.columns]) for t in TABLES.values()
    ]
    views = [(v.name, v.description, v.sql, [(c.name, c.comment) for c in v.columns]) for v in VIEWS.values()]
    return hashlib.blake2b(json.dumps([tables, views, VECTOR_MACROS]).encode(), digest_size=8).hexdigest()


def bring_up_to_date(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Make or change every table and view to what is declared, in one transaction.

    Returns the names of existing tables that had other columns. Those that can be computed again are
    empty afterwards, and their assets count as never materialized.
    """
    connection.execute("BEGIN TRANSACTION")
    try:
        changed = [table for table in TABLES.values() if _differs(connection, table)]
        for table in changed:
            if table.append_only or table.name in _KEPT:
                _rebuild(connection, table)
            else:
                connection.execute(f"DROP TABLE {quoted(table.name)}")
        # A table that is new is empty, so its owner has to write too.
        absent = [table for table in TABLES.values() if not _stored_columns(connection, table.name)]
        owners = [t.owner for t in absent if not (t.append_only or t.name in _KEPT)]
        create_schema(connection)
        for macro in VECTOR_MACROS:
            connection.execute(macro)
        if owners:
            connection.execute("DELETE FROM asset_versions WHERE asset IN (SELECT unnest(?))", [owners])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return [table.name for table in changed]


def _stored_columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, tuple[str, bool]]:
    rows = connection.execute(
        "SELECT column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ?",
        [table],
    ).fetchall()
    return {name: (kind, nullable) for name, kind, nullable in rows}


def _differs(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    stored = _stored_columns(connection, table.name)
    declared = _declared_columns(table)
    return bool(stored) and stored != declared


@cache
def _declared_columns(table: Table) -> dict[str, tuple[str, bool]]:
    """As DuckDB itself spells the types."""
    connection = duckdb.connect()
    try:
        connection.execute(create_table_sql(table))
        return _stored_columns(connection, table.name)
    finally:
        connection.close()


def _rebuild(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """The table with its declared columns and its old rows; a new column is NULL in them, or the empty value."""
    stored = _stored_columns(connection, table.name)
    old = quoted(f"{table.name} before")
    connection.execute(f"ALTER TABLE {quoted(table.name)} RENAME TO {old}")
    connection.execute(create_table_sql(table))
    values = []
    for column in table.columns:
        if column.name in stored:
            values.append(f"TRY_CAST({quoted(column.name)} AS {column.type})")
        else:
            values.append("NULL" if column.nullable else f"TRY_CAST({_empty(column.type)} AS {column.type})")
    connection.execute(f"INSERT INTO {quoted(table.name)} SELECT {', '.join(values)} FROM {old}")
    connection.execute(f"DROP TABLE {old}")


def _empty(kind: str) -> str:
    return "''" if kind.startswith(("VARCHAR", "BLOB")) else "'[]'" if kind.endswith("]") else "0"
