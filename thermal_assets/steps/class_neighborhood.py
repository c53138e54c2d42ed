"""Neighbours and densities inside one class, at L2 and L3."""

from __future__ import annotations

import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.manifest.identity import class_of
from thermal_assets.steps.images import class_images, lenses_of_class, vectors_of
from thermal_assets.steps.neighborhood import NeighborhoodRows, measure_neighborhood
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step

_VERSION = "1"


def materialize_class_neighborhood(home: Home, run_id: str, partition: str, k: int) -> dict[str, StepReport]:
    """Write class_neighbors, class_densities and class_density_scales of one class, both levels from one pass each."""
    class_name = class_of(partition)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            lenses = lenses_of_class(connection, partition)
            images = class_images(connection, class_name, lenses)
        levels: dict[str, NeighborhoodRows] = {}
        for level, lens_id in lenses.items():
            vectors = vectors_of(home, lens_id, images["content_hash"])
            levels[level] = measure_neighborhood(
                images,
                vectors,
                level,
                lens_id,
                k,
                f"neighbours of {class_name} at {level}",
                home.neighbor_lists / partition,
            )
        neighbors, measured, scales = [], [], []
        for level, rows in levels.items():
            where = {"class_name": class_name, "level": level, "lens_id": lenses[level]}
            neighbors.append(Slice("class_neighbors", rows.neighbors, where))
            measured.append(Slice("class_densities", rows.densities, where))
            scales.append(Slice("class_density_scales", rows.scales, where))
        return {
            "class_neighbors": Output(neighbors, lenses["L3"], metadata=_facts(levels)),
            "class_densities": Output(measured + scales, lenses["L3"], metadata=_density_facts(levels, class_name)),
        }

    plans = [AssetPlan(asset, _VERSION, {"k": k}) for asset in ("class_neighbors", "class_densities")]
    upstream = [(asset, partition) for asset in ("file_manifest", "l2_embeddings", "l3_projection")]
    return run_step(home, run_id, plans, compute, partition=partition, upstream=upstream)


def _facts(levels: dict[str, NeighborhoodRows]) -> dict[str, object]:
    any_level = next(iter(levels.values()))
    return {
        "images": any_level.neighbors.height,
        "sessions": any_level.found.sessions,
        "method": any_level.found.plain.method,
        "arithmetic": any_level.found.plain.arithmetic,
    }


def _density_facts(levels: dict[str, NeighborhoodRows], class_name: str) -> dict[str, object]:
    facts: dict[str, object] = {}
    for level, rows in levels.items():
        values = rows.densities["density"].drop_nulls()
        median = values.median() if len(values) else None
        facts[f"median_density_{level}"] = float(median) if isinstance(median, int | float) else None
        if len(values):
            from thermal_assets.reporting.plots import density_histogram

            facts[f"plot_{level}"] = density_histogram(
                {level: values.to_numpy()}, title=f"{class_name}: density at {level}"
            )
    basis = next(iter(levels.values())).densities["density_xs_basis"]
    facts["density_xs_basis"] = basis.unique().sort().to_list() if isinstance(basis, pl.Series) else []
    return facts
