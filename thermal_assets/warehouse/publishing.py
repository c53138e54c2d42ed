"""Copies of the warehouse for people: built beside, then swapped in whole.

Readers may keep ``published.duckdb`` open for as long as they like: they keep the copy they opened,
the pipeline never waits for them. Every class is shown at one whole state: a class whose tables
belong to different manifest versions just now keeps what was published last.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.temporary import remove_leftovers, temporary_prefix
from thermal_assets.warehouse.access import Warehouse
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.ddl import create_schema, create_table_sql, literal, quoted
from thermal_assets.warehouse.memory import bound_memory
from thermal_assets.warehouse.rows import first_row
from thermal_assets.warehouse.schema import Table

# The last asset of a class; a class is whole when all its assets carry the manifest version in force.
CLASS_ASSETS = (
    "file_manifest",
    "channel_stats",
    "annotations",
    "class_pixel_stats",
    "image_quality",
    "temperatures",
    "l2_embeddings",
    "l3_projection",
    "class_neighbors",
    "class_densities",
    "class_outliers",
    "distance_drift",
    "time_drift",
)


@dataclass(frozen=True)
class Publication:
    """What was published: classes at their newest state, classes kept at an older one, classes not shown yet.

    ``rows`` is table publication.
    """

    fresh: tuple[str, ...]
    kept: tuple[str, ...]
    waiting: tuple[str, ...]
    bytes: int
    lock_seconds: float
    rows: pl.DataFrame


def publish(
    warehouse: Warehouse,
    target: Path,
    finish: Callable[[duckdb.DuckDBPyConnection], object] | None = None,
    class_assets: tuple[str, ...] = CLASS_ASSETS,
) -> Publication:
    """Build ``target`` anew from the warehouse and swap it in; ``finish`` may add to the copy before.

    A class is whole when all of ``class_assets`` carry one manifest version.

    Raises:
        UserError: no room on the disk; the old copy stays.
    """
    with _replacing(target) as path:
        connection = bound_memory(duckdb.connect(str(path)))
        try:
            create_schema(connection, tables=_plain_tables(), views=[])
            old = _attach_old(connection, target)
            started = datetime.now(UTC)
            with warehouse.read_attached(connection, "live"):
                fresh, kept, waiting, versions = _states(connection, old, class_assets)
                for table in _plain_tables():
                    _copy(connection, table, fresh, kept)
            lock_seconds = (datetime.now(UTC) - started).total_seconds()
            for name in (*fresh, *kept):
                connection.execute(
                    "INSERT INTO publication VALUES (?, ?, ?, ?)", [name, versions[name], name in fresh, started]
                )
            if old:
                connection.execute("DETACH old")
            create_schema(connection, tables=[])
            if finish:
                finish(connection)
            rows = connection.sql("SELECT * FROM publication").pl()
            connection.execute("CHECKPOINT")
        finally:
            connection.close()
        size = path.stat().st_size
    return Publication(tuple(fresh), tuple(kept), tuple(waiting), size, lock_seconds, rows)


def publish_vectors(warehouse: Warehouse, target: Path) -> bool:
    """Rebuild the copy of the vector tables if any vector changed; returns whether it did.

    The warehouse is held for one class at a time.
    """
    with warehouse.read() as connection:
        rows = connection.execute(
            "SELECT asset, partition, version FROM asset_versions "
            "WHERE asset IN ('l2_embeddings', 'l3_projection') ORDER BY ALL"
        ).fetchall()
        classes = [name for (name,) in connection.execute("SELECT class_name FROM class_catalog ORDER BY 1").fetchall()]
        in_force = first_row(connection, "SELECT dimensions FROM lenses WHERE level = 'L2' AND in_force")
        length = in_force[0] if in_force else None
    state = repr((rows, length))
    if _vectors_state(target) == state:
        return False
    tables = [table for table in TABLES.values() if table.vectors]
    with _replacing(target) as path:
        connection = bound_memory(duckdb.connect(str(path)))
        try:
            for table in tables:
                connection.execute(create_table_sql(table))
            # One lens is in force, so one length holds for all, and an array of that length is checked.
            if length:
                connection.execute(f"ALTER TABLE l2_embeddings ALTER embedding TYPE FLOAT[{int(length)}]")
            for class_name in classes:
                with warehouse.read_attached(connection, "live"):
                    for table in tables:
                        name = quoted(table.name)
                        connection.execute(
                            f"INSERT INTO {name} BY NAME SELECT t.* FROM live.{name} t "
                            "JOIN live.lenses l ON l.lens_id = t.lens_id AND l.in_force WHERE t.class_name = ?",
                            [class_name],
                        )
            create_schema(connection, tables=tables, views=[])
            connection.execute("CREATE TABLE vector_state (state VARCHAR)")
            connection.execute("INSERT INTO vector_state VALUES (?)", [state])
            connection.execute("CHECKPOINT")
        finally:
            connection.close()
    return True


def _plain_tables() -> list[Table]:
    return [table for table in TABLES.values() if not table.vectors]


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A path beside ``target`` that takes its place when the block ends well, and leaves no trace when not."""
    remove_leftovers(target.parent, target.name)
    path = target.with_name(f"{temporary_prefix(target.name)}{uuid.uuid4().hex}")
    try:
        yield path
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.replace(target)
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        raise UserError(
            f"could not write {target}: {str(error).splitlines()[0]}. The copy published before stays; "
            "free space on its disk and materialize published again"
        ) from error
    finally:
        for leftover in (path, path.with_name(path.name + ".wal")):
            leftover.unlink(missing_ok=True)


