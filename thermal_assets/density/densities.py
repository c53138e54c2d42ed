"""Density: how crowded the place of an image is, from its neighbours.

    density = 1 / max(mean distance to the k nearest other images, 0.001)

Higher is more crowded. It is a ranking inside one set of images: it grows with their number and changes with the
lens, so values of different classes or levels are not to be compared (see statistics.reference_distance for that).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from thermal_assets.neighbors.collected import mean_of_first
from thermal_assets.neighbors.exact import Neighbors
from thermal_assets.neighbors.grouped import Neighborhood

SMALLEST_MEAN_DISTANCE = 0.001
RELIABLE_FROM = 5  # times k images

SCHEMA = {
    "mean_distance_1": pl.Float32,
    "mean_distance_10": pl.Float32,
    "mean_distance_100": pl.Float32,
    "density": pl.Float32,
    "density_xs": pl.Float32,
    "density_xs_basis": pl.String,
    "local_ratio": pl.Float32,
    "hubness": pl.Int32,
    "k_used": pl.Int32,
    "n_candidates": pl.Int64,
    "reliable": pl.Boolean,
}


def densities(neighborhood: Neighborhood, k: int = 10) -> pl.DataFrame:
    """DENSITY_COLUMNS of the warehouse for the n images of a neighbourhood, in its order, without keys.

    ``neighborhood`` should hold 100 plain neighbours and k across sessions. Where there are fewer images than
    asked for, the mean is over what is there. ``k`` is the number behind density, density_xs, local_ratio, hubness
    and k_used; mean_distance_1, _10 and _100 are means over as many, whatever k is.

    local_ratio: density over the geometric mean of the densities of the k neighbours (below 1: lonelier than they).
    hubness: how many images have this one among their k nearest.
    reliable: n >= 5 k and k neighbours were found.
    """
    plain, across = neighborhood.plain, neighborhood.across
    count = len(plain.indices)
    mean_k = mean_distance(plain, k)
    density = to_density(mean_k)
    used = (plain.indices[:, :k] >= 0).sum(axis=1)
    columns = {
        "mean_distance_1": mean_distance(plain, 1),
        "mean_distance_10": mean_distance(plain, 10),
        "mean_distance_100": mean_distance(plain, 100),
        "density": density,
        "density_xs": to_density(mean_distance(across, k)),
        "density_xs_basis": neighborhood.basis,
        "local_ratio": local_ratio(density, plain.indices[:, :k]),
        "hubness": hubness(plain.indices[:, :k], count),
        "k_used": used,
        "n_candidates": plain.candidates,
        "reliable": (used == k) & (count >= RELIABLE_FROM * k),
    }
    series = [
        pl.Series(name, list(values) if values.dtype == object else values).cast(SCHEMA[name])
        for name, values in columns.items()
    ]
    return pl.DataFrame(series).with_columns(pl.col(pl.Float32).fill_nan(None))


def mean_distance(neighbors: Neighbors, k: int) -> np.ndarray:
    """float64 [n]: mean distance to the k nearest, or to as many as there are; NaN where there is none."""
    if k in neighbors.means:
        return neighbors.means[k]
    return mean_of_first(neighbors.indices, neighbors.distances, k)


def to_density(mean: np.ndarray) -> np.ndarray:
    """1 / max(mean, 0.001): the bound keeps copies of a file from an infinite density. NaN stays NaN."""
    return 1.0 / np.maximum(mean, SMALLEST_MEAN_DISTANCE)


def local_ratio(density: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """float64 [n]: density over the geometric mean of the densities of the neighbours ``indices`` [n, k], -1 = none."""
    there = indices >= 0
    logs = np.where(there, np.log(density)[np.maximum(indices, 0)], 0.0) if indices.size else np.zeros(indices.shape)
    found = there.sum(axis=1)
    mean_log = np.divide(logs.sum(axis=1), found, out=np.full(len(found), np.nan), where=found > 0)
    return np.exp(np.log(density) - mean_log)


def hubness(indices: np.ndarray, count: int) -> np.ndarray:
    """int64 [count]: in how many rows of ``indices`` [n, k] each image occurs."""
    return np.bincount(indices[indices >= 0], minlength=count)
