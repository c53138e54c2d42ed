"""Groups of near copies that stay small: everything in a group is near its keeper, not merely linked to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

_ROWS = 1024


def star_groups(
    pairs: NDArray[np.int64],
    vectors: NDArray[np.float32],
    order: NDArray[np.int64],
    near_copy_distance: float,
) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Groups as (rows int64[g], keeper first; distances to the keeper float64[g]), each of two rows or more.

    ``pairs`` int64[p, 2] rows that may be near; ``order`` int64[n] rank of each row: the first row of a group keeps.
    Linking near pairs into chains would let a slow film swallow a class. So the first row not yet in a group takes
    everything that is within ``near_copy_distance`` of itself and that it reaches over pairs of such rows: no group
    is wider than twice that distance. Looking beyond its own pairs matters where a row has more copies than the ten
    neighbours that are kept. Distances are taken from differences.
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
        members, distances = [np.array([keeper])], [np.zeros(1)]
        centre = np.asarray(vectors[keeper], dtype=np.float64)
        frontier, refused = members[0], []
        while frontier.size:
            spans = [links.indices[links.indptr[row] : links.indptr[row + 1]] for row in frontier.tolist()]
            reached = np.unique(np.concatenate(spans)).astype(np.int64)
            reached = reached[free[reached]]
            apart = _distances(vectors, reached, centre)
            near = apart <= near_copy_distance
            frontier = reached[near]
            refused.append(reached[~near])
            free[reached] = False
            members.append(frontier)
            distances.append(apart[near])
        free[np.concatenate(refused)] = True
        rows = np.concatenate(members)
        if rows.size > 1:
            groups.append((rows, np.concatenate(distances)))
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


def _distances(
    vectors: NDArray[np.float32], rows: NDArray[np.int64], centre: NDArray[np.float64]
) -> NDArray[np.float64]:
    result = np.empty(rows.size)
    for start in range(0, rows.size, _ROWS):
        part = rows[start : start + _ROWS]
        gaps = np.asarray(vectors[part], dtype=np.float64) - centre
        result[start : start + _ROWS] = np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
    return result
