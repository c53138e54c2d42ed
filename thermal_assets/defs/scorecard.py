"""The quality measures of the data set, and one figure over them."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_dataset, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.findings import MEASURED
from thermal_assets.steps.scorecard import materialize_scorecard


@dg.asset(
    group_name="09_findings",
    deps=[*MEASURED, "l3_lens"],
    automation_condition=DATASET_STAGE,
    **table_spec("scorecard", note="Bounds and weights stand in [scorecard] of the profile."),
)
def scorecard(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_scorecard)
