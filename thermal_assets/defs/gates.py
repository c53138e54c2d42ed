"""Gates: their table, and each of them as a check of the asset it says most about.

The checks stand on assets of the whole data set, also where they speak of every class: on a class
they would run with every class.
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from thermal_assets.defs.asset_kit import run_dataset, station, table_spec
from thermal_assets.defs.automation import DATASET_STAGE, WITH_GATES
from thermal_assets.defs.resources import HomeResource
from thermal_assets.gates.catalog import GATES
from thermal_assets.gates.gate import Gate
from thermal_assets.steps.findings import MEASURED
from thermal_assets.steps.gates import judged_gates, materialize_gate_results, stored_by_run


@dg.asset(
    group_name="09_findings",
    deps=["findings", "l2_embeddings", "l3_projection", *MEASURED],
    automation_condition=DATASET_STAGE,
    **table_spec("gate_results", note="Bounds and severities stand in [gates] of the profile, waivers in [[waivers]]."),
)
def gate_results(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_gate_results)


def _spec(gate: Gate) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        gate.name,
        asset=gate.asset,
        additional_deps=["gate_results"],
        description=f"{gate.title}: at most {gate.at_most:g}, {gate.severity.upper()} unless the profile says otherwise. "
        f"{gate.why}",
        automation_condition=WITH_GATES,
    )


@dg.multi_asset_check(name="gates", specs=[_spec(gate) for gate in GATES.values()], can_subset=True)
def gates(context: dg.AssetCheckExecutionContext, home: HomeResource) -> Iterator[dg.AssetCheckResult]:
    with station(context, home) as opened:
        judged = stored_by_run(opened, context.run.run_id)
        if judged is None:  # asked for on its own: as things are now
            judged = judged_gates(opened)
    for key in sorted(context.selected_asset_check_keys, key=lambda key: key.name):
        row = judged.row(by_predicate=pl.col("gate") == key.name, named=True)
        yield dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=row["status"] != "failed",
            severity=dg.AssetCheckSeverity.ERROR if row["severity"] == "ERROR" else dg.AssetCheckSeverity.WARN,
            description=row["statement"],
            metadata={
                name: row[name] for name in ("status", "value", "at_most", "waiver", "why") if row[name] is not None
            }
            | {"evidence": dg.MetadataValue.md(f"```sql\n{row['evidence_sql']}\n```")},
        )
