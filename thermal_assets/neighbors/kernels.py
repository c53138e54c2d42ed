"""Loops over scores and differences, compiled (numba), without the interpreter lock.

Scores are read as integers ("keys"): the bits of a float, read as an integer, rise with the value where it is not
negative, in 16 bits as in 32. Rounding may leave a score slightly below zero; those come first in any order, and a
bound below zero certifies nothing. Import this module where it is used: numba takes half a second to import.
"""

from __future__ import annotations

import numba as nb
import numpy as np

_compiled = {"nogil": True, "cache": True, "boundscheck": False}
_STRIDE = 64  # scores compared with the limit at once, in vector registers, before any is looked at

_CODES = nb.types.Array(nb.int32, 1, "C", readonly=True)
_LISTS = (nb.int32[:, ::1], nb.int32[:, ::1], nb.int32[::1], nb.int32[::1], nb.int64)


@nb.njit((nb.int32[::1], nb.int32[::1], nb.int64, nb.int64), **_compiled)
def keep_smallest(keys, columns, count, wanted):  # type: ignore[no-untyped-def]
    """Move the ``wanted`` smallest of the first ``count`` keys (with their columns) to the front, in any order.

    Returns the largest of them. Source: C. A. R. Hoare, Algorithm 65: FIND, CACM 4 (7), 1961.
    """
    low, high, place = 0, count - 1, wanted - 1
    while low < high:
        pivot = keys[(low + high) >> 1]
        left, right = low, high
        while left <= right:
            while keys[left] < pivot:
                left += 1
            while keys[right] > pivot:
                right -= 1
            if left <= right:
                keys[left], keys[right] = keys[right], keys[left]
                columns[left], columns[right] = columns[right], columns[left]
                left += 1
                right -= 1
        if place <= right:
            high = right
        elif place >= left:
            low = left
        else:
            break
    largest = keys[0]
    for entry in range(1, wanted):
        largest = max(largest, keys[entry])
    return largest


@nb.njit((nb.types.Tuple(_LISTS), nb.types.Array(nb.int64, 1, "C", readonly=True)), **_compiled)
def shrink_lists(lists, rows):  # type: ignore[no-untyped-def]
    """Reduce the lists of ``rows`` to what is wanted."""
    keys, columns, held, limit, wanted = lists
    for row in rows:
        if held[row] > wanted:
            limit[row] = keep_smallest(keys[row], columns[row], held[row], wanted)
            held[row] = wanted


@nb.njit(**_compiled)
def _push(key, column, row, keys, columns, held, limit, wanted):  # type: ignore[no-untyped-def]
    """Enter a candidate; a full list shrinks to its ``wanted`` smallest and takes nothing larger from then on."""
    count = held[row]
    keys[row, count], columns[row, count] = key, column
    count += 1
    if count == keys.shape[1]:
        limit[row] = keep_smallest(keys[row], columns[row], count, wanted)
        count = wanted
    held[row] = count


@nb.njit(**_compiled)
def _offer_rows(scores, width, row_ids, first_column, lists, across, session):  # type: ignore[no-untyped-def]
    keys, columns, held, limit, wanted = lists
    keys2, columns2, held2, limit2, wanted2 = across
    grouped = len(session) > 0
    for i in range(scores.shape[0]):
        row = nb.int64(row_ids[i])
        own = session[row] if grouped else -1
        bar = limit[row]
        bar2 = limit2[row] if grouped else bar
        either = max(bar, bar2)
        for start in range(0, width, _STRIDE):
            stop = min(start + _STRIDE, width)
            hits = 0
            for c in range(start, stop):
                hits += scores[i, c] < either
            if hits == 0:
                continue
            for c in range(start, stop):
                key, column = nb.int32(scores[i, c]), first_column + c
                if key >= either or column == row:
                    continue
                if key < bar:
                    _push(key, column, row, keys, columns, held, limit, wanted)
                    bar = limit[row]
                if grouped and key < bar2 and session[column] >= 0 and session[column] != own:
                    _push(key, column, row, keys2, columns2, held2, limit2, wanted2)
                    bar2 = limit2[row]
            either = max(bar, bar2) if grouped else bar


@nb.njit(**_compiled)
def _offer_columns(scores, width, row_ids, first_column, lists, across, session):  # type: ignore[no-untyped-def]
    keys, columns, held, limit, wanted = lists
    keys2, columns2, held2, limit2, wanted2 = across
    grouped = len(session) > 0
    bars = limit[first_column : first_column + width].copy()
    if grouped:
        for c in range(width):
            bars[c] = max(bars[c], limit2[first_column + c])
    for i in range(scores.shape[0]):
        row = nb.int64(row_ids[i])
        own = session[row] if grouped else -1
        for start in range(0, width, _STRIDE):
            stop = min(start + _STRIDE, width)
            hits = 0
            for c in range(start, stop):
                hits += scores[i, c] < bars[c]
            if hits == 0:
                continue
            for c in range(start, stop):
                key = nb.int32(scores[i, c])
                if key >= bars[c]:
                    continue
                query = first_column + c
                if key < limit[query]:
                    _push(key, row, query, keys, columns, held, limit, wanted)
                if grouped and key < limit2[query] and own >= 0 and session[query] != own:
                    _push(key, row, query, keys2, columns2, held2, limit2, wanted2)
                bars[c] = max(limit[query], limit2[query]) if grouped else limit[query]


