"""From the contract to DDL: tables, views and a COMMENT on every one of them and of their columns."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.schema import Table, View
from thermal_assets.warehouse.views import VIEWS

#: Lists take the place of arrays where vectors of lenses of different length stand in one table; what people know by
#: the names of DuckDB's array functions works on both.
VECTOR_MACROS = tuple(
    f"CREATE OR REPLACE MACRO array_{name}(a, b) AS list_{name}(a, b)"
    for name in ("distance", "inner_product", "negative_inner_product", "cosine_similarity", "cosine_distance")
)


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def create_table_sql(table: Table, name: str | None = None) -> str:
    """CREATE TABLE IF NOT EXISTS for ``table``, under ``name`` if given."""
    columns = ", ".join(f"{quoted(c.name)} {c.type}{'' if c.nullable else ' NOT NULL'}" for c in table.columns)
    return f"CREATE TABLE IF NOT EXISTS {quoted(name or table.name)} ({columns})"


def comment_sql(item: Table | View) -> list[str]:
    """COMMENT statements for a table or view and its columns (DuckDB keeps column comments on views too)."""
    kind = "TABLE" if isinstance(item, Table) else "VIEW"
    key = f" Key: {', '.join(item.key)}." if isinstance(item, Table) else ""
    statements = [f"COMMENT ON {kind} {quoted(item.name)} IS {literal(item.description + key)}"]
    statements += [
        f"COMMENT ON COLUMN {quoted(item.name)}.{quoted(column.name)} IS {literal(column.comment)}"
        for column in item.columns
    ]
    return statements


def create_schema(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[Table] | None = None,
    views: Iterable[View] | None = None,
) -> None:
    """Create every table and view of the contract that is not there yet, with comments."""
    for table in TABLES.values() if tables is None else tables:
        connection.execute(create_table_sql(table))
        for statement in comment_sql(table):
            connection.execute(statement)
    for view in VIEWS.values() if views is None else views:
        connection.execute(f"CREATE OR REPLACE VIEW {quoted(view.name)} AS {view.sql}")
        for statement in comment_sql(view):
            connection.execute(statement)
