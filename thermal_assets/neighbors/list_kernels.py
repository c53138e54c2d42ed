"""Loops over lists of neighbours that are sorted already, compiled, without the interpreter lock."""

from __future__ import annotations

import numba as nb
import numpy as np

from thermal_assets.neighbors.compiling import compiled

_CODES = nb.types.Array(nb.int32, 1, "C", readonly=True)
_ROWS = nb.types.Array(nb.int64, 1, "C", readonly=True)


@nb.njit(
    (
        nb.int32[:, ::1],
        nb.float64[:, ::1],
        nb.boolean[::1],
        _CODES,
        nb.types.Array(nb.int64, 2, "C", readonly=True),
        nb.types.Array(nb.float64, 2, "C", readonly=True),
    ),
    **compiled,
)
def merge_lists(columns, scores, everything, new_of, added, added_scores):  # type: ignore[no-untyped-def]
    """Bring exact lists up to date in place: columns that are gone leave, added ones enter where they belong.

    columns, scores       int32 and float64 [b, K]: the exact beginning of each row by (score, column), -1 and infinity
                          behind it; ``everything`` bool [b]: it is the whole row
    new_of                int32: new number of each old column, rising, -1 = gone
    added, added_scores   int64 and float64 [b, F], sorted alike, -1 = none: new columns that may belong
    """
    width = columns.shape[1]
    old_columns, old_scores = np.empty(width, np.int32), np.empty(width)
    for b in range(columns.shape[0]):
        count, last_score, last_column = 0, -np.inf, -1
        for entry in range(width):
            column = columns[b, entry]
            if column < 0:
                break
            last_score, last_column = scores[b, entry], new_of[column]
            if last_column < 0:
                continue
            old_columns[count], old_scores[count] = last_column, last_score
            count += 1
        place, old, new = 0, 0, 0
        while True:
            column, score, is_new = -1, np.inf, False
            if new < added.shape[1] and added[b, new] >= 0:
                column, score, is_new = added[b, new], added_scores[b, new], True
                # Behind the last old entry nothing is certain; a tie with one that is gone is not decided either.
                if not everything[b] and (
                    score > last_score or (score == last_score and (last_column < 0 or column > last_column))
                ):
                    column = -1
            if old < count and (
                column < 0 or old_scores[old] < score or (old_scores[old] == score and old_columns[old] < column)
            ):
                column, score, is_new = old_columns[old], old_scores[old], False
            if column < 0:
                break
            if place == width:
                everything[b] = False
                break
            columns[b, place], scores[b, place] = column, score
            place += 1
            if is_new:
                new += 1
            else:
                old += 1
        for entry in range(place, width):
            columns[b, entry], scores[b, entry] = -1, np.inf


@nb.njit(
    (
        nb.types.Array(nb.int64, 2, "C", readonly=True),
        nb.types.Array(nb.float64, 2, "C", readonly=True),
        nb.types.Array(nb.boolean, 2, "C", readonly=True),
        _ROWS,
        nb.float64,
        nb.int64[:, ::1],
        nb.float64[:, ::1],
    ),
    **compiled,
)
def first_that_count(columns, scores, counts, key, minimum, first_columns, first_scores):  # type: ignore[no-untyped-def]
    """The first entries of each row that count, into first_columns, first_scores [b, k], filled with -1 and infinity.

    columns, scores  int64, float64 [b, K], sorted, -1 = none; counts  bool [b, K], or [0, 0]: all do
    key              int64 [n]: of candidates with equal key only the first counts; or empty
    minimum          smaller scores do not count
    """
    k = first_columns.shape[1]
    for b in range(columns.shape[0]):
        found = 0
        for entry in range(columns.shape[1]):
            if found == k:
                break
            column = columns[b, entry]
            if column < 0 or scores[b, entry] < minimum or (len(counts) > 0 and not counts[b, entry]):
                continue
            repeated = False
            if len(key) > 0:
                for other in range(found):
                    repeated |= key[first_columns[b, other]] == key[column]
            if not repeated:
                first_columns[b, found], first_scores[b, found] = column, scores[b, entry]
                found += 1
