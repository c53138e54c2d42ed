"""Loops over lists of neighbours that are sorted already, compiled, without the interpreter lock."""

from __future__ import annotations

import numba as nb
import numpy as np

from thermal_assets.neighbors.compiling import compiled

_CODES = nb.types.Array(nb.int32, 1, "C", readonly=True)
_ROWS = nb.types.Array(nb.int64, 1, "C", readonly=True)
_STORED = nb.types.Array(nb.int32, 2, "C", readonly=True)
_COLUMNS = nb.types.Array(nb.int64, 2, "C", readonly=True)
_SCORES = nb.types.Array(nb.float64, 2, "C", readonly=True)


@nb.njit(
    (
        _STORED,
        _SCORES,
        nb.types.Array(nb.boolean, 2, "C", readonly=True),
        nb.int64,
        _ROWS,
        _CODES,
        _COLUMNS,
        _SCORES,
        nb.int32[:, ::1],
        nb.float64[:, ::1],
        nb.boolean[:, ::1],
        nb.float64[::1],
    ),
    **compiled,
)
def merge_lists(  # type: ignore[no-untyped-def]
    old_columns,
    old_scores,
    was_everything,
    side,
    old_of,
    new_of,
    added,
    added_scores,
    columns,
    scores,
    everything,
    last,
):
    """Exact lists brought up to date: columns that are gone leave, added ones enter where they belong.

    old_columns, old_scores  int32 and float64 [m, K]: the exact beginning of each row by (score, column), -1 and
                             infinity behind it; ``was_everything[:, side]`` bool: it is the whole row
    old_of                   int64 [b]: the row each list had there, -1 = it had none (what comes out is empty)
    new_of                   int32: new number of each old column, rising, -1 = gone
    added, added_scores      int64 and float64 [b, F], sorted alike, -1 = none: new columns that may belong
    columns, scores          the results, [b, K]; ``everything[:, side]``, and float64 [b] the last score (0: none)
    """
    width = columns.shape[1]
    here_columns, here_scores = np.empty(width, np.int32), np.empty(width)
    for b in range(columns.shape[0]):
        row = old_of[b]
        whole = row >= 0 and was_everything[row, side]
        count, last_score, last_column = 0, -np.inf, -1
        for entry in range(width if row >= 0 else 0):
            column = old_columns[row, entry]
            if column < 0:
                break
            last_score, last_column = old_scores[row, entry], new_of[column]
            if last_column < 0:
                continue
            here_columns[count], here_scores[count] = last_column, last_score
            count += 1
        place, old = 0, 0
        for new in range(added.shape[1]):
            column, score = added[b, new], added_scores[b, new]
            # Behind the last old entry nothing is certain; a tie with one that is gone is not decided either.
            if column < 0 or (
                not whole
                and (score > last_score or (score == last_score and (last_column < 0 or column > last_column)))
            ):
                break
            while (
                place < width
                and old < count
                and (here_scores[old] < score or (here_scores[old] == score and here_columns[old] < column))
            ):
                columns[b, place], scores[b, place] = here_columns[old], here_scores[old]
                place += 1
                old += 1
            if place == width:
                whole = False
                break
            columns[b, place], scores[b, place] = column, score
            place += 1
        rest = min(count - old, width - place)
        for entry in range(rest):
            columns[b, place + entry], scores[b, place + entry] = here_columns[old + entry], here_scores[old + entry]
        place += rest
        if old + rest < count:
            whole = False
        everything[b, side] = whole
        last[b] = scores[b, place - 1] if place else 0.0
        for entry in range(place, width):
            columns[b, entry], scores[b, entry] = -1, np.inf


@nb.njit((_SCORES, _ROWS, nb.float64[::1]), **compiled)
def last_scores(scores, rows, last):  # type: ignore[no-untyped-def]
    """The last finite score of the lists ``rows`` int64 [b] of ``scores`` float64 [m, K] into ``last``; infinity: none."""
    for b in range(len(rows)):
        last[b] = np.inf
        if rows[b] < 0 or scores.shape[1] == 0 or not np.isfinite(scores[rows[b], 0]):
            continue
        entry = scores.shape[1] - 1
        while not np.isfinite(scores[rows[b], entry]):
            entry -= 1
        last[b] = scores[rows[b], entry]


@nb.njit(
    (_SCORES, nb.types.Array(nb.int64, 1, "C", readonly=True), nb.boolean, nb.float64, nb.float64[:, ::1]), **compiled
)
def mean_distances(scores, wanted, squared, scale, means):  # type: ignore[no-untyped-def]
    """Mean float32 distances to the first ``wanted`` int64 [m], rising, into ``means`` float64 [m, b]; NaN: none.

    scores   float64 [b, K], rising, infinity = no more; ``squared``: half the squares of scaled distances
    """
    stretch = 1 / scale  # of a power of two: as exact as dividing
    for b in range(scores.shape[0]):
        total, count = 0.0, 0
        for at in range(len(wanted)):
            while count < min(wanted[at], scores.shape[1]) and scores[b, count] < np.inf:
                score = scores[b, count]
                total += nb.float64(nb.float32(np.sqrt(2 * score) * stretch if squared else score))
                count += 1
            means[at, b] = total / count if count else np.nan


def _counting(columns: nb.types.Type) -> tuple[nb.types.Type, ...]:
    return (
        nb.types.Array(columns, 2, "C", readonly=True),
        _SCORES,
        _ROWS,
        _ROWS,
        nb.boolean,
        _ROWS,
        nb.float64,
        nb.int64,
        nb.int64[:, ::1],
        nb.float64[:, ::1],
    )


@nb.njit([_counting(nb.int32), _counting(nb.int64)], **compiled)
def first_that_count(  # type: ignore[no-untyped-def]
    columns, scores, own_group, group, need_group, key, minimum, width, first_columns, first_scores
):
    """The first entries of each row that count, into first_columns, first_scores [b, k], filled with -1 and infinity.

    columns, scores  int32 or int64, float64 [b, K], sorted, -1 = none; only the first ``width`` are looked at
    own_group        int64 [b]: entries whose ``group`` int64 [n] is the same, and not negative, do not count;
                     ``need_group``: nor do those with a negative one. Both empty: groups do not matter
    key              int64 [n]: of candidates with equal key only the first counts; or empty
    minimum          smaller scores do not count
    """
    k = first_columns.shape[1]
    keys = np.empty(k, np.int64)
    for b in range(columns.shape[0]):
        found = 0
        for entry in range(min(width, columns.shape[1])):
            if found == k:
                break
            column = nb.int64(columns[b, entry])
            if column < 0:
                break
            if scores[b, entry] < minimum:
                continue
            if len(group) > 0:
                theirs = group[column]
                if (theirs == own_group[b] and theirs >= 0) or (need_group and theirs < 0):
                    continue
            repeated = False
            if len(key) > 0:
                keys[found] = key[column]
                for other in range(found):
                    repeated |= keys[other] == keys[found]
            if not repeated:
                first_columns[b, found], first_scores[b, found] = column, scores[b, entry]
                found += 1
