"""What a model could learn by mistake, and what to do about the collection."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_dataset, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.collection_plan import materialize_collection_plan
from thermal_assets.steps.domains import materialize_distance_groups, materialize_domain_drift
from thermal_assets.steps.run_drift import materialize_run_drift
from thermal_assets.steps.shortcut_audit import materialize_shortcut_audit

GROUP = "08_drift"


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "channel_stats", "duplicates"],
    automation_condition=DATASET_STAGE,
    **table_spec(
        "shortcut_audit",
        note="An AUC far above 0.5 means that a model can score well without looking at the object.",
    ),
)
def shortcut_audit(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_shortcut_audit)


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "l3_projection"],
    automation_condition=DATASET_STAGE,
    **table_spec("domain_drift"),
)
def domain_drift(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_domain_drift)


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "l3_projection"],
    automation_condition=DATASET_STAGE,
    **table_spec("distance_groups"),
)
def distance_groups(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_distance_groups)


@dg.asset(
    group_name=GROUP,
    deps=[
        "image_classes",
        "file_manifest",
        "channel_stats",
        "l3_projection",
        "class_densities",
        "separation",
        "duplicates",
    ],
    automation_condition=DATASET_STAGE,
    **table_spec("run_drift", note="After a sensor refresh it says whether the new delivery is different."),
)
def run_drift(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_run_drift)


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "l3_projection", "duplicates"],
    automation_condition=DATASET_STAGE,
    **table_spec("collection_plan"),
)
def collection_plan(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_collection_plan)
