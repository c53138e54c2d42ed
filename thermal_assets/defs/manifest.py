"""Which classes there are, and every file of each."""

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG

from thermal_assets.defs.asset_kit import as_result, run_partitions, station, table_spec
from thermal_assets.defs.automation import DATASET_ROOT
from thermal_assets.defs.partitions import CLASS_PARTITIONS_NAME, class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.manifest import materialize_file_manifest

GROUP = "01_manifest"


@dg.asset(
    group_name=GROUP,
    automation_condition=DATASET_ROOT,
    **table_spec(
        "image_classes",
        "class_catalog",
        note="Root of the data-set stage, which begins with it after the last class that changed. A class whose "
        "folder is gone leaves with all its rows and its partition.",
    ),
)
def image_classes(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    with station(context, home) as opened:
        report, gone = materialize_image_classes(opened, context.run.run_id)
    known = set(context.instance.get_dynamic_partitions(CLASS_PARTITIONS_NAME))
    for partition in known.intersection(gone):
        context.instance.delete_dynamic_partition(CLASS_PARTITIONS_NAME, partition)
        context.log.info(f"the folder of {partition} is gone: its partition and all its rows have left")
        _cancel_queued(context, partition)
    return as_result(context, report)


def _cancel_queued(context: dg.AssetExecutionContext, partition: str) -> None:
    """Runs that wait in the queue for a class that has left would only fail."""
    filters = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED], tags={PARTITION_NAME_TAG: partition})
    for record in context.instance.get_run_records(filters):
        run = record.dagster_run
        context.instance.report_run_canceled(run, message=f"class {partition} has left: there is nothing to run")
        context.log.info(f"{run.job_name} of {partition} was waiting in the queue and is cancelled")


@dg.asset(
    group_name=GROUP,
    partitions_def=class_partitions,
    **table_spec(
        "file_manifest",
        note="Files of unchanged size and modification time are not read again. What cannot be used is in "
        "image_problems, with a reason.",
    ),
)
def file_manifest(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_partitions(context, home, materialize_file_manifest)
