"""Result frames with exactly the columns and types of a warehouse table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from thermal_assets.warehouse.contract import TABLES

_TYPES: dict[str, Any] = {
    "VARCHAR": pl.String,
    "BIGINT": pl.Int64,
    "INTEGER": pl.Int32,
    "DOUBLE": pl.Float64,
    "FLOAT": pl.Float32,
    "BOOLEAN": pl.Boolean,
    "VARCHAR[]": pl.List(pl.String),
    "BIGINT[]": pl.List(pl.Int64),
}


def table_frame(table: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """``rows`` as the frame of ``table``; a missing or surplus column is a KeyError, not a silent NULL."""
    schema = {column.name: _TYPES[column.type] for column in TABLES[table].columns}
    for row in rows:
        if row.keys() != schema.keys():
            raise KeyError(f"{table}: columns differ from the contract: {sorted(row.keys() ^ schema.keys())}")
    return pl.DataFrame([dict(row) for row in rows], schema=schema, orient="row")


def conform(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with the columns of ``table`` in their order and types; a missing column is an error."""
    schema = {column.name: _TYPES[column.type] for column in TABLES[table].columns}
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def finite(value: float | None) -> float | None:
    """None for None, NaN and infinity: the warehouse knows NULL only."""
    return None if value is None or not abs(value) < float("inf") else float(value)
