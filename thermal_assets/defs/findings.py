"""What is wrong with the data set, worst first."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_dataset, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.findings import MEASURED, materialize_findings


@dg.asset(
    group_name="09_findings",
    deps=list(MEASURED),
    automation_condition=DATASET_STAGE,
    **table_spec("findings", note="Judged by the thresholds and waivers of the profile."),
)
def findings(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_findings)
