"""What the lenses are worth on this data set."""

from __future__ import annotations

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.progress import reporter
from thermal_assets.steps.images import (
    copy_groups,
    dataset_images,
    missing_classes,
    require_lenses_in_force,
    vectors_of,
)
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.separation import normal_anomaly_pairs
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

_VERSION = "1"
SALT = "lens_evaluation"


def materialize_lens_evaluation(home: Home, run_id: str, max_images: int) -> StepReport:
    """Write lens_evaluation: two folds of at most ``max_images`` images in all."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.lenses.evaluation import Pair, evaluate_lenses
        from thermal_assets.statistics.folds import group_folds
        from thermal_assets.statistics.frames import table_frame
        from thermal_assets.statistics.groups import codes, exclusion_groups

        with home.warehouse.read() as connection:
            lenses = require_lenses_in_force(connection)
            images = dataset_images(connection, lenses)
            copies = copy_groups(connection, images)
            missing = missing_classes(connection)
        rows: list[dict[str, object]] = []
        if images["class_name"].n_unique() >= 2:
            taken = _sample(images, max_images)
            part, groups = images[taken], exclusion_groups(images, copies)[taken]
            names = part["class_name"].unique().sort().to_list()
            labels = codes(part["class_name"])
            keys = part["image_key"].to_numpy().astype(np.int64)
            folds = group_folds(labels, keys, groups, SALT)
            first, second = np.flatnonzero(folds == 0), np.flatnonzero(folds == 1)
            sides: dict[str, list[int]] = {}
            for normal, anomaly in normal_anomaly_pairs(part):
                sides.setdefault(normal, []).append(names.index(anomaly))
            measured = evaluate_lenses(
                vectors_of(home, "L2", lenses["L2"], part["content_hash"]),
                labels,
                keys,
                names,
                [Pair(names.index(normal), tuple(labels)) for normal, labels in sides.items()],
                [(first, second), (second, first)],
                salt=SALT,
                groups=groups,
                progress=reporter("judging the lenses"),
            )
            run = {
                "splits": 2,
                "images_fitted": len(taken) // 2,
                "images_judged": len(taken) // 2,
                "method": "exact" if len(taken) == images.height else "sample",
                "fold_unit": "session" if part["session_id"].is_not_null().any() else "near copies",
                "lens_id": lenses["L2"],
            }
            rows = [row | run for row in measured]
        facts = {row["lens"]: row["separability_auc"] for row in rows if row["separability_auc"] is not None}
        frame = table_frame("lens_evaluation", rows)
        metadata = {"missing_classes": missing, "separability": facts}
        return {"lens_evaluation": Output([Slice("lens_evaluation", frame)], lenses["L2"], metadata=metadata)}

    upstream = [
        (asset, ALL_PARTITIONS)
        for asset in ("image_classes", "file_manifest", "l2_embeddings", "l3_projection", "duplicates")
    ]
    plan = AssetPlan("lens_evaluation", _VERSION, {"max_images": max_images})
    return run_step(home, run_id, [plan], compute, upstream=upstream)["lens_evaluation"]


def _sample(images: pl.DataFrame, most: int) -> np.ndarray:
    """int64 [r] rows, ascending: all, or as many of every class as let ``most`` suffice, by salted hash."""
    from thermal_assets.statistics.balanced_votes import draw_per_stratum
    from thermal_assets.statistics.groups import codes

    labels = codes(images["class_name"])
    sizes = np.sort(np.bincount(labels))
    if images.height <= most:
        return np.arange(images.height)
    low, high = 1, int(sizes[-1])
    while low < high:
        middle = (low + high + 1) // 2
        if int(np.minimum(sizes, middle).sum()) <= most:
            low = middle
        else:
            high = middle - 1
    keys = images["image_key"].to_numpy().astype(np.int64)
    return draw_per_stratum(keys, labels, low, SALT)
