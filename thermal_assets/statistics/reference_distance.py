"""Distances of images to frozen references of equal size, from equally many sessions, never their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermal_assets.neighbors.threads import in_parallel
from thermal_assets.statistics.hashing import hashed

MIN_DISTANCE = 0.001
_BLOCK_CELLS = 8_000_000
# Squared distances below this share of the vectors' own squared length are taken from differences: the product
# |q|^2 + |r|^2 - 2 q r loses their digits in float32.
_REFINE_BELOW = 0.01


class ReferencePool:
    """Images of one class from ``spread`` + 1 of its groups; every query does without one of them.

    A query of one of these groups does without its own, any other query without the last. So whatever its session and
    class, it is compared with images of exactly ``spread`` groups (sessions, or single images where names carry no
    session), and the caller can give every query the same m. Images alone are not enough: of two like classes, the
    one from more sessions would look denser, as with more images. The groups take turns in giving images, so none
    of them dominates.
    """

    def __init__(self, keys: NDArray[np.int64], groups: NDArray[np.int64], spread: int, salt: str) -> None:
        """``keys`` int64[n] and ``groups`` int64[n] of the whole class, which has more than ``spread`` groups."""
        drawn = hashed(keys, salt)
        names, of = np.unique(groups, return_inverse=True)
        # A group is known by its smallest key, so its place does not depend on the order of the rows.
        smallest = np.full(names.size, np.iinfo(np.int64).max)
        np.minimum.at(smallest, of, keys)
        place = np.empty(names.size, dtype=np.int64)
        place[np.lexsort((smallest, hashed(smallest, f"{salt}|groups")))] = np.arange(names.size)
        chosen = np.flatnonzero(place[of] <= spread)
        by_group = chosen[np.lexsort((keys[chosen], drawn[chosen], place[of[chosen]]))]
        ranks = place[of[by_group]]
        turn = np.arange(by_group.size) - np.searchsorted(ranks, ranks)
        order = np.lexsort((ranks, turn))
        self._order, self._ranks, self._turn = by_group[order], ranks[order], turn[order]
        self._spread = spread
        self._place = {int(name): int(rank) for name, rank in zip(names, place, strict=True) if rank < spread}
        self.largest_m = int(chosen.size - np.bincount(ranks, minlength=spread + 1).max())

    def freeze(self, m: int) -> Reference:
        """The reference in which each query meets ``m`` <= ``largest_m`` images."""
        # The m-th image that is not of group g stands behind those of g that fewer than m others stand before.
        before = np.arange(self._order.size) - self._turn < m
        limits = m + np.bincount(self._ranks[before], minlength=self._spread + 1)
        reach = int(limits.max())
        return Reference(self._order[:reach], self._ranks[:reach], limits, self._place, self._spread, m)


class Reference:
    """Frozen references: ``rows`` int64[r] of the class; see ReferencePool."""

    def __init__(
        self,
        rows: NDArray[np.int64],
        ranks: NDArray[np.int64],
        limits: NDArray[np.int64],
        place: dict[int, int],
        spread: int,
        m: int,
    ) -> None:
        self.rows = rows
        self._ranks, self._limits, self._place, self._spread, self._m = ranks, limits, place, spread, m

    def mean_distances(
        self,
        queries: NDArray[np.float32],
        query_groups: NDArray[np.int64],
        references: NDArray[np.float32],
        k: int,
    ) -> NDArray[np.float64]:
        """float64[q] mean Euclidean distance to the k nearest of m references (all m if fewer), at least 0.001.

        ``queries`` float32[q, d]; ``references`` float32[r, d] are the vectors of ``rows``, in that order.
        """
        from thermal_assets.statistics.reference_kernels import nearest_references

        result = np.empty(len(queries))
        without = np.array([self._place.get(int(group), self._spread) for group in query_groups], dtype=np.int64)
        squares = np.einsum("ij,ij->i", references, references)
        step = max(1, _BLOCK_CELLS // max(1, len(references)))
        k = min(k, self._m)
        for start in range(0, len(queries), step):
            block = slice(start, start + step)
            vectors = np.asarray(queries[block], dtype=np.float32)
            own = np.einsum("ij,ij->i", vectors, vectors)
            products, mine = vectors @ references.T, without[block]
            nearest, chosen = np.zeros((len(vectors), k), dtype=np.int64), np.full((len(vectors), k), np.inf)

            def select(rows: slice, of=(products, own, mine, nearest, chosen)) -> None:  # type: ignore[no-untyped-def]
                left, lengths, without_group, places, found = (part[rows] for part in of)
                nearest_references(left, lengths, squares, self._ranks, self._limits, without_group, places, found)

            in_parallel(select, len(vectors), products.size)
            close = np.nonzero(chosen < _REFINE_BELOW * np.maximum(own, 1e-12)[:, None])
            if close[0].size:
                difference = vectors[close[0]] - references[nearest[close]]
                chosen[close] = np.einsum("ij,ij->i", difference, difference)
            result[block] = np.sqrt(np.maximum(chosen, 0)).mean(axis=1)
        return np.maximum(result, MIN_DISTANCE)
