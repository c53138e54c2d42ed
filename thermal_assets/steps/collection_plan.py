"""What is worth collecting next."""

from __future__ import annotations

import numpy as np

from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import whitened_unit
from thermal_assets.steps.images import StoredVectors, whole_dataset
from thermal_assets.steps.l3_files import load_lens
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

_VERSION = "3"
SALT = "collection_plan"
FITTED_PER_CLASS = 5000  # enough for 121 coefficients a class; every image is judged all the same


def materialize_collection_plan(home: Home, run_id: str) -> StepReport:
    """Write collection_plan over all classes."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.statistics.collection_plan import collection_plan, probe_errors
        from thermal_assets.statistics.folds import group_folds
        from thermal_assets.statistics.groups import codes, exclusion_groups
        from thermal_assets.statistics.stratified_draw import draw_per_stratum

        with home.warehouse.read() as connection:
            lenses, images, copies, missing = whole_dataset(connection)
        lens = load_lens(home, lenses["L3"])
        stored = StoredVectors(home, lenses["L3"], images["content_hash"])

        def gather(rows: np.ndarray) -> np.ndarray:
            return whitened_unit(lens, stored.of(rows))

        labels = codes(images["class_name"])
        keys = images["image_key"].to_numpy().astype(np.int64)
        folds = group_folds(labels, keys, exclusion_groups(images, copies), SALT)
        fitted = np.zeros(images.height, dtype=bool)
        fitted[draw_per_stratum(keys, labels, FITTED_PER_CLASS, SALT)] = True
        rows = collection_plan(images, probe_errors(gather, labels, folds, fitted), lens_id=lenses["L3"])
        facts = {"cells": rows.height, "missing_classes": missing, "next": rows["action"].head(5).to_list()}
        return {"collection_plan": Output([Slice("collection_plan", rows)], lenses["L3"], metadata=facts)}

    upstream = [(asset, ALL_PARTITIONS) for asset in ("image_classes", "file_manifest", "l3_projection", "duplicates")]
    plan = AssetPlan("collection_plan", _VERSION, {"fitted_per_class": FITTED_PER_CLASS})
    return run_step(home, run_id, [plan], compute, upstream=upstream)["collection_plan"]
