"""What annotation files say about the images."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_partitions, table_spec
from thermal_assets.defs.partitions import class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.annotations import materialize_annotations


@dg.asset(
    group_name="02_l1_hygiene",
    partitions_def=class_partitions,
    deps=["file_manifest", "channel_stats"],
    **table_spec(
        "annotations",
        note="AI Hub JSON and COCO, beside the images or in the folder that home.toml names; no rows where there is "
        "neither. Files of unchanged size and modification time are not read again. Contradictions with names, "
        "folders and pixels are in annotation_problems.",
    ),
)
def annotations(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_partitions(context, home, materialize_annotations)
