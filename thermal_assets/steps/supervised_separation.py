"""Normal against anomaly through a lens trained on the labels, fitted on one fold and judged on the other."""

from __future__ import annotations

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.progress import reporter
from thermal_assets.steps.images import StoredVectors, normal_anomaly_pairs, whole_dataset
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS
from thermal_assets.warehouse.access import empty_frame

_VERSION = "2"
SALT = "supervised_separation"


def materialize_supervised_separation(home: Home, run_id: str, max_reference: int) -> StepReport:
    """Write supervised_separation and gray_zone."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.lenses.crossfit import crossfitted
        from thermal_assets.statistics.folds import group_folds
        from thermal_assets.statistics.groups import codes, exclusion_groups
        from thermal_assets.statistics.separation import supervised_separation

        with home.warehouse.read() as connection:
            lenses, images, copies, missing = whole_dataset(connection)
        pairs = normal_anomaly_pairs(images)
        frames = empty_frame("supervised_separation"), empty_frame("gray_zone")
        if pairs:
            labels = codes(images["class_name"])
            keys = images["image_key"].to_numpy().astype(np.int64)
            folds = group_folds(labels, keys, exclusion_groups(images, copies), SALT)
            if all(_enough(labels[folds == fold]) for fold in (0, 1)):
                vectors, fitted = crossfitted(
                    StoredVectors(home, lenses["L2"], images["content_hash"]).of,
                    labels,
                    codes(_state_names(images)),
                    keys,
                    folds,
                    salt=SALT,
                    progress=reporter("seeing every image through the supervised lens of the other fold"),
                )
                frames = supervised_separation(
                    images,
                    vectors,
                    folds,
                    lens_id=lenses["L2"],
                    fitted_images=min(fitted),
                    pairs=pairs,
                    copies=copies,
                    max_references=max_reference,
                    progress=reporter("separation through the supervised lens"),
                )
        facts = {"pairs": len(pairs), "gray_zone": frames[1].height, "missing_classes": missing}
        slices = [Slice("supervised_separation", frames[0]), Slice("gray_zone", frames[1])]
        return {"supervised_separation": Output(slices, lenses["L2"], metadata=facts)}

    upstream = [
        (asset, ALL_PARTITIONS)
        for asset in ("image_classes", "file_manifest", "l2_embeddings", "l3_projection", "duplicates")
    ]
    plan = AssetPlan("supervised_separation", _VERSION, {"max_reference": max_reference})
    return run_step(home, run_id, [plan], compute, upstream=upstream)["supervised_separation"]


def _state_names(images: pl.DataFrame) -> pl.Series:
    """'pair|state' of each image, its class where the profile names no state."""
    return images.select(pl.coalesce(pl.concat_str("pair", "state", separator="|"), "class_name")).to_series()


def _enough(labels: np.ndarray) -> bool:
    """Two classes of two images each: what a head needs."""
    return int(np.sum(np.bincount(labels) >= 2)) >= 2
