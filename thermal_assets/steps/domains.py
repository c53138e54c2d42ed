"""Months, places and distances inside a class, told apart in held-out sessions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import whitened_unit
from thermal_assets.progress import reporter
from thermal_assets.steps.images import StoredVectors, dataset_images, missing_classes, require_lenses_in_force
from thermal_assets.steps.l3_files import load_lens
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

_VERSION = "5"
_Gather = Callable[[np.ndarray], np.ndarray]
_Measure = Callable[[pl.DataFrame, _Gather, str], pl.DataFrame]


def materialize_domain_drift(home: Home, run_id: str) -> StepReport:
    """Write domain_drift over all classes."""

    def measure(images: pl.DataFrame, gather: _Gather, lens_id: str) -> pl.DataFrame:
        from thermal_assets.statistics.domain_drift import domain_drift

        return domain_drift(images, gather, level="L3", lens_id=lens_id, progress=reporter("months and places"))

    return _domains(home, run_id, "domain_drift", measure)


def materialize_distance_groups(home: Home, run_id: str) -> StepReport:
    """Write distance_groups over all classes."""

    def measure(images: pl.DataFrame, gather: _Gather, lens_id: str) -> pl.DataFrame:
        from thermal_assets.statistics.distance_groups import distance_groups

        return distance_groups(images, gather, level="L3", lens_id=lens_id, progress=reporter("distances in a class"))

    return _domains(home, run_id, "distance_groups", measure)


def _domains(home: Home, run_id: str, asset: str, measure: _Measure) -> StepReport:
    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            lenses = require_lenses_in_force(connection)
            images = dataset_images(connection, lenses)
            missing = missing_classes(connection)
        lens = load_lens(home, lenses["L3"])
        stored = StoredVectors(home, lenses["L3"], images["content_hash"])

        def gather(rows: np.ndarray) -> np.ndarray:
            return whitened_unit(lens, stored.of(rows))

        rows = measure(images, gather, lenses["L3"])
        return {asset: Output([Slice(asset, rows)], lenses["L3"], metadata={"missing_classes": missing})}

    upstream = [(name, ALL_PARTITIONS) for name in ("image_classes", "file_manifest", "l3_projection")]
    return run_step(home, run_id, [AssetPlan(asset, _VERSION)], compute, upstream=upstream)[asset]
