"""What people take away: the report, and copies of the warehouse that readers may keep open."""

import dagster as dg

from thermal_assets.defs.asset_kit import OWNERS, run_dataset, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.findings import MEASURED
from thermal_assets.steps.published import materialize_published
from thermal_assets.steps.report import materialize_report
from thermal_assets.steps.sql_models import sql_project

GROUP = "11_reports"


@dg.asset(
    group_name=GROUP,
    deps=["findings", "scorecard", *MEASURED],
    automation_condition=DATASET_STAGE,
    description="One HTML file, report.html in the home: findings first, then the pictures and figures behind them.",
    owners=OWNERS,
    kinds={"html", "python"},
)
def report(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_report)


@dg.asset(
    group_name=GROUP,
    deps=[
        *sql_project().models,
        "findings",
        "gate_results",
        "scorecard",
        "l2_embeddings",
        "l3_projection",
        "class_neighbors",
        "dataset_neighbors",
        *MEASURED,
    ],
    automation_condition=DATASET_STAGE,
    **table_spec(
        "published",
        "publication",
        note="published.duckdb and published_vectors.duckdb in the home are swapped in whole: readers keep the copy they "
        "have open and never block the pipeline. A class between two states is shown at its last whole one.",
    ),
)
def published(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_published)
