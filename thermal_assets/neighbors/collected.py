"""What is kept of the lists of neighbours: their beginnings and their mean distances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermal_assets.neighbors.distances import to_distances
from thermal_assets.neighbors.exact import Neighbors
from thermal_assets.neighbors.selection import empty_lists
from thermal_assets.neighbors.space import Space


class CollectedLists:
    """The first ``kept`` neighbours of ``count`` queries, and the mean distance to the first 1, 10, ... of longer lists.

    A hundred neighbours of a million images fill a gigabyte; what is asked of them is mostly their mean distance.
    """

    def __init__(self, count: int, kept: int, mean_of: Sequence[int], space: Space) -> None:
        self._space = space
        self.columns, self.scores = empty_lists(count, kept)
        self.means = {k: np.full(count, np.nan) for k in mean_of}

    def put(self, rows: np.ndarray, columns: np.ndarray, scores: np.ndarray) -> None:
        """Lists int64 and float64 [b, K] of the queries ``rows``, nearest first, -1 and infinity = none."""
        kept = min(self.columns.shape[1], columns.shape[1])
        self.columns[rows, :kept], self.scores[rows, :kept] = columns[:, :kept], scores[:, :kept]
        if self.means:
            distances = to_distances(scores, self._space)
            for k, mean in self.means.items():
                mean[rows] = mean_of_first(columns, distances, k)

    def neighbors(self, candidates: np.ndarray, arithmetic: str) -> Neighbors:
        """As a result; ``candidates`` int64 [n]."""
        distances = to_distances(self.scores, self._space)
        return Neighbors(self.columns, distances, candidates, arithmetic=arithmetic, means=self.means)


def mean_of_first(indices: np.ndarray, distances: np.ndarray, k: int) -> np.ndarray:
    """float64 [b]: mean of the first ``k`` of ``distances`` float32 [b, K], or of as many as there are; NaN: none."""
    there = indices[:, :k] >= 0
    found = there.sum(axis=1)
    total = np.where(there, distances[:, :k].astype(np.float64), 0.0).sum(axis=1)
    return np.divide(total, found, out=np.full(len(found), np.nan), where=found > 0)
