"""How a class changes with distance and over time, and which labels contradict their surroundings."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_dataset, run_partitions, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.partitions import class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.drift import materialize_distance_drift, materialize_time_drift
from thermal_assets.steps.labels import materialize_batch_drift, materialize_label_conflicts

GROUP = "08_drift"


@dg.asset(
    group_name=GROUP,
    partitions_def=class_partitions,
    deps=["file_manifest", "class_densities"],
    **table_spec("distance_drift"),
)
def distance_drift(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_partitions(context, home, materialize_distance_drift)


@dg.asset(
    group_name=GROUP,
    partitions_def=class_partitions,
    deps=["file_manifest", "class_densities", "l2_embeddings", "l3_projection"],
    **table_spec("time_drift"),
)
def time_drift(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_partitions(context, home, materialize_time_drift)


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "l2_embeddings", "l3_projection", "duplicates"],
    automation_condition=DATASET_STAGE,
    **table_spec("batch_drift"),
)
def batch_drift(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_batch_drift)


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "l2_embeddings", "l3_projection", "duplicates"],
    automation_condition=DATASET_STAGE,
    **table_spec("label_conflicts"),
)
def label_conflicts(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_label_conflicts)
