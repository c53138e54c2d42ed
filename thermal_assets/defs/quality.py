"""Which images are unusual for their class and distance."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_partitions, table_spec
from thermal_assets.defs.partitions import class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.image_quality import materialize_image_quality


@dg.asset(
    group_name="02_l1_hygiene",
    partitions_def=class_partitions,
    deps=["file_manifest", "channel_stats"],
    **table_spec(
        "image_quality",
        note="Measures only: which of them are findings is judged by the thresholds of the profile. A class of fewer "
        "than 30 images or 5 sessions has no norm and no rows.",
    ),
)
def image_quality(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_partitions(context, home, materialize_image_quality)
