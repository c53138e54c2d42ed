"""What the lenses are worth on this data set."""

from __future__ import annotations

import numpy as np

from thermal_assets.home.layout import Home
from thermal_assets.progress import reporter
from thermal_assets.steps.images import normal_anomaly_pairs, vectors_of, whole_dataset
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

_VERSION = "2"
SALT = "lens_evaluation"


def materialize_lens_evaluation(home: Home, run_id: str, max_images: int) -> StepReport:
    """Write lens_evaluation: two folds of at most ``max_images`` images in all."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.lenses.evaluation import Pair, evaluate_lenses
        from thermal_assets.statistics.folds import group_folds
        from thermal_assets.statistics.frames import table_frame
        from thermal_assets.statistics.groups import codes, exclusion_groups
        from thermal_assets.statistics.stratified_draw import draw_within

        with home.warehouse.read() as connection:
            lenses, images, copies, missing = whole_dataset(connection)
        rows: list[dict[str, object]] = []
        if images["class_name"].n_unique() >= 2:
            everyone = images["image_key"].to_numpy().astype(np.int64)
            taken = draw_within(everyone, codes(images["class_name"]), max_images, SALT)
            part, groups = images[taken], exclusion_groups(images, copies)[taken]
            names = part["class_name"].unique().sort().to_list()
            labels = codes(part["class_name"])
            keys = everyone[taken]
            folds = group_folds(labels, keys, groups, SALT)
            first, second = np.flatnonzero(folds == 0), np.flatnonzero(folds == 1)
            sides: dict[str, list[int]] = {}
            for normal, anomaly in normal_anomaly_pairs(part):
                sides.setdefault(normal, []).append(names.index(anomaly))
            measured = evaluate_lenses(
                vectors_of(home, lenses["L2"], part["content_hash"]),
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
