"""Nearest neighbours and densities, inside each class and across the data set, each pair from one pass."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from thermal_assets.defs.asset_kit import as_result, run_partition_steps, station, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.partitions import class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.class_neighborhood import materialize_class_neighborhood
from thermal_assets.steps.dataset_neighborhood import materialize_dataset_neighborhood

GROUP = "05_neighbors"


class NeighborConfig(dg.Config):
    """Config of neighbours and densities."""

    k: int = Field(10, description="Neighbours behind a density", ge=1, le=100)


class DatasetNeighborConfig(NeighborConfig):
    """Config of neighbours across the data set."""

    l2_exact_up_to: int | None = Field(
        None,
        description="Up to this many images L2 is searched exactly across the data set; beyond, as l2_beyond in "
        "home.toml says: in a reference sample of this size, or approximately, and the table says so. "
        "Left out: the number in home.toml (60,000)",
        ge=1,
    )


@dg.multi_asset(
    name="class_neighborhood",
    partitions_def=class_partitions,
    pool="neighbors",
    specs=[
        dg.AssetSpec(
            "class_neighbors",
            deps=["file_manifest", "l2_embeddings", "l3_projection"],
            group_name=GROUP,
            **table_spec("class_neighbors", kinds={"pytorch"}),
        ),
        dg.AssetSpec(
            "class_densities",
            deps=["file_manifest", "class_neighbors"],
            group_name=GROUP,
            **table_spec("class_densities"),
        ),
    ],
)
def class_neighborhood(
    context: dg.AssetExecutionContext, home: HomeResource, config: NeighborConfig
) -> Iterator[dg.MaterializeResult]:
    yield from run_partition_steps(
        context,
        home,
        lambda opened, run_id, partition: materialize_class_neighborhood(opened, run_id, partition, config.k).values(),
    )


@dg.multi_asset(
    name="dataset_neighborhood",
    pool="neighbors",
    specs=[
        dg.AssetSpec(
            "dataset_neighbors",
            deps=["image_classes", "file_manifest", "l2_embeddings", "l3_projection"],
            group_name=GROUP,
            automation_condition=DATASET_STAGE,
            **table_spec("dataset_neighbors", kinds={"pytorch"}),
        ),
        dg.AssetSpec(
            "dataset_densities",
            deps=["file_manifest", "dataset_neighbors"],
            group_name=GROUP,
            automation_condition=DATASET_STAGE,
            **table_spec("dataset_densities"),
        ),
    ],
)
def dataset_neighborhood(
    context: dg.AssetExecutionContext, home: HomeResource, config: DatasetNeighborConfig
) -> Iterator[dg.MaterializeResult]:
    with station(context, home) as opened:
        reports = materialize_dataset_neighborhood(opened, context.run.run_id, config.k, config.l2_exact_up_to)
    yield from (as_result(context, report) for report in reports.values())
