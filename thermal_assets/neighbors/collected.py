"""What is kept of the lists of neighbours: their beginnings and their mean distances."""

from __future__ import annotations

import copy
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

    def part(self, rows: slice) -> CollectedLists:
        """The lists of some queries, which number them from 0; what is put there stands here."""
        part = copy.copy(self)
        part.columns, part.scores = self.columns[rows], self.scores[rows]
        part.means = {k: mean[rows] for k, mean in self.means.items()}
        return part

    def put(self, rows: np.ndarray, columns: np.ndarray, scores: np.ndarray, width: int | None = None) -> None:
        """Lists (columns, float64 scores) [b, K] of the queries ``rows``, nearest first, -1 and infinity = none.

        ``width``: only so many entries belong to them.
        """
        from thermal_assets.neighbors.list_kernels import mean_distances

        width = columns.shape[1] if width is None else width
        kept = min(self.columns.shape[1], width)
        self.columns[rows, :kept], self.scores[rows, :kept] = columns[:, :kept], scores[:, :kept]
        if self.means:
            wanted = np.array(sorted(self.means), dtype=np.int64)
            means = np.empty((len(wanted), len(rows)))
            squared = self._space.metric == "euclidean"
            mean_distances(np.ascontiguousarray(scores), np.minimum(wanted, width), squared, self._space.scale, means)
            for k, mean in zip(wanted.tolist(), means, strict=True):
                self.means[k][rows] = mean

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
