"""The loop behind distances to references, compiled, without the interpreter lock."""

from __future__ import annotations

import numba as nb
import numpy as np

from thermal_assets.neighbors.compiling import compiled

_PRODUCTS = nb.types.Array(nb.float32, 2, "C", readonly=True)
_SQUARES = nb.types.Array(nb.float32, 1, "C", readonly=True)
_NUMBERS = nb.types.Array(nb.int64, 1, "C", readonly=True)


@nb.njit(
    (_PRODUCTS, _SQUARES, _SQUARES, _NUMBERS, _NUMBERS, _NUMBERS, nb.int64[:, ::1], nb.float64[:, ::1]), **compiled
)
def nearest_references(products, own, squares, ranks, limits, without, places, found):  # type: ignore[no-untyped-def]
    """The k nearest references of each query, nearest first, without those of one group.

    products  float32 [q, r] of queries and references; own float32 [q] and squares float32 [r] their squared lengths
    ranks     int64 [r]: the group of each reference; limits int64 [s]: a query without group g meets the first limits[g]
    without   int64 [q]: the group that does not count
    places    int64 [q, k], positions among the references; found float64 [q, k], squared distances (float32 arithmetic);
              where fewer than k references count, the rest stays as it was given
    """
    k = places.shape[1]
    for query in range(products.shape[0]):
        left_out, count = without[query], 0
        worst = np.float32(np.inf)
        for at in range(min(limits[left_out], products.shape[1])):
            distance = np.float32(-2) * products[query, at] + squares[at] + own[query]
            if distance >= worst or ranks[at] == left_out:
                continue
            place = min(count, k - 1)
            while place > 0 and found[query, place - 1] > distance:
                found[query, place], places[query, place] = found[query, place - 1], places[query, place - 1]
                place -= 1
            found[query, place], places[query, place] = distance, at
            count = min(count + 1, k)
            if count == k:
                worst = np.float32(found[query, k - 1])
