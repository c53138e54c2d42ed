"""Temperatures of images, from sensors, annotations or the profile."""

import dagster as dg

from thermal_assets.defs.asset_kit import run_partitions, table_spec
from thermal_assets.defs.partitions import class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.temperatures import materialize_temperatures


@dg.asset(
    group_name="02_l1_hygiene",
    partitions_def=class_partitions,
    deps=["channel_stats", "annotations"],
    **table_spec(
        "temperatures",
        note="No image is decoded for it: the image pass kept where the pixels lie on the palette. The temperatures of "
        "its ends come from the file itself, else from the annotation, else from [temperature] in the profile; an image "
        "without them has no row. Limits that are broken are in table temperature_violations.",
    ),
)
def temperatures(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    return run_partitions(context, home, materialize_temperatures)
