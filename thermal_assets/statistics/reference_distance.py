"""Distances of images to a frozen reference of exactly m images, their own session left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.hashing import hashed_order

MIN_DISTANCE = 0.001
_BLOCK_CELLS = 8_000_000
# Squared distances below this share of the vectors' own squared length are taken from differences: the product
# |q|^2 + |r|^2 - 2 q r loses their digits in float32.
_REFINE_BELOW = 0.01


def largest_m(groups: NDArray[np.int64]) -> int:
    """How many images of a class are left as references for an image of its largest group."""
    return int(groups.size - np.unique(groups, return_counts=True)[1].max()) if groups.size else 0


class Reference:
    """The images of one class in a random but fixed order; each query sees the first m that are not of its group.

    So every query, whichever its session and its class, is compared with exactly m images, drawn alike. With m
    references minus those of its own session, images of large sessions would see fewer and so look lonelier.
    """

    def __init__(self, keys: NDArray[np.int64], groups: NDArray[np.int64], m: int, salt: str) -> None:
        order = hashed_order(keys, salt)
        self._limits, own_groups = _limits(groups[order], m)
        self._m = m
        needed = _needed(own_groups, self._limits, m)
        self.rows: NDArray[np.int64] = order[needed]
        self._positions = np.flatnonzero(needed)
        self._groups = own_groups[needed]

    def mean_distances(
        self,
        queries: NDArray[np.float32],
        query_groups: NDArray[np.int64],
        references: NDArray[np.float32],
        k: int,
    ) -> NDArray[np.float64]:
        """float64[q] mean Euclidean distance to the k nearest of m references, at least 0.001.

        ``queries`` float32[q, d]; ``references`` float32[r, d] are the vectors of ``self.rows``, in that order.
        """
        result = np.empty(len(queries))
        limits = np.array([self._limits.get(int(group), self._m) for group in query_groups], dtype=np.int64)
        squares = np.einsum("ij,ij->i", references, references)
        step = max(1, _BLOCK_CELLS // max(1, len(references)))
        k = min(k, self._m)
        for start in range(0, len(queries), step):
            block = slice(start, start + step)
            vectors = np.asarray(queries[block], dtype=np.float32)
            own = np.einsum("ij,ij->i", vectors, vectors)
            d2 = vectors @ references.T
            d2 *= -2
            d2 += squares
            d2 += own[:, None]
            d2[self._groups == query_groups[block, None]] = np.inf
            d2[self._positions >= limits[block, None]] = np.inf
            nearest = np.argpartition(d2, k - 1, axis=1)[:, :k] if k < d2.shape[1] else np.argsort(d2, axis=1)[:, :k]
            chosen = np.take_along_axis(d2, nearest, axis=1).astype(np.float64)
            close = np.nonzero(chosen < _REFINE_BELOW * np.maximum(own, 1e-12)[:, None])
            if close[0].size:
                difference = vectors[close[0]] - references[nearest[close]]
                chosen[close] = np.einsum("ij,ij->i", difference, difference)
            result[block] = np.sqrt(np.maximum(chosen, 0)).mean(axis=1)
        return np.maximum(result, MIN_DISTANCE)


def _limits(groups: NDArray[np.int64], m: int) -> tuple[dict[int, int], NDArray[np.int64]]:
    """For each group, the position in the order at which m images of other groups have gone by."""
    by_group = np.argsort(groups, kind="stable")
    names, starts = np.unique(groups[by_group], return_index=True)
    earlier_own = np.empty(groups.size, dtype=np.int64)
    earlier_own[by_group] = np.arange(groups.size) - np.repeat(starts, np.diff([*starts, groups.size]))
    before = np.arange(groups.size) - earlier_own < m
    own_before = np.bincount(np.searchsorted(names, groups[before]), minlength=names.size)
    return {int(name): m + int(own) for name, own in zip(names, own_before, strict=True)}, groups


def _needed(groups: NDArray[np.int64], limits: dict[int, int], m: int) -> NDArray[np.bool_]:
    """Which positions serve any query: a session that fills most of a class makes us look far, not at all of it."""
    ranked = sorted(limits.items(), key=lambda item: -item[1])
    first_name, first = ranked[0] if ranked else (-1, m)
    second = max(ranked[1][1] if len(ranked) > 1 else m, m)
    reach = np.where(groups == first_name, second, max(first, m))
    return np.arange(groups.size) < reach
