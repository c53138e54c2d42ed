"""Labels against their surroundings: batches that belong elsewhere, images among another class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import whitened_unit
from thermal_assets.progress import reporter
from thermal_assets.statistics.code_objects import class_objects, learn_code_objects
from thermal_assets.steps.images import StoredVectors, vectors_of, whole_dataset
from thermal_assets.steps.l3_files import load_lens
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

_BATCH_VERSION, _CONFLICT_VERSION = "4", "4"
_UPSTREAM = [
    (asset, ALL_PARTITIONS)
    for asset in ("image_classes", "file_manifest", "l2_embeddings", "l3_projection", "duplicates")
]


def materialize_batch_drift(home: Home, run_id: str) -> StepReport:
    """Write batch_drift over all classes."""

    def measure(images: pl.DataFrame, vectors: np.ndarray, lenses: dict[str, str], copies: np.ndarray) -> list[Slice]:
        from thermal_assets.statistics.batch_drift import batch_drift

        objects = class_objects(images)
        grammar = home.profile.grammar
        # The profile says what a code stands for; it is learned from the folders only where it does not.
        known = dict(grammar.codes) if grammar and grammar.codes else learn_code_objects(images, objects)
        found = batch_drift(
            images,
            vectors,
            lens_id=lenses["L3"],
            code_objects=known,
            objects=objects,
            copies=copies,
            progress=reporter("neighbours that batches are judged by"),
        )
        return [Slice("batch_drift", found)]

    return _labels(home, run_id, "batch_drift", _BATCH_VERSION, measure)


def materialize_label_conflicts(home: Home, run_id: str) -> StepReport:
    """Write label_conflicts and label_noise over all classes."""

    def measure(images: pl.DataFrame, vectors: np.ndarray, lenses: dict[str, str], copies: np.ndarray) -> list[Slice]:
        from thermal_assets.statistics.groups import codes, exclusion_groups
        from thermal_assets.statistics.label_conflicts import conflicting_images
        from thermal_assets.statistics.label_evidence import SALT, label_evidence
        from thermal_assets.statistics.label_noise import label_noise
        from thermal_assets.statistics.label_probe import held_out_probabilities

        probabilities = held_out_probabilities(
            StoredVectors(home, lenses["L2"], images["content_hash"]).of,
            codes(images["class_name"]),
            images["image_key"].to_numpy().astype(np.int64),
            exclusion_groups(images, copies),
            salt=SALT,
        )
        evidence = label_evidence(images, vectors, copies=copies, probabilities=probabilities)
        return [
            Slice("label_conflicts", conflicting_images(images, evidence, lens_id=lenses["L3"])),
            Slice("label_noise", label_noise(images, evidence, lens_id=lenses["L3"])),
        ]

    return _labels(home, run_id, "label_conflicts", _CONFLICT_VERSION, measure)


def _labels(
    home: Home,
    run_id: str,
    asset: str,
    version: str,
    measure: Callable[[pl.DataFrame, np.ndarray, dict[str, str], np.ndarray], list[Slice]],
) -> StepReport:
    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            lenses, images, copies, missing = whole_dataset(connection)
        vectors = whitened_unit(load_lens(home, lenses["L3"]), vectors_of(home, lenses["L3"], images["content_hash"]))
        slices = measure(images, vectors, lenses, copies)
        return {asset: Output(slices, lenses["L3"], metadata={"missing_classes": missing})}

    return run_step(home, run_id, [AssetPlan(asset, version)], compute, upstream=_UPSTREAM)[asset]
