"""The SQL models of dbt_like_reports/ as assets, their tests as asset checks, their columns with lineage."""

from collections.abc import Iterator

import dagster as dg

from thermal_assets.defs.asset_kit import OWNERS, result_metadata, station
from thermal_assets.defs.automation import DATASET_STAGE, ROOT
from thermal_assets.defs.resources import HomeResource
from thermal_assets.reports_sql.model import Model, ModelTest
from thermal_assets.steps.sql_models import assets_read_by, lineage_of, materialize_sql_models, sql_project
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.views import VIEWS

GROUP = "10_sql_models"
_SEVERITY = {"error": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def _spec(model: Model) -> dg.AssetSpec:
    columns = [dg.TableColumn(name=column.name, description=column.description) for column in model.columns]
    return dg.AssetSpec(
        model.name,
        # A model that reads no table goes with the stage all the same.
        deps=assets_read_by(model) or [ROOT],
        description=model.description,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"duckdb", "sql"},
        automation_condition=DATASET_STAGE,
        skippable=True,
        metadata={
            "dagster/table_name": f"warehouse.main.{model.name}",
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "materialized": model.materialized,
        },
    )


def _check(test: ModelTest, model: str) -> dg.AssetCheckSpec:
    about = f"column {test.column}" if test.column else "rows"
    return dg.AssetCheckSpec(name=test.name, asset=model, description=f"{test.kind} of {about}")


def _lineage(name: str) -> dg.TableColumnLineage | None:
    """Column lineage; a column of a view is traced to the first table behind it, since assets are tables."""
    models = sql_project().models
    deps = {}
    for column, origins in lineage_of(name).items():
        found: dict[tuple[str, str], dg.TableColumnDep] = {}
        for table, origin in origins:
            base = VIEWS[table].reads[0] if table in VIEWS else table
            asset = table if table in models else TABLES[base].owner if base in TABLES else None
            if asset and not asset.startswith("("):  # two views may stand on one table
                found[asset, origin] = dg.TableColumnDep(asset_key=asset, column_name=origin)
        deps[column] = list(found.values())
    return dg.TableColumnLineage(deps_by_column=deps) if deps else None


@dg.multi_asset(
    name="sql_models",
    can_subset=True,
    specs=[_spec(model) for model in sql_project().models.values()],
    check_specs=[_check(test, name) for name, model in sql_project().models.items() for test in model.tests],
)
def sql_models(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    selected = frozenset(key.to_user_string() for key in context.selected_asset_keys)
    checks = {(key.asset_key.to_user_string(), key.name) for key in context.selected_asset_check_keys}
    with station(context, home) as opened:
        reports, checked = materialize_sql_models(opened, context.run.run_id, selected)
    for name, report in reports.items():
        metadata = result_metadata(report)
        lineage = _lineage(name)
        if lineage:
            metadata["dagster/column_lineage"] = lineage
        yield dg.MaterializeResult(asset_key=name, metadata=metadata, data_version=dg.DataVersion(report.version))
    for result in checked:
        if result.test.model and (result.test.model, result.test.name) in checks:
            yield dg.AssetCheckResult(
                asset_key=result.test.model,
                check_name=result.test.name,
                passed=result.passed,
                severity=_SEVERITY[result.test.severity],
                metadata={"failing_rows": result.failing_rows},
            )
