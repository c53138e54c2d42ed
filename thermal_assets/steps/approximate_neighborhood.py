"""Approximate neighbours of a whole data set, where home.toml asks for them."""

from __future__ import annotations

import numpy as np
import polars as pl

from thermal_assets.neighbors.approximate import Index
from thermal_assets.neighbors.grouped_approximate import neighborhood_approximate
from thermal_assets.progress import reporter
from thermal_assets.steps.neighborhood import NeighborhoodRows, asked_of, neighborhood_rows


def measure_approximately(
    images: pl.DataFrame, vectors: np.ndarray, level: str, lens_id: str, k: int, index: Index, shown: str
) -> NeighborhoodRows:
    """Like ``measure_neighborhood``, but some neighbours may be missing: ``found.plain.recall`` says how many.

    density_xs is over images of other sessions among the hundred neighbours found, and NULL where they are fewer
    than k. Nothing is kept for the next run: the index is built anew.
    """
    found = neighborhood_approximate(vectors, index=index, progress=reporter(shown), **asked_of(images, vectors, k))
    return neighborhood_rows(images, level, lens_id, found, k)
