"""How a materialization runs: skip what is unchanged, compute outside the warehouse, commit in one transaction.

Every asset has a version, a hash of what its rows depend on. A step reads the versions of its
upstream assets, compares the hash of everything it would depend on with the one stored, and
returns at once if they agree. Otherwise it computes without holding the warehouse, then checks in
the writing transaction that nothing upstream moved meanwhile, and writes rows, versions and the
run log together. A kill at any moment leaves the old state or the new one.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from thermal_assets.errors import WarehouseLocked
from thermal_assets.home.layout import Home
from thermal_assets.steps.outputs import AssetPlan, Output, StepReport, VectorSlice
from thermal_assets.steps.versions import fingerprint, manifest_version, upstream_versions
from thermal_assets.warehouse.transaction import Transaction, Written


class StaleInput(WarehouseLocked):
    """An upstream asset was written while this step computed; worth a retry."""


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
        before = upstream_versions(connection, upstream)
        manifest = manifest_version(connection, partition)
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
        if upstream_versions(transaction.connection, upstream) != before:
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
                            "manifest_version": [version if plan.asset == "file_manifest" else manifest],
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


def _missing_vectors(home: Home, outputs: Mapping[str, Output]) -> dict[int, pl.DataFrame]:
    """Find, before the write lock is taken, the rows whose vectors the tables do not hold yet.

    The vectors themselves, gigabytes in a large class, are read block by block while they are written.
    """
    absent: dict[int, pl.DataFrame] = {}
    for output in outputs.values():
        for item in output.slices:
            if isinstance(item, VectorSlice):
                condition = " AND ".join(f'"{name}" = ?' for name in item.where)
                present = home.warehouse.frame(
                    f"SELECT {', '.join(item.wanted.columns)} FROM {item.table} WHERE {condition}",
                    list(item.where.values()),
                )
                absent[id(item)] = item.wanted.join(present, on=item.wanted.columns, how="anti")
    return absent


def _write(transaction: Transaction, output: Output, absent: Mapping[int, pl.DataFrame]) -> Written:
    total = Written(0, 0, 0)
    for item in output.slices:
        if isinstance(item, VectorSlice):
            blocks = item.blocks(absent[id(item)])
            done = transaction.replace_vectors(item.table, item.wanted, blocks, item.where)
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
