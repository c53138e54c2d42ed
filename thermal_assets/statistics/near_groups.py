"""Groups of near copies that stay small: everything in a group is near its keeper, not merely linked to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from thermal_assets.warehouse.near_copies import NearCopyLimits

NO_HASH = -1
_ROWS = 1024


@dataclass(frozen=True)
class Pictures:
    """What tells how far pictures are apart.

    vectors  float32[n, d] at L2; may be a map of a file: only rows that are asked for are read
    hashes   uint64[n, 4], perceptual hashes
    hashed   bool[n], whether the hash of a row says anything
    """

    vectors: NDArray[np.float32]
    hashes: NDArray[np.uint64]
    hashed: NDArray[np.bool_]

    def distances(self, rows: NDArray[np.int64], keeper: int) -> NDArray[np.float64]:
        """float64[r] at L2, taken from differences."""
        centre = np.asarray(self.vectors[keeper], dtype=np.float64)
        result = np.empty(rows.size)
        for start in range(0, rows.size, _ROWS):
            gaps = np.asarray(self.vectors[rows[start : start + _ROWS]], dtype=np.float64) - centre
            result[start : start + _ROWS] = np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
        return result

    def bits(self, rows: NDArray[np.int64], keeper: int) -> NDArray[np.int64]:
        """int64[r]: bits in which the hashes differ, NO_HASH where one says nothing."""
        differing = np.bitwise_count(self.hashes[rows] ^ self.hashes[keeper]).sum(axis=1, dtype=np.int64)
        return np.where(self.hashed[rows] & self.hashed[keeper], differing, NO_HASH)


class StarGroup(NamedTuple):
    """A keeper and what is near it: rows int64[g], the keeper first, their distances float64[g] and bits int64[g] to it."""

    rows: NDArray[np.int64]
    distances: NDArray[np.float64]
    bits: NDArray[np.int64]


def star_groups(
    pairs: NDArray[np.int64], pictures: Pictures, order: NDArray[np.int64], limits: NearCopyLimits
) -> list[StarGroup]:
    """Groups of two rows or more.

    ``pairs`` int64[p, 2] rows that may be near; ``order`` int64[n] rank of each row: the first row of a group keeps.
    Linking near pairs into chains would let a slow film swallow a class. So the first row not yet in a group takes
    everything that is near itself, by ``limits``, and that it reaches over pairs of such rows: whatever is in a group is
    near its keeper, by distance or by hash. Looking beyond its own pairs matters where a row has more copies than the ten neighbours that are
    kept.
    """
    if len(pairs) == 0:
        return []
    n = len(order)
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    links = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(n, n)).tocsr()
    free = np.ones(n, dtype=bool)
    touched = np.unique(pairs)
    groups = []
    for keeper in touched[np.argsort(order[touched], kind="stable")].tolist():
        if not free[keeper]:
            continue
        free[keeper] = False
        itself = np.array([keeper])
        members, distances, bits = [itself], [np.zeros(1)], [pictures.bits(itself, keeper)]
        frontier, refused = itself, []
        while frontier.size:
            spans = [links.indices[links.indptr[row] : links.indptr[row + 1]] for row in frontier.tolist()]
            reached = np.unique(np.concatenate(spans)).astype(np.int64)
            reached = reached[free[reached]]
            apart, differing = pictures.distances(reached, keeper), pictures.bits(reached, keeper)
            near = (apart <= limits.distance) | ((differing != NO_HASH) & (differing <= limits.bits))
            frontier = reached[near]
            refused.append(reached[~near])
            free[reached] = False
            members.append(frontier)
            distances.append(apart[near])
            bits.append(differing[near])
        free[np.concatenate(refused)] = True
        rows = np.concatenate(members)
        if rows.size > 1:
            groups.append(StarGroup(rows, np.concatenate(distances), np.concatenate(bits)))
    return groups


def diameter(vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> float:
    """Largest Euclidean distance between any two of ``rows``; float64 products, in blocks."""
    points = np.asarray(vectors[np.sort(rows)], dtype=np.float64)
    points = points - points[0]
    squares = np.einsum("ij,ij->i", points, points)
    largest = 0.0
    for start in range(0, len(points), _ROWS):
        block = slice(start, start + _ROWS)
        gaps = squares[block, None] + squares - 2 * points[block] @ points.T
        largest = max(largest, float(gaps.max()))
    return float(np.sqrt(largest))
