"""How the images of one class change with distance and over time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.manifest.identity import class_of
from thermal_assets.steps.images import aligned, class_images, lenses_of_class, vectors_of
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step

_VERSIONS = {"distance_drift": "3", "time_drift": "1"}

# images, level, lens_id, density, density_xs -> rows of the table
_Measure = Callable[[pl.DataFrame, str, str, np.ndarray, np.ndarray], pl.DataFrame]


def materialize_distance_drift(home: Home, run_id: str, partition: str) -> StepReport:
    """Write distance_drift of one class, both levels."""

    def measure(images: pl.DataFrame, level: str, lens_id: str, density: np.ndarray, xs: np.ndarray) -> pl.DataFrame:
        from thermal_assets.statistics.distance_drift import distance_drift

        return distance_drift(images, density, xs, level=level, lens_id=lens_id)

    return _drift(home, run_id, partition, "distance_drift", measure, [])


def materialize_time_drift(home: Home, run_id: str, partition: str) -> StepReport:
    """Write time_drift of one class, both levels."""

    def measure(images: pl.DataFrame, level: str, lens_id: str, density: np.ndarray, xs: np.ndarray) -> pl.DataFrame:
        from thermal_assets.statistics.time_drift import time_drift

        if images["captured_on"].is_null().all():
            vectors = np.zeros((images.height, 1), dtype=np.float32)  # no dates, no rows: nothing to load
        else:
            vectors = vectors_of(home, lens_id, images["content_hash"])
        return time_drift(images, vectors, density, xs, level=level, lens_id=lens_id)

    return _drift(home, run_id, partition, "time_drift", measure, ["l2_embeddings", "l3_projection"])


def _drift(
    home: Home, run_id: str, partition: str, asset: str, measure: _Measure, also_upstream: list[str]
) -> StepReport:
    class_name = class_of(partition)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            lenses = lenses_of_class(connection, partition)
            images = class_images(connection, class_name, lenses)
            measured = connection.sql(
                "SELECT image_key, level, lens_id, density, density_xs FROM class_densities WHERE class_name = $name",
                params={"name": class_name},
            ).pl()
        slices, statements = [], {}
        for level, lens_id in lenses.items():
            part = measured.filter((pl.col("level") == level) & (pl.col("lens_id") == lens_id))
            rows = measure(
                images, level, lens_id, aligned(images, part, "density"), aligned(images, part, "density_xs")
            )
            slices.append(Slice(asset, rows, {"class_name": class_name, "level": level, "lens_id": lens_id}))
            if rows.height:
                statements[f"statement_{level}"] = rows["statement"][0]
        return {asset: Output(slices, lenses["L3"], metadata=statements)}

    upstream = [(name, partition) for name in ("file_manifest", "class_densities", *also_upstream)]
    return run_step(
        home, run_id, [AssetPlan(asset, _VERSIONS[asset])], compute, partition=partition, upstream=upstream
    )[asset]
