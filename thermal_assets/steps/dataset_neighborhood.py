"""Neighbours and densities across the whole data set, at L2 and L3, and the neighbours that labels are judged by."""

from __future__ import annotations

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import whitened_unit
from thermal_assets.neighbors.approximate import require_faiss
from thermal_assets.neighbors.exact import Neighbors
from thermal_assets.neighbors.grouped import list_widths, neighborhood
from thermal_assets.progress import reporter
from thermal_assets.steps.approximate_neighborhood import measure_approximately
from thermal_assets.steps.images import dataset_images, missing_classes, require_lenses_in_force, vectors_of
from thermal_assets.steps.l3_files import load_lens
from thermal_assets.steps.neighbor_lists import searched_lists
from thermal_assets.steps.neighborhood import NEIGHBORS_KEPT, NeighborhoodRows, measure_neighborhood, neighbor_rows
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.reference_neighborhood import measure_against_reference
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS, fingerprint
from thermal_assets.warehouse.access import empty_frame

_VERSION = "2"
_LABEL_LISTS_VERSION = "1"
DATASET_LISTS = "all classes"


def materialize_dataset_neighborhood(
    home: Home, run_id: str, k: int, l2_exact_up_to: int | None = None
) -> dict[str, StepReport]:
    """Write dataset_neighbors, dataset_densities and dataset_density_scales.

    L3 is searched exactly. L2 is searched exactly up to ``l2_exact_up_to`` images (None: as home.toml says), beyond
    that in a sample of so many images, or approximately among all, as ``l2_beyond`` of home.toml says; method,
    recall and candidates say so on every row.
    """
    l2_exact_up_to = l2_exact_up_to or home.settings.l2_exact_up_to
    beyond = home.settings.l2_beyond

    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            lenses = require_lenses_in_force(connection)
            images = dataset_images(connection, lenses)
            missing = missing_classes(connection)
        if beyond != "reference" and images.height > l2_exact_up_to:
            require_faiss()  # before hours of work, not after
        # L2 comes last: an approximate search keeps no lists, and a run that is cut off goes on behind the others.
        labels = _label_neighbors(home, images, lenses["L3"])
        neighbors, measured, scales = [labels], [], []
        methods = {}
        for level in sorted(lenses, reverse=True):
            rows = _measure(home, images, level, lenses[level], k, l2_exact_up_to)
            plain = rows.found.plain
            neighbors.append(rows.neighbors.with_columns(pl.lit("euclidean").alias("metric"), _recall(plain)))
            measured.append(rows.densities.with_columns(pl.lit(plain.method).alias("method")))
            scales.append(rows.scales)
            methods[f"method_{level}"] = _method(rows.neighbors)
        facts = {"images": images.height, "missing_classes": missing}
        template = empty_frame("dataset_neighbors")
        return {
            "dataset_neighbors": Output(
                [Slice("dataset_neighbors", pl.concat([part.select(template.columns) for part in neighbors]))],
                lenses["L3"],
                metadata={**facts, **methods},
            ),
            "dataset_densities": Output(
                [
                    Slice("dataset_densities", pl.concat(measured, how="vertical_relaxed")),
                    Slice("dataset_density_scales", pl.concat(scales)),
                ],
                lenses["L3"],
                metadata=facts,
            ),
        }

    plans = [
        AssetPlan(asset, _VERSION, {"k": k, "l2_exact_up_to": l2_exact_up_to, "l2_beyond": beyond})
        for asset in ("dataset_neighbors", "dataset_densities")
    ]
    upstream = [(a, ALL_PARTITIONS) for a in ("image_classes", "file_manifest", "l2_embeddings", "l3_projection")]
    return run_step(home, run_id, plans, compute, upstream=upstream)


def _measure(
    home: Home, images: pl.DataFrame, level: str, lens_id: str, k: int, l2_exact_up_to: int
) -> NeighborhoodRows:
    shown, lists = f"neighbours across the data set at {level}", home.neighbor_lists / DATASET_LISTS
    if level == "L2" and images.height > l2_exact_up_to:
        if home.settings.l2_beyond != "reference":
            vectors = vectors_of(home, lens_id, images["content_hash"])
            return measure_approximately(images, vectors, level, lens_id, k, home.settings.l2_beyond, shown)
        return measure_against_reference(home, images, l2_exact_up_to, level, lens_id, k, shown, lists)
    vectors = vectors_of(home, lens_id, images["content_hash"])
    return measure_neighborhood(images, vectors, level, lens_id, k, shown, lists)


def _label_neighbors(home: Home, images: pl.DataFrame, lens_id: str) -> pl.DataFrame:
    vectors = whitened_unit(load_lens(home, lens_id), vectors_of(home, lens_id, images["content_hash"]))
    with searched_lists(
        home.neighbor_lists / DATASET_LISTS / f"labels-{lens_id}",
        images.with_columns(pl.lit(None, pl.String).alias("session_id"), pl.lit(None, pl.String).alias("frame_id")),
        fingerprint(_LABEL_LISTS_VERSION, NEIGHBORS_KEPT),
        list_widths(NEIGHBORS_KEPT, 1),
    ) as kept:
        found = neighborhood(
            vectors,
            k_plain=NEIGHBORS_KEPT,
            k_across=1,
            near_copy_distance=0.0,
            metric="cosine",
            files=kept.files,
            previous=kept.previous,
            progress=reporter("neighbours that labels are judged by"),
        ).plain
    keys = images.select("image_key", "class_name").with_columns(
        pl.lit("L3").alias("level"), pl.lit(lens_id).alias("lens_id")
    )
    rows = neighbor_rows(keys, images["image_key"].to_numpy(), found)
    return rows.with_columns(pl.lit("whitened_cosine").alias("metric"), _recall(found))


def _recall(found: Neighbors) -> pl.Expr:
    """NULL where it was not measured."""
    return pl.lit(None if np.isnan(found.recall) else found.recall, pl.Float64).alias("recall")


def _method(rows: pl.DataFrame) -> str:
    return str(rows["method"][0]) if rows.height else "no images"
