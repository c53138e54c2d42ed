"""Which images lie alone, and whether they still do at L3."""

import dagster as dg
from pydantic import Field

from thermal_assets.defs.asset_kit import as_result, run_partitions, station, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.partitions import class_partitions
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.outliers import materialize_class_outliers, materialize_dataset_outliers
from thermal_assets.steps.persistence import materialize_outlier_persistence

GROUP = "06_outliers"


class OutlierConfig(dg.Config):
    """Config of the outlier budget."""

    budget_images: int = Field(10, description="Images judged a class and side, at least", ge=0)
    budget_share: float = Field(0.002, description="Share of the class judged a side, if that is more", ge=0, le=0.5)


class PersistenceConfig(dg.Config):
    """Config of the comparison with chance."""

    projections: int = Field(20, description="Random projections that chance is measured with", ge=2)


@dg.asset(group_name=GROUP, partitions_def=class_partitions, deps=["class_densities"], **table_spec("class_outliers"))
def class_outliers(
    context: dg.AssetExecutionContext, home: HomeResource, config: OutlierConfig
) -> dg.MaterializeResult:
    return run_partitions(
        context,
        home,
        lambda opened, run_id, partition: materialize_class_outliers(
            opened, run_id, partition, config.budget_images, config.budget_share
        ),
    )


@dg.asset(
    group_name=GROUP,
    deps=["dataset_densities"],
    automation_condition=DATASET_STAGE,
    **table_spec("dataset_outliers"),
)
def dataset_outliers(
    context: dg.AssetExecutionContext, home: HomeResource, config: OutlierConfig
) -> dg.MaterializeResult:
    with station(context, home) as opened:
        return as_result(
            context, materialize_dataset_outliers(opened, context.run.run_id, config.budget_images, config.budget_share)
        )


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "l2_embeddings", "l3_projection"],
    automation_condition=DATASET_STAGE,
    **table_spec("outlier_persistence"),
)
def outlier_persistence(
    context: dg.AssetExecutionContext, home: HomeResource, config: PersistenceConfig
) -> dg.MaterializeResult:
    with station(context, home) as opened:
        return as_result(context, materialize_outlier_persistence(opened, context.run.run_id, config.projections))
