"""Whether the outliers of L2 are still outliers at L3."""

from __future__ import annotations

from thermal_assets.home.layout import Home
from thermal_assets.progress import reporter
from thermal_assets.steps.images import dataset_images, missing_classes, require_lenses_in_force, vectors_of
from thermal_assets.steps.l3_files import load_lens
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

_VERSION = "1"


def materialize_outlier_persistence(home: Home, run_id: str, projections: int) -> StepReport:
    """Write outlier_persistence for every class and the data set."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.statistics.persistence import outlier_persistence

        with home.warehouse.read() as connection:
            lenses = require_lenses_in_force(connection)
            images = dataset_images(connection, lenses)
            missing = missing_classes(connection)
        rows = outlier_persistence(
            images,
            vectors_of(home, lenses["L2"], images["content_hash"]),
            vectors_of(home, lenses["L3"], images["content_hash"]),
            dimensions=load_lens(home, lenses["L3"]).real_dimensions,
            projections=projections,
            progress=reporter("outliers against chance"),
        )
        return {
            "outlier_persistence": Output(
                [Slice("outlier_persistence", rows)], lenses["L3"], metadata={"missing_classes": missing}
            )
        }

    upstream = [(a, ALL_PARTITIONS) for a in ("image_classes", "file_manifest", "l2_embeddings", "l3_projection")]
    plan = AssetPlan("outlier_persistence", _VERSION, {"projections": projections})
    return run_step(home, run_id, [plan], compute, upstream=upstream)["outlier_persistence"]
