"""``thermal-assets sql``: the queries of sql/ on a home's published copy."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from thermal_assets.cli.console import out
from thermal_assets.errors import UserError
from thermal_assets.home.layout import open_home
from thermal_assets.reports_sql.queries import list_queries, run_query


def run_sql(home: Path | None, name: str | None, parameters: list[str]) -> None:
    """Print the queries there are, or the rows of one.

    Raises:
        UserError: no home, nothing published, an unknown query or parameter.
    """
    if name is None:
        for query in list_queries():
            out.print(f"{query.name:32} {query.title}", highlight=False, markup=False)
        return
    if home is None:
        raise UserError("which home? Give --home DIR, or set THERMAL_ASSETS_HOME")
    opened = open_home(home)
    if not opened.published.exists():
        raise UserError(f"{opened.published} is not there yet: run a diagnosis first")
    values = {}
    for item in parameters:
        key, separator, value = item.partition("=")
        if not separator:
            raise UserError(f"--param {item}: write it as name=value")
        values[key] = value
    connection = duckdb.connect()
    try:
        _attach(connection, opened.published, opened.published_vectors)
        frame = run_query(connection, name, values)
    finally:
        connection.close()
    with pl.Config(
        tbl_rows=60, tbl_cols=30, fmt_str_lengths=60, tbl_width_chars=out.width, tbl_hide_dataframe_shape=True
    ):
        out.print(str(frame), highlight=False, markup=False, soft_wrap=True)


def _attach(connection: duckdb.DuckDBPyConnection, published: Path, vectors: Path) -> None:
    from thermal_assets.warehouse.ddl import literal

    connection.execute(f"ATTACH {literal(str(published))} AS published (READ_ONLY)")
    if vectors.exists():
        connection.execute(f"ATTACH {literal(str(vectors))} AS vectors (READ_ONLY)")
    # One search path: vector tables are found by their plain name too, as in warehouse.duckdb.
    connection.execute("SET search_path = 'published,vectors'" if vectors.exists() else "USE published")
