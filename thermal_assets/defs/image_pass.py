"""Everything that needs the pixels, from one decode: L1 statistics, class pictures, L2 embeddings."""

from collections.abc import Iterable, Iterator

import dagster as dg
from pydantic import Field

from thermal_assets.defs.asset_kit import run_partition_steps, table_spec
from thermal_assets.defs.partitions import class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.home.layout import Home
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.outputs import StepReport


class ImagePassConfig(dg.Config):
    """Config of the image pass."""

    lens: str = Field(
        "",
        description="L2 network: thermal_mobilenet, a torchvision classifier, random-...; empty: the lens in home.toml",
    )
    lens_weights: str = Field("", description="File with its weights, or a program (.pt, .pt2); empty: as in home.toml")
    workers: int = Field(0, description="Decoding workers; 0: as in home.toml, or one per core", ge=0)


@dg.multi_asset(
    name="image_pass",
    partitions_def=class_partitions,
    can_subset=True,
    pool="image_pass",
    specs=[
        dg.AssetSpec(
            "channel_stats",
            deps=["file_manifest"],
            group_name="02_l1_hygiene",
            skippable=True,
            **table_spec("channel_stats", kinds={"pillow"}),
        ),
        dg.AssetSpec(
            "class_pixel_stats",
            deps=["file_manifest"],
            group_name="02_l1_hygiene",
            skippable=True,
            **table_spec("class_pixel_stats", kinds={"pillow"}),
        ),
        dg.AssetSpec(
            "l2_embeddings",
            deps=["file_manifest"],
            group_name="03_l2_embeddings",
            skippable=True,
            **table_spec(
                "l2_embeddings",
                kinds={"pytorch"},
                note="The lens is the one in home.toml unless the config names another; rows of two lenses never mix.",
            ),
        ),
    ],
)
def image_pass(
    context: dg.AssetExecutionContext, home: HomeResource, config: ImagePassConfig
) -> Iterator[dg.MaterializeResult]:
    selected = frozenset(key.to_user_string() for key in context.selected_asset_keys)

    def steps(opened: Home, run_id: str, partition: str) -> Iterable[StepReport]:
        return materialize_image_pass(
            opened,
            run_id,
            partition,
            selected,
            lens_name=config.lens or None,
            lens_weights=config.lens_weights or None,
            workers=config.workers or None,
            log=context.log.info,
        ).values()

    yield from run_partition_steps(context, home, steps)
