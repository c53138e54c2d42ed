"""Normal against anomaly, and copies: what needs several classes side by side."""

import dagster as dg
from pydantic import Field

from thermal_assets.defs.asset_kit import as_result, station, table_spec
from thermal_assets.defs.automation import DATASET_STAGE
from thermal_assets.defs.resources import HomeResource
from thermal_assets.steps.duplicates import materialize_duplicates
from thermal_assets.steps.lens_evaluation import materialize_lens_evaluation
from thermal_assets.steps.separation import materialize_separation
from thermal_assets.steps.supervised_separation import materialize_supervised_separation
from thermal_assets.warehouse.near_copies import DEFAULT_BITS, DEFAULT_DISTANCE, NearCopyLimits

GROUP = "07_comparisons"


class SeparationConfig(dg.Config):
    """Config of the comparison of classes."""

    max_reference: int = Field(2000, description="Reference images a class, at most", ge=20)


class LensEvaluationConfig(dg.Config):
    """Config of the evaluation of the lenses."""

    max_images: int = Field(
        10_000, description="Images compared, at most; of more, a hashed sample of every class", ge=100
    )


class DuplicateConfig(dg.Config):
    """Config of the search for copies."""

    near_copy_distance: float = Field(
        DEFAULT_DISTANCE,
        description="L2 distance (unit vectors) up to which two images count as near copies",
        ge=0,
        le=2,
    )
    near_copy_bits: int = Field(
        DEFAULT_BITS,
        description="Bits of 256 up to which the perceptual hashes of two neighbouring images may differ for them to count "
        "as near copies, whatever their distance (0: equal hashes only)",
        ge=0,
        le=64,
    )


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "class_densities", "l2_embeddings", "l3_projection", "duplicates"],
    automation_condition=DATASET_STAGE,
    **table_spec("separation"),
)
def separation(context: dg.AssetExecutionContext, home: HomeResource, config: SeparationConfig) -> dg.MaterializeResult:
    with station(context, home) as opened:
        return as_result(context, materialize_separation(opened, context.run.run_id, config.max_reference))


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "l2_embeddings", "l3_projection", "duplicates"],
    automation_condition=DATASET_STAGE,
    **table_spec(
        "supervised_separation",
        note="A small supervised-contrastive head on the L2 vectors, fitted on one half of the sessions and judged on "
        "the other, then the other way round. Also writes gray_zone: the images it cannot tell.",
    ),
)
def supervised_separation(
    context: dg.AssetExecutionContext, home: HomeResource, config: SeparationConfig
) -> dg.MaterializeResult:
    with station(context, home) as opened:
        return as_result(context, materialize_supervised_separation(opened, context.run.run_id, config.max_reference))


@dg.asset(
    group_name=GROUP,
    deps=["image_classes", "file_manifest", "l2_embeddings", "l3_projection", "duplicates"],
    automation_condition=DATASET_STAGE,
    **table_spec("lens_evaluation"),
)
def lens_evaluation(
    context: dg.AssetExecutionContext, home: HomeResource, config: LensEvaluationConfig
) -> dg.MaterializeResult:
    with station(context, home) as opened:
        return as_result(context, materialize_lens_evaluation(opened, context.run.run_id, config.max_images))


@dg.asset(
    group_name=GROUP,
    deps=["file_manifest", "channel_stats", "l2_embeddings", "class_neighbors", "dataset_neighbors"],
    automation_condition=DATASET_STAGE,
    **table_spec("duplicates"),
)
def duplicates(context: dg.AssetExecutionContext, home: HomeResource, config: DuplicateConfig) -> dg.MaterializeResult:
    with station(context, home) as opened:
        limits = NearCopyLimits(config.near_copy_distance, config.near_copy_bits)
        return as_result(context, materialize_duplicates(opened, context.run.run_id, limits))
