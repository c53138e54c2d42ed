"""How a materialization runs: skip what is unchanged, compute outside the warehouse, commit in one transaction.

Every asset has a version, a hash of what its rows depend on. A step reads the versions of its
upstream assets, compares the hash of everything it would depend on with the one stored, and
returns at once if they agree. Otherwise it computes without holding the warehouse, then checks in
the writing transaction that nothing upstream moved meanwhile, and writes rows, versions and the
run log together. A kill at any moment leaves the old state or the new one.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import polars as pl

from thermal_assets.errors import WarehouseLocked
from thermal_assets.home.layout import Home
from thermal_assets.warehouse.rows import first_row
from thermal_assets.warehouse.transaction import Transaction, Written

ALL_PARTITIONS = "*"


class StaleInput(WarehouseLocked):
    """An upstream asset was written while this step computed; worth a retry."""


@dataclass(frozen=True)
class Slice:
    """Rows that replace the slice ``where`` of ``table``."""

    table: str
    frame: pl.DataFrame
    where: Mapping[str, Any] | None = None
    append: bool = False


@dataclass(frozen=True)
class VectorSlice:
    """Like ``Slice`` for vector tables: see ``Transaction.replace_vectors``.

    ``blocks`` gets the wanted rows that are not stored yet and yields full rows for them.
    """

    table: str
    wanted: pl.DataFrame
    blocks: Callable[[pl.DataFrame], Iterable[pl.DataFrame]]
    where: Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """What one asset writes.

    ``version`` overrides the hash of the inputs where the content itself is hashed. ``also`` runs in
    the same transaction; if it writes the rows of the asset itself, it returns their number.
    ``incomplete`` makes the next run compute again though no input changed.
    """

    slices: Sequence[Slice | VectorSlice]
    lens_id: str = ""
    version: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    also: Callable[[Transaction], int | None] | None = None
    incomplete: bool = False


@dataclass(frozen=True)
class AssetPlan:
    """One asset of a step: its name, the version of its computation, and every parameter that decides its rows."""

    asset: str
    code_version: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    always: bool = False


@dataclass(frozen=True)
class StepReport:
    """What happened to one asset; becomes the metadata of its materialization."""

    asset: str
    status: str
    version: str
    rows: int
    written: int
    seconds: float
    lock_seconds: float
    lens_id: str
    metadata: Mapping[str, Any]


def peak_memory_mb() -> float:
    """Peak resident memory of this process, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def run_step(
    home: Home,
    run_id: str,
    plans: Sequence[AssetPlan],
    compute: Callable[[frozenset[str]], Mapping[str, Output]],
    *,
    partition: str = "",
    upstream: Sequence[tuple[str, str]] = (),
) -> dict[str, StepReport]:
    """Run one step for ``partition`` ('' = the whole data set).

    ``upstream`` lists (asset, partition); partition ``ALL_PARTITIONS`` means every one there is.
    ``compute`` gets the names of the assets that are due and returns their outputs.

    Raises:
        StaleInput: an upstream asset moved while computing; nothing was written.
    """
    started_at, started = datetime.now(UTC), time.monotonic()
    with home.warehouse.read() as connection:
        before = _upstream_versions(connection, upstream)
        manifest_version = _manifest_version(connection, partition)
        stored = {
            asset: (input_version, version, rows, lens_id)
            for asset, input_version, version, rows, lens_id in connection.execute(
                "SELECT asset, input_version, version, rows, lens_id FROM asset_versions WHERE partition = ?",
                [partition],
            ).fetchall()
        }
    inputs = {plan.asset: fingerprint(plan.asset, plan.code_version, dict(plan.parameters), before) for plan in plans}
    due = frozenset(
        plan.asset for plan in plans if plan.always or stored.get(plan.asset, ("",))[0] != inputs[plan.asset]
    )
    outputs = compute(due) if due else {}
    missing = due - outputs.keys()
    if missing:
        raise RuntimeError(f"the step gave no output for {sorted(missing)}")
    reports: dict[str, StepReport] = {}
    pending = _missing_vectors(home, outputs)
    with home.warehouse.write() as transaction:
        if _upstream_versions(transaction.connection, upstream) != before:
            raise StaleInput(f"the inputs of {plans[0].asset} {partition} changed while it ran: run it again")
        for plan in plans:
            output = outputs.get(plan.asset)
            if output is None:
                _, version, rows, lens_id = stored[plan.asset]
                written, status = Written(0, 0, rows), "unchanged"
            else:
                written = _write(transaction, output, pending)
                version, lens_id, status = output.version or inputs[plan.asset], output.lens_id, "written"
                transaction.replace(
                    "asset_versions",
                    pl.DataFrame(
                        {
                            "asset": [plan.asset],
                            "partition": [partition],
                            "version": [version],
                            "input_version": ["" if output.incomplete else inputs[plan.asset]],
                            "manifest_version": [version if plan.asset == "file_manifest" else manifest_version],
                            "lens_id": [lens_id],
                            "rows": [written.rows],
                            "run_id": [run_id],
                            "written_at": [datetime.now(UTC)],
                        }
                    ),
                    {"asset": plan.asset, "partition": partition},
                )
            seconds = time.monotonic() - started
            transaction.append(
                "run_log",
                pl.DataFrame(
                    {
                        "run_id": [run_id],
                        "asset": [plan.asset],
                        "partition": [partition],
                        "status": [status],
                        "code_version": [plan.code_version],
                        "input_version": [inputs[plan.asset]],
                        "parameters": [json.dumps(dict(plan.parameters), sort_keys=True, default=str)],
                        "rows": [written.rows],
                        "rows_written": [written.inserted + written.deleted],
                        "started_at": [started_at],
                        "seconds": [seconds],
                        "lock_seconds": [transaction.held_seconds],
                        "peak_memory_mb": [peak_memory_mb()],
                    }
                ),
            )
            reports[plan.asset] = StepReport(
                plan.asset,
                status,
                version,
                written.rows,
                written.inserted + written.deleted,
                seconds,
                transaction.held_seconds,
                lens_id,
                output.metadata if output else {},
            )
    return reports


