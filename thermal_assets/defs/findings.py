"""What is wrong with the data set, worst first."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_dataset, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.findings import materialize_findings

MEASURED = [
    "image_classes",
    "file_manifest",
    "channel_stats",
    "class_pixel_stats",
    "class_densities",
    "class_outliers",
    "dataset_densities",
    "dataset_outliers",
    "outlier_persistence",
    "separation",
    "distance_drift",
    "time_drift",
    "batch_drift",
    "label_conflicts",
    "duplicates",
]


@dg.asset(
    group_name="l7_findings",
    deps=MEASURED,
    automation_condition=DATASET_STAGE,
    **table_spec("findings", note="Judged by the thresholds and waivers of the profile."),
)
def findings(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_findings)
