"""What every asset of this project has in common: how it is described, run, and reported in the UI."""

import contextlib
import errno
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG

from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME
from thermal_assets.defs.resources import HomeResource
from thermal_assets.errors import UserError, WarehouseLocked
from thermal_assets.home.layout import Home
from thermal_assets.progress import listening, log_every
from thermal_assets.steps.outputs import StepReport
from thermal_assets.warehouse.contract import TABLES

OWNERS = ["team:thermal-assets"]
LOG_SECONDS = 10.0
# Metadata of a failure that can pass without the user mending a setting; see ``run_outcomes``.
MAY_PASS = "can pass by itself"
_WITH_TABLES = {table.owner for table in TABLES.values()}
_LOCK_RETRIES = 5
_LOCK_WAIT_SECONDS = 15

PartitionStep = Callable[[Home, str, str], StepReport]
DatasetStep = Callable[[Home, str], StepReport]


def table_spec(asset: str, table: str | None = None, **extra: Any) -> dict[str, Any]:
    """Arguments for ``dg.asset`` and ``dg.AssetSpec`` that derive from the table the asset owns."""
    contract = TABLES[table or asset]
    columns = [
        dg.TableColumn(
            name=column.name,
            type=column.type,
            description=column.comment,
            constraints=dg.TableColumnConstraints(nullable=column.nullable),
        )
        for column in contract.columns
    ]
    metadata: dict[str, Any] = {
        "dagster/table_name": f"warehouse.main.{contract.name}",
        "dagster/column_schema": dg.TableSchema(columns=columns),
        **extra.pop("metadata", {}),
    }
    description = contract.description + (f"\n\n{extra.pop('note')}" if "note" in extra else "")
    return {
        "description": description,
        "metadata": metadata,
        "owners": OWNERS,
        "kinds": {"duckdb", "python", *extra.pop("kinds", ())},
        **extra,
    }


@contextlib.contextmanager
def step_errors() -> Iterator[None]:
    """Users' errors become one line in the UI; locks are retried, everything else of the user's is not."""
    try:
        yield
    except WarehouseLocked as error:
        raise dg.RetryRequested(max_retries=_LOCK_RETRIES, seconds_to_wait=_LOCK_WAIT_SECONDS) from error
    except UserError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        told = f"the disk is full ({error.filename or 'writing the home'}): free space and start again; nothing is lost"
        raise dg.Failure(description=told, metadata={MAY_PASS: True}, allow_retries=False) from None


@contextlib.contextmanager
def station(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, home: HomeResource) -> Iterator[Home]:
    """The opened home, with progress going to the step log and errors told in one line."""
    with step_errors(), listening(log_every(LOG_SECONDS, context.log.info)):
        yield home.open()


def result_metadata(report: StepReport, plot: bytes | None = None) -> dict[str, Any]:
    """What the UI shows of a materialization."""
    metadata: dict[str, Any] = {
        "status": report.status,
        "seconds": round(report.seconds, 3),
        "warehouse_held_seconds": round(report.lock_seconds, 3),
    }
    if report.rows or report.asset in _WITH_TABLES:  # a file has no rows
        metadata |= {"dagster/row_count": report.rows, "rows_written": report.written}
    if report.lens_id:
        metadata["lens"] = report.lens_id
    metadata.update(plain_metadata(report.metadata))
    if plot:
        metadata["plot"] = picture(plot)
    return metadata


def plain_metadata(values: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata values as Dagster takes them; bytes are PNG pictures, lists become JSON."""
    shown: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, bytes):
            shown[name] = picture(value)
        elif isinstance(value, list | dict):
            shown[name] = dg.MetadataValue.json(value)
        elif value is not None:
            shown[name] = value
    return shown


def picture(png: bytes) -> dg.MarkdownMetadataValue:
    """A PNG as markdown that the UI renders inline."""
    import base64

    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{base64.b64encode(png).decode()})")


def as_result(context: dg.AssetExecutionContext, report: StepReport, partition: str = "") -> dg.MaterializeResult:
    """The materialization of one asset. Where nothing was computed, plots and figures of the last one stay."""
    metadata = result_metadata(report)
    if report.status == "unchanged":
        metadata = {**_last_metadata(context.instance, report.asset, partition), **metadata}
    return dg.MaterializeResult(asset_key=report.asset, metadata=metadata, data_version=dg.DataVersion(report.version))


def _last_metadata(instance: dg.DagsterInstance, asset: str, partition: str) -> dict[str, Any]:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[partition] if partition else None),
        limit=1,
    ).records
    last = records[0].asset_materialization if records else None
    return dict(last.metadata) if last else {}


def run_partitions(context: dg.AssetExecutionContext, home: HomeResource, step: PartitionStep) -> dg.MaterializeResult:
    """Run ``step`` for the partition of this run; for a run over a range of partitions, for each in turn."""
    (result,) = run_partition_steps(context, home, lambda *arguments: [step(*arguments)])
    return result


def _require_partition(context: dg.AssetExecutionContext) -> None:
    """A run that was queued while its class left has nothing to do, and says so."""
    key = context.run.tags.get(PARTITION_NAME_TAG)
    if key is not None and not context.instance.has_dynamic_partition(CLASS_PARTITIONS_NAME, key):
        told = f"class {key} has left, its folder is gone: there is nothing to run"
        raise dg.Failure(told, allow_retries=False)


def run_partition_steps(
    context: dg.AssetExecutionContext,
    home: HomeResource,
    steps: Callable[[Home, str, str], Iterable[StepReport]],
) -> Iterator[dg.MaterializeResult]:
    """Like ``run_partitions`` for a step that writes several assets.

    In a run over a range, a class that fails does not stop the others; the run fails at its end.
    """
    with station(context, home) as opened:
        _require_partition(context)
        keys = context.partition_keys
        if len(keys) == 1:
            for report in steps(opened, context.run.run_id, keys[0]):
                yield as_result(context, report, keys[0])
            return
        done: dict[str, list[StepReport]] = {}
        failed: dict[str, str] = {}
        for key in keys:
            try:
                with step_errors():
                    done[key] = list(steps(opened, context.run.run_id, key))
            except dg.Failure as error:
                failed[key] = error.description or "failed"
                context.log.error(f"{key}: {failed[key]}")
    assets = {report.asset: None for reports in done.values() for report in reports}
    if failed:
        # The result of an asset would speak for the whole range, so each finished class is told by itself.
        for key, reports in done.items():
            for report in reports:
                metadata = result_metadata(report)
                context.log_event(dg.AssetMaterialization(report.asset, partition=key, metadata=metadata))
        told = "; ".join(f"{key}: {why}" for key, why in failed.items())
        raise dg.Failure(description=f"{len(failed)} of {len(keys)} classes failed: {told}", allow_retries=False)
    for key, reports in done.items():
        for report in reports:
            context.add_asset_metadata(result_metadata(report), asset_key=report.asset, partition_key=key)
    yield from (dg.MaterializeResult(asset_key=asset) for asset in assets)


def run_dataset(context: dg.AssetExecutionContext, home: HomeResource, step: DatasetStep) -> dg.MaterializeResult:
    """Run ``step`` once for the whole data set."""
    with station(context, home) as opened:
        return as_result(context, step(opened, context.run.run_id))