def fingerprint(*parts: Any) -> str:
    """Hash of JSON-serialisable ``parts``."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True, default=str).encode(), digest_size=12).hexdigest()


def _upstream_versions(connection: duckdb.DuckDBPyConnection, upstream: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Sorted [asset, partition, version] of everything upstream."""
    found: list[list[str]] = []
    for asset, partition in upstream:
        query = "SELECT asset, partition, version FROM asset_versions WHERE asset = ?"
        values = [asset]
        if partition != ALL_PARTITIONS:
            query += " AND partition = ?"
            values.append(partition)
        found += [list(row) for row in connection.execute(query, values).fetchall()]
    return sorted(found)


def _manifest_version(connection: duckdb.DuckDBPyConnection, partition: str) -> str:
    if partition:
        row = first_row(
            connection,
            "SELECT version FROM asset_versions WHERE asset = 'file_manifest' AND partition = ?",
            [partition],
        )
        return row[0] if row else ""
    return fingerprint(_upstream_versions(connection, [("file_manifest", ALL_PARTITIONS)]))


def _missing_vectors(home: Home, outputs: Mapping[str, Output]) -> dict[int, list[pl.DataFrame]]:
    """Gather, before the write lock is taken, the vectors that the tables do not hold yet."""
    gathered: dict[int, list[pl.DataFrame]] = {}
    for output in outputs.values():
        for item in output.slices:
            if isinstance(item, VectorSlice):
                condition = " AND ".join(f'"{name}" = ?' for name in item.where)
                present = home.warehouse.frame(
                    f"SELECT {', '.join(item.wanted.columns)} FROM {item.table} WHERE {condition}",
                    list(item.where.values()),
                )
                gathered[id(item)] = list(item.blocks(item.wanted.join(present, on=item.wanted.columns, how="anti")))
    return gathered


def _write(transaction: Transaction, output: Output, gathered: Mapping[int, list[pl.DataFrame]]) -> Written:
    total = Written(0, 0, 0)
    for item in output.slices:
        if isinstance(item, VectorSlice):
            done = transaction.replace_vectors(item.table, item.wanted, gathered[id(item)], item.where)
        elif item.append:
            done = transaction.append(item.table, item.frame)
        else:
            done = transaction.replace(item.table, item.frame, item.where)
        # The rows of an asset are those of its first table; the others are its by-products.
        rows = done.rows if item.table == output.slices[0].table else 0
        total = total + Written(done.inserted, done.deleted, rows)
    if output.also is not None:
        own_rows = output.also(transaction)
        if own_rows is not None:
            total = Written(total.inserted, total.deleted, own_rows)
    return total