def _attach_old(connection: duckdb.DuckDBPyConnection, target: Path) -> bool:
    """Attach the copy published before as ``old`` if it can be read and has today's tables."""
    if not target.exists():
        return False
    try:
        connection.execute(f"ATTACH {literal(str(target))} AS old (READ_ONLY)")
    except duckdb.Error:
        return False
    found = connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE database_name = 'old' GROUP BY 1"
    ).fetchall()
    columns = dict(found)
    if all(columns.get(table.name) == table.column_names for table in _plain_tables()):
        return True
    connection.execute("DETACH old")
    return False


def _states(
    connection: duckdb.DuckDBPyConnection, old: bool, class_assets: tuple[str, ...]
) -> tuple[list[str], list[str], list[str], dict[str, str]]:
    """Classes to copy from the warehouse, to keep from the old copy, and to leave out; manifest version of each."""
    rows = connection.execute(
        """
        SELECT c.class_name, any_value(v.manifest_version),
               count(v.asset) = len($assets) AND count(DISTINCT v.manifest_version) = 1 AS whole
        FROM live.class_catalog c
        LEFT JOIN live.asset_versions v ON v.partition = c.partition_key AND list_contains($assets, v.asset)
        GROUP BY 1 ORDER BY 1
        """,
        {"assets": list(class_assets)},
    ).fetchall()
    before = (
        dict(connection.execute("SELECT class_name, manifest_version FROM old.publication").fetchall()) if old else {}
    )
    fresh = [name for name, _, whole in rows if whole]
    kept = [name for name, _, whole in rows if not whole and name in before]
    waiting = [name for name, _, whole in rows if not whole and name not in before]
    versions = {name: version for name, version, whole in rows if whole}
    versions |= {name: before[name] for name in kept}
    return fresh, kept, waiting, versions


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, fresh: list[str], kept: list[str]) -> None:
    """Copy one table: rows of whole classes from the warehouse, of the others from the old copy."""
    name = quoted(table.name)
    if table.name == "publication":
        return
    per_class = table.owner in CLASS_ASSETS and "class_name" in table.column_names and not table.append_only
    if not per_class:
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM live.{name}")
        return
    connection.execute(
        f"INSERT INTO {name} BY NAME SELECT * FROM live.{name} WHERE list_contains(?, class_name)", [fresh]
    )
    if kept:
        connection.execute(
            f"INSERT INTO {name} BY NAME SELECT * FROM old.{name} WHERE list_contains(?, class_name)", [kept]
        )


def _vectors_state(target: Path) -> str | None:
    if not target.exists():
        return None
    try:
        connection = duckdb.connect(str(target), read_only=True)
    except duckdb.Error:
        return None
    try:
        row = first_row(connection, "SELECT state FROM vector_state")
        return str(row[0]) if row else None
    except duckdb.Error:
        return None
    finally:
        connection.close()
