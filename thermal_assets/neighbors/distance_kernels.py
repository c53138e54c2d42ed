"""Loops over the differences of vectors, compiled, without the interpreter lock."""

from __future__ import annotations

import numba as nb
import numpy as np

from thermal_assets.neighbors.compiling import compiled

_FLOATS = nb.types.Array(nb.float32, 2, "C", readonly=True)
_FACTORS = nb.types.Array(nb.float64, 1, "C", readonly=True)
_ROWS = nb.types.Array(nb.int64, 1, "C", readonly=True)
_regrouped = {"reassoc", "contract"}  # sums in lanes; the same lanes for every pair of rows
_INSERTED = 256  # candidates that are sorted as they come; of more, that would take the square of their number


@nb.njit(nb.float64(_FLOATS, nb.int64, nb.float64, _FLOATS, nb.int64, nb.float64), fastmath=_regrouped, **compiled)
def half_square(x, i, scale_x, y, j, scale_y):  # type: ignore[no-untyped-def]
    """|scale_x x_i - scale_y y_j|^2 / 2 in float64; zero for equal rows of equal scale."""
    total = 0.0
    for c in range(x.shape[1]):
        difference = scale_x * nb.float64(x[i, c]) - scale_y * nb.float64(y[j, c])
        total += difference * difference
    return total / 2


@nb.njit(nb.float64(_FLOATS, _FACTORS, nb.int64, _FLOATS, _FACTORS, nb.int64), **compiled)
def _score(x, scale_x, i, y, scale_y, column):  # type: ignore[no-untyped-def]
    if column < 0:
        return np.inf
    if scale_x[i] == 0 or scale_y[column] == 0:
        return 1.0
    return half_square(x, i, scale_x[i], y, column, scale_y[column])


@nb.njit((_FLOATS, _FACTORS, _ROWS, _FLOATS, _FACTORS, nb.int64[:, ::1], nb.float64[:, ::1]), **compiled)
def measure_and_sort(x, scale_x, rows, y, scale_y, columns, scores):  # type: ignore[no-untyped-def]
    """Scores of each row's ``columns`` int64 [b, K] (-1 = none) into ``scores`` float64 [b, K]; then both sorted.

    Order: score, then column; -1 with infinity at the end. A scale of 0 marks a vector without direction: score 1.
    """
    picks = columns.shape[1]
    for b in range(len(rows)):
        i = rows[b]
        if picks > _INSERTED:
            columns[b].sort()  # a stable sort by score then leaves equal scores in the order of columns
            for entry in range(picks):
                scores[b, entry] = _score(x, scale_x, i, y, scale_y, columns[b, entry])
            order = np.argsort(scores[b], kind="mergesort")
            columns[b], scores[b] = columns[b][order], scores[b][order]
            continue
        for entry in range(picks):
            column = columns[b, entry]
            score = _score(x, scale_x, i, y, scale_y, column)
            place = entry
            while place > 0 and (
                scores[b, place - 1] > score or (scores[b, place - 1] == score and columns[b, place - 1] > column)
            ):
                scores[b, place], columns[b, place] = scores[b, place - 1], columns[b, place - 1]
                place -= 1
            scores[b, place], columns[b, place] = score, column


@nb.njit((_FLOATS, _FACTORS, _ROWS, _FLOATS, _FACTORS, _ROWS, nb.float64[::1]), **compiled)
def measure_pairs(x, scale_x, rows, y, scale_y, columns, scores):  # type: ignore[no-untyped-def]
    """Scores of the pairs (rows, columns), int64 [p] each."""
    for p in range(len(rows)):
        i, j = rows[p], columns[p]
        if scale_x[i] == 0 or scale_y[j] == 0:
            scores[p] = 1.0
        else:
            scores[p] = half_square(x, i, scale_x[i], y, j, scale_y[j])
