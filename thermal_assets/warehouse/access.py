"""Opening the warehouse: short reads and short write transactions, both in line behind one lock."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.ddl import literal, quoted
from thermal_assets.warehouse.lock import connect, exclusive
from thermal_assets.warehouse.transaction import Transaction
from thermal_assets.warehouse.upgrade import bring_up_to_date, schema_fingerprint

DEFAULT_TIMEOUT_SECONDS = 120.0
TIMEOUT_VARIABLE = "THERMAL_ASSETS_LOCK_TIMEOUT"


class Warehouse:
    """The DuckDB file ``path`` of one home.

    Compute outside, then ``read`` or ``write`` for as short as possible: the lock is held from
    entering to leaving the ``with`` block.
    """

    def __init__(self, path: Path, timeout: float | None = None) -> None:
        """``timeout``: seconds to wait for the lock; None: THERMAL_ASSETS_LOCK_TIMEOUT, or 120."""
        self.path = path
        self.timeout = timeout if timeout is not None else _timeout_from_environment()

    def create(self) -> None:
        """Make the file with every table and view of the contract, or bring an older one up to date."""
        with exclusive(self.path, self.timeout):
            connection = connect(self.path, read_only=False, timeout=self.timeout)
            try:
                bring_up_to_date(connection)
            finally:
                connection.close()
            self._stamp.write_text(schema_fingerprint())

    def bring_up_to_date(self) -> None:
        """After an update of the program: give an existing file the tables declared now; else one small read."""
        if not self.path.exists():
            return
        try:
            current = self._stamp.read_text() == schema_fingerprint()
        except OSError:
            current = False
        if not current:
            self.create()

    @property
    def _stamp(self) -> Path:
        """Which declarations the file follows, so that opening a home need not open the database."""
        return self.path.with_name(f"{self.path.name}.schema")

    @contextlib.contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection. Fetch what you need and leave; do not compute inside.

        Raises:
            UserError: the file is not there. WarehouseLocked: held by another process.
        """
        if not self.path.exists():
            raise UserError(f"there is no warehouse at {self.path}: make a home first (thermal-assets init DIR)")
        with exclusive(self.path, self.timeout):
            connection = connect(self.path, read_only=True, timeout=self.timeout)
            try:
                yield connection
            finally:
                connection.close()

    @contextlib.contextmanager
    def read_attached(self, connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[None]:
        """Attach the warehouse to another database's ``connection`` as ``name``, read-only, inside the block."""
        with exclusive(self.path, self.timeout):
            # Opening it once on its own waits for a foreign holder and names it; ATTACH would only fail.
            connect(self.path, read_only=True, timeout=self.timeout).close()
            connection.execute(f"ATTACH {literal(str(self.path))} AS {quoted(name)} (READ_ONLY)")
            try:
                yield
            finally:
                connection.execute(f"DETACH {quoted(name)}")

    @contextlib.contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Raises:
            UserError: the disk is full; the warehouse is as it was before.
        """
        if not self.path.exists():
            raise UserError(f"there is no warehouse at {self.path}: make a home first (thermal-assets init DIR)")
        with exclusive(self.path, self.timeout):
            entered = time.monotonic()
            connection = connect(self.path, read_only=False, timeout=self.timeout)
            try:
                connection.execute("BEGIN TRANSACTION")
                try:
                    yield Transaction(connection, entered)
                    connection.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(duckdb.Error):
                        connection.execute("ROLLBACK")
                    raise
            except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
                text = str(error).splitlines()[0]
                raise UserError(
                    f"could not write {self.path}: {text}. Nothing was changed; free space on its disk and start again"
                ) from error
            finally:
                with contextlib.suppress(duckdb.Error):
                    connection.close()

    def frame(self, query: str, parameters: list[Any] | None = None) -> pl.DataFrame:
        """The rows of ``query``, fetched under the lock."""
        with self.read() as connection:
            return connection.sql(query, params=parameters).pl()


def _timeout_from_environment() -> float:
    text = os.environ.get(TIMEOUT_VARIABLE, "")
    try:
        return float(text) if text else DEFAULT_TIMEOUT_SECONDS
    except ValueError:
        raise UserError(f"{TIMEOUT_VARIABLE} is {text!r}: give a number of seconds") from None


@cache
def empty_frame(table: str) -> pl.DataFrame:
    """A frame of contract table ``table`` with its columns, polars types and no rows."""
    connection = duckdb.connect()
    try:
        columns = ", ".join(f'CAST(NULL AS {c.type}) AS "{c.name}"' for c in TABLES[table].columns)
        return connection.sql(f"SELECT {columns} LIMIT 0").pl()
    finally:
        connection.close()
