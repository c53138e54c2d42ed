"""L3: the lens fitted on the data set, and every image seen through it."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_dataset, run_partitions, table_spec
from thermal_assets.defs.partitions import class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.projection import materialize_l3_lens, materialize_l3_projection

GROUP = "04_l3_projection"


@dg.asset(
    group_name=GROUP,
    deps=["l2_embeddings"],
    **table_spec(
        "l3_lens",
        "lenses",
        kinds={"scikitlearn"},
        note="Fitted on purpose, never by a refresh: shown as unsynced it only means 'not refitted since'. "
        "A refit comes into force once every class has been measured through it.",
    ),
)
def l3_lens(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_dataset(context, home, materialize_l3_lens)


@dg.asset(
    group_name=GROUP,
    partitions_def=class_partitions,
    deps=["l2_embeddings", "l3_lens"],
    **table_spec("l3_projection"),
)
def l3_projection(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_partitions(context, home, materialize_l3_projection)
