"""A private copy of the warehouse without vectors, for work that reads for longer than the lock may be held."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from thermal_assets.temporary import remove_leftovers, temporary_prefix
from thermal_assets.warehouse.access import Warehouse
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.ddl import create_schema, quoted
from thermal_assets.warehouse.memory import bound_memory

_LABEL = "snapshot"


@contextlib.contextmanager
def snapshot(
    warehouse: Warehouse, vectors: tuple[str, ...] = ("l3_projection",)
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a copy of every table and view; of the vector tables only ``vectors`` have rows.

    The warehouse is held while rows are copied, not while they are used. The copy lies beside the
    warehouse and goes when the block ends; that of a process that was killed goes with the next one.
    """
    remove_leftovers(warehouse.path.parent, _LABEL)
    with tempfile.TemporaryDirectory(dir=warehouse.path.parent, prefix=temporary_prefix(_LABEL)) as folder:
        connection = bound_memory(duckdb.connect(str(Path(folder) / "snapshot.duckdb")))
        try:
            create_schema(connection, views=[])
            with warehouse.read_attached(connection, "live"):
                for table in TABLES.values():
                    if not table.vectors or table.name in vectors:
                        name = quoted(table.name)
                        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM live.{name}")
            create_schema(connection, tables=[])
            yield connection
        finally:
            connection.close()
