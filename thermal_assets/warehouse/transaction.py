"""What a write transaction can do: replace a slice of a table by touching only the rows that differ."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from thermal_assets.errors import UserError
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.ddl import quoted
from thermal_assets.warehouse.rows import first_row
from thermal_assets.warehouse.schema import Table


@dataclass(frozen=True)
class Written:
    """What a write did: rows inserted, rows deleted, rows of the slice afterwards."""

    inserted: int
    deleted: int
    rows: int

    def __add__(self, other: Written) -> Written:
        return Written(self.inserted + other.inserted, self.deleted + other.deleted, self.rows + other.rows)


class Transaction:
    """An open write transaction of a ``Warehouse``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, entered: float) -> None:
        self.connection = connection
        self._entered = entered

    @property
    def held_seconds(self) -> float:
        """How long the warehouse has been held by this transaction."""
        return time.monotonic() - self._entered

    def replace(self, table_name: str, frame: pl.DataFrame, where: Mapping[str, Any] | None = None) -> Written:
        """Make the slice ``where`` (column = value) of a table equal ``frame``; rows that agree stay untouched.

        ``frame`` has the table's columns, in any order; the keys must be unique.
        """
        table = TABLES[table_name]
        self._check(table, frame)
        self._stage(table, frame)
        deciding = [name for name in table.compare or table.column_names if name not in table.restated]
        compare = ", ".join(quoted(name) for name in deciding)
        deleted = self._delete_unless(table, f"SELECT {compare} FROM staged", compare, where)
        self._restate(table)
        return self._insert_staged(table, deleted, where)

    def replace_vectors(
        self,
        table_name: str,
        wanted: pl.DataFrame,
        blocks: Iterable[pl.DataFrame],
        where: Mapping[str, Any],
    ) -> Written:
        """Make the slice ``where`` of a vector table hold exactly the rows ``wanted``.

        ``wanted`` has the table's ``compare`` columns for every row of the slice; ``blocks`` brings
        full rows for (at least) those that the table does not hold yet. Vectors already stored are
        neither read nor written.
        """
        table = TABLES[table_name]
        compare = ", ".join(quoted(name) for name in table.compare)
        self.connection.register("wanted_rows", wanted.select(table.compare).to_arrow())
        types = {c.name: c.type for c in table.columns}
        casts = ", ".join(f"CAST({quoted(n)} AS {types[n]}) AS {quoted(n)}" for n in table.compare)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE wanted AS SELECT {casts} FROM wanted_rows")
        self.connection.unregister("wanted_rows")
        deleted = self._delete_unless(table, f"SELECT {compare} FROM wanted", compare, where)
        inserted = self._insert_streamed(table, blocks, where)
        condition, values = _condition(where)
        rows = int(self.one(f"SELECT count(*) FROM {quoted(table.name)} WHERE {condition}", values))
        if rows != wanted.height:
            raise UserError(
                f"{table.name} would have {rows} rows where {wanted.height} are due: "
                "its vectors changed meanwhile; start again"
            )
        return Written(inserted, deleted, rows)

    def _insert_streamed(self, table: Table, blocks: Iterable[pl.DataFrame], where: Mapping[str, Any]) -> int:
        """Insert the rows of ``blocks`` that are not there yet; returns how many.

        One statement, so that DuckDB writes them to the disk as they come: what many statements insert
        stays in memory up to the commit.
        """
        stream = iter(blocks)
        first = next(stream, None)
        if first is None:
            return 0
        self._check(table, first)
        schema = first.to_arrow().schema

        def batches() -> Iterator[pa.RecordBatch]:
            yield from first.to_arrow().to_batches()
            for block in stream:
                self._check(table, block)
                yield from block.select(first.columns).to_arrow().cast(schema).to_batches()

        condition, values = _condition(where)
        key = ", ".join(quoted(name) for name in table.key)
        self.connection.register("streamed_rows", pa.RecordBatchReader.from_batches(schema, batches()))
        try:
            inserted = self.one(
                f"INSERT INTO {quoted(table.name)} BY NAME SELECT {_casts(table)} FROM streamed_rows "
                f"ANTI JOIN (SELECT {key} FROM {quoted(table.name)} WHERE {condition}) USING ({key})",
                values,
            )
        finally:
            self.connection.unregister("streamed_rows")
        return int(inserted)

    def append(self, table_name: str, frame: pl.DataFrame) -> Written:
        """Add the rows of ``frame`` to an append-only table."""
        table = TABLES[table_name]
        self._check(table, frame)
        self._stage(table, frame)
        self.connection.execute(f"INSERT INTO {quoted(table.name)} BY NAME SELECT * FROM staged")
        return Written(frame.height, 0, frame.height)

    def delete(self, table_name: str, where: Mapping[str, Any]) -> int:
        """Delete the slice ``where``; returns the number of rows deleted."""
        condition, values = _condition(where)
        return int(self.one(f"DELETE FROM {quoted(table_name)} WHERE {condition}", values))

    def one(self, query: str, parameters: list[Any] | None = None) -> Any:
        """The first value of the first row of ``query``, or None."""
        row = first_row(self.connection, query, parameters)
        return row[0] if row else None

    def _check(self, table: Table, frame: pl.DataFrame) -> None:
        missing = set(table.column_names) ^ set(frame.columns)
        if missing:
            raise ValueError(f"{table.name}: columns {sorted(missing)} are missing or unknown")
        if table.key and frame.select(table.key).is_duplicated().any():
            raise ValueError(f"{table.name}: the key {table.key} is not unique in the rows to be written")

    def _stage(self, table: Table, frame: pl.DataFrame) -> None:
        self.connection.register("staged_rows", frame.to_arrow())
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {_casts(table)} FROM staged_rows")
        self.connection.unregister("staged_rows")

    def _delete_unless(self, table: Table, kept: str, compare: str, where: Mapping[str, Any] | None) -> int:
        condition, values = _condition(where)
        key = ", ".join(quoted(name) for name in table.key)
        deleted = self.one(
            f"DELETE FROM {quoted(table.name)} WHERE {condition} AND ({key}) IN (SELECT ({key}) FROM "
            f"(SELECT {compare} FROM {quoted(table.name)} WHERE {condition} EXCEPT {kept}))",
            values + values,
        )
        return int(deleted)

    def _restate(self, table: Table) -> None:
        """Update the restated columns of the rows that stayed."""
        if table.restated:
            same = " AND ".join(f"stored.{quoted(name)} = staged.{quoted(name)}" for name in table.key)
            other = " OR ".join(
                f"stored.{quoted(name)} IS DISTINCT FROM staged.{quoted(name)}" for name in table.restated
            )
            values = ", ".join(f"{quoted(name)} = staged.{quoted(name)}" for name in table.restated)
            self.connection.execute(
                f"UPDATE {quoted(table.name)} AS stored SET {values} FROM staged WHERE {same} AND ({other})"
            )

    def _insert_staged(
        self, table: Table, deleted: int, where: Mapping[str, Any] | None, count: bool = True
    ) -> Written:
        condition, values = _condition(where)
        key = ", ".join(quoted(name) for name in table.key)
        inserted = self.one(
            f"INSERT INTO {quoted(table.name)} BY NAME SELECT * FROM staged "
            f"ANTI JOIN (SELECT {key} FROM {quoted(table.name)} WHERE {condition}) USING ({key})",
            values,
        )
        rows = 0
        if count:
            rows = int(self.one(f"SELECT count(*) FROM {quoted(table.name)} WHERE {condition}", values))
        self.connection.execute("DROP TABLE staged")
        return Written(int(inserted), deleted, rows)


def _casts(table: Table) -> str:
    return ", ".join(f"CAST({quoted(c.name)} AS {c.type}) AS {quoted(c.name)}" for c in table.columns)


def _condition(where: Mapping[str, Any] | None) -> tuple[str, list[Any]]:
    if not where:
        return "true", []
    return " AND ".join(f"{quoted(name)} = ?" for name in where), list(where.values())
