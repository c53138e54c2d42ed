"""Samples that take as many images of each class as of another, drawn by salted hash so that they are the same again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.hashing import hashed_order


def draw_per_stratum(keys: NDArray[np.int64], strata: NDArray[np.int64], size: int, salt: str) -> NDArray[np.int64]:
    """int64[r] rows: up to ``size`` images of each stratum (>= 0), drawn by salted hash of their keys, ascending."""
    order = hashed_order(keys, salt)
    order = order[np.argsort(strata[order], kind="stable")]
    ordered = strata[order]
    first = np.searchsorted(ordered, ordered, side="left")
    return np.sort(order[(np.arange(order.size) - first < size) & (ordered >= 0)])


def draw_within(keys: NDArray[np.int64], strata: NDArray[np.int64], most: int, salt: str) -> NDArray[np.int64]:
    """int64[r] rows, ascending: at most ``most`` in all, every stratum cut to the same size; all where they suffice."""
    return draw_per_stratum(keys, strata, _largest_size(np.bincount(strata[strata >= 0]), most), salt)


def _largest_size(counts: NDArray[np.int64], most: int) -> int:
    """The largest size to which all strata can be cut so that no more than ``most`` remain; 1 at least."""
    low, high = 1, int(counts.max(initial=1))
    while low < high:
        middle = (low + high + 1) // 2
        if int(np.minimum(counts, middle).sum()) <= most:
            low = middle
        else:
            high = middle - 1
    return low