@nb.njit(**_compiled)  # for 16 or 32 bits as they are met: compiling takes seconds
def offer_rows(scores, width, row_ids, first_column, lists, across, session):  # type: ignore[no-untyped-def]
    """Offer the candidates ``first_column + c``, c < width, to the lists of the queries ``row_ids[i]``.

    scores       keys int16 or int32 [b, at least width]
    row_ids      int32 [b]; a query is no candidate of its own
    lists        (keys int32 [n, C], columns int32 [n, C], held int32 [n], limit int32 [n], wanted): what each query
                 holds so far; keys of ``limit`` or more are refused
    across       the same for candidates of other sessions; not touched where ``session`` is empty
    session      int32 [n], negative = none, or empty
    """
    _offer_rows(scores, width, row_ids, first_column, lists, across, session)


@nb.njit(**_compiled)  # for 16 or 32 bits as they are met: compiling takes seconds
def offer_columns(scores, width, row_ids, first_column, lists, across, session):  # type: ignore[no-untyped-def]
    """The same scores the other way round: rows are candidates, columns are queries."""
    _offer_columns(scores, width, row_ids, first_column, lists, across, session)


_FLOATS = nb.types.Array(nb.float32, 2, "C", readonly=True)
_FACTORS = nb.types.Array(nb.float64, 1, "C", readonly=True)
_ROWS = nb.types.Array(nb.int64, 1, "C", readonly=True)
_regrouped = {"reassoc", "contract"}  # sums in lanes; the same lanes for every pair of rows


@nb.njit(nb.float64(_FLOATS, nb.int64, nb.float64, _FLOATS, nb.int64, nb.float64), fastmath=_regrouped, **_compiled)
def half_square(x, i, scale_x, y, j, scale_y):  # type: ignore[no-untyped-def]
    """|scale_x x_i - scale_y y_j|^2 / 2 in float64; zero for equal rows of equal scale."""
    total = 0.0
    for c in range(x.shape[1]):
        difference = scale_x * nb.float64(x[i, c]) - scale_y * nb.float64(y[j, c])
        total += difference * difference
    return total / 2


@nb.njit((_FLOATS, _FACTORS, _ROWS, _FLOATS, _FACTORS, nb.int64[:, ::1], nb.float64[:, ::1]), **_compiled)
def measure_and_sort(x, scale_x, rows, y, scale_y, columns, scores):  # type: ignore[no-untyped-def]
    """Scores of each row's ``columns`` int64 [b, K] (-1 = none) into ``scores`` float64 [b, K]; then both sorted.

    Order: score, then column; -1 with infinity at the end. A scale of 0 marks a vector without direction: score 1.
    """
    picks = columns.shape[1]
    for b in range(len(rows)):
        i = rows[b]
        for entry in range(picks):
            column = columns[b, entry]
            if column < 0:
                score = np.inf
            elif scale_x[i] == 0 or scale_y[column] == 0:
                score = 1.0
            else:
                score = half_square(x, i, scale_x[i], y, column, scale_y[column])
            place = entry
            while place > 0 and (
                scores[b, place - 1] > score or (scores[b, place - 1] == score and columns[b, place - 1] > column)
            ):
                scores[b, place], columns[b, place] = scores[b, place - 1], columns[b, place - 1]
                place -= 1
            scores[b, place], columns[b, place] = score, column


@nb.njit((_FLOATS, _FACTORS, _ROWS, _FLOATS, _FACTORS, _ROWS, nb.float64[::1]), **_compiled)
def measure_pairs(x, scale_x, rows, y, scale_y, columns, scores):  # type: ignore[no-untyped-def]
    """Scores of the pairs (rows, columns), int64 [p] each."""
    for p in range(len(rows)):
        i, j = rows[p], columns[p]
        if scale_x[i] == 0 or scale_y[j] == 0:
            scores[p] = 1.0
        else:
            scores[p] = half_square(x, i, scale_x[i], y, j, scale_y[j])


@nb.njit(
    (
        nb.int32[:, ::1],
        nb.float64[:, ::1],
        nb.boolean[::1],
        _CODES,
        nb.types.Array(nb.int64, 2, "C", readonly=True),
        nb.types.Array(nb.float64, 2, "C", readonly=True),
        nb.boolean[::1],
    ),
    **_compiled,
)
def merge_lists(columns, scores, everything, new_of, added, added_scores, changed):  # type: ignore[no-untyped-def]
    """Bring exact lists up to date in place: columns that are gone leave, added ones enter where they belong.

    columns, scores       int32 and float64 [b, K]: the exact beginning of each row by (score, column), -1 and infinity
                          behind it; ``everything`` bool [b]: it is the whole row
    new_of                int32: new number of each old column, rising, -1 = gone
    added, added_scores   int64 and float64 [b, F], sorted alike, -1 = none: new columns that may belong
    changed               bool [b], set where an entry left or entered
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
                changed[b] = True
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
                changed[b] = True
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
    **_compiled,
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
