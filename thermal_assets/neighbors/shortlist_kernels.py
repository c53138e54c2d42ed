"""Loops that enter scores into the shortlists of queries, compiled, without the interpreter lock.

Scores are read as integers ("keys"): the bits of a float, read as an integer, rise with the value where it is not
negative, in 16 bits as in 32. Rounding may leave a score slightly below zero; those come first in any order, and a
bound below zero certifies nothing.
"""

from __future__ import annotations

import numba as nb

from thermal_assets.neighbors.compiling import compiled

_STRIDE = 128  # scores compared with the limit at once, in vector registers, before any is looked at
_STEP = 16  # and again of these, before each is
_LISTS = (nb.int32[:, ::1], nb.int32[:, ::1], nb.int32[::1], nb.int32[::1], nb.int64)


@nb.njit((nb.int32[::1], nb.int32[::1], nb.int64, nb.int64), **compiled)
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


@nb.njit((nb.types.Tuple(_LISTS), nb.types.Array(nb.int64, 1, "C", readonly=True)), **compiled)
def shrink_lists(lists, rows):  # type: ignore[no-untyped-def]
    """Reduce the lists of ``rows`` to what is wanted."""
    keys, columns, held, limit, wanted = lists
    for row in rows:
        if held[row] > wanted:
            limit[row] = keep_smallest(keys[row], columns[row], held[row], wanted)
            held[row] = wanted


@nb.njit(**compiled)
def _push(key, column, row, keys, columns, held, limit, wanted):  # type: ignore[no-untyped-def]
    """Enter a candidate; a full list shrinks to its ``wanted`` smallest and takes nothing larger from then on."""
    count = held[row]
    keys[row, count], columns[row, count] = key, column
    count += 1
    if count == keys.shape[1]:
        limit[row] = keep_smallest(keys[row], columns[row], count, wanted)
        count = wanted
    held[row] = count


@nb.njit(**compiled)
def _any_below(scores, bar):  # type: ignore[no-untyped-def]
    """Whether a score is below the bar. On views that begin at 0, compilers compare many scores at once."""
    below = False
    for c in range(len(scores)):
        below |= scores[c] < bar
    return below


@nb.njit(**compiled)
def _any_below_its_bar(scores, bars):  # type: ignore[no-untyped-def]
    below = False
    for c in range(len(scores)):
        below |= scores[c] < bars[c]
    return below


@nb.njit(**compiled)  # for 16 or 32 bits as they are met: compiling takes seconds
def offer_rows(scores, width, row_ids, first_column, lists, across, session):  # type: ignore[no-untyped-def]
    """Offer the candidates ``first_column + c``, c < width, to the lists of the queries ``row_ids[i]``.

    scores       keys int16 or int32 [b, at least width]
    row_ids      int32 [b]; a query is no candidate of its own
    lists        (keys int32 [n, C], columns int32 [n, C], held int32 [n], limit int32 [n], wanted): what each query
                 holds so far; keys of ``limit`` or more are refused
    across       the same for candidates of other sessions; not touched where ``session`` is empty
    session      int32 [n], negative = none, or empty
    """
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
            if not _any_below(scores[i, start : min(start + _STRIDE, width)], either):
                continue
            for near in range(start, min(start + _STRIDE, width), _STEP):
                stop = min(near + _STEP, width)
                if not _any_below(scores[i, near:stop], either):
                    continue
                for c in range(near, stop):
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


@nb.njit(**compiled)  # for 16 or 32 bits as they are met: compiling takes seconds
def offer_columns(scores, width, row_ids, first_column, lists, across, session):  # type: ignore[no-untyped-def]
    """The same scores the other way round: rows are candidates, columns are queries."""
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
            end = min(start + _STRIDE, width)
            if not _any_below_its_bar(scores[i, start:end], bars[start:end]):
                continue
            for near in range(start, end, _STEP):
                stop = min(near + _STEP, width)
                if not _any_below_its_bar(scores[i, near:stop], bars[near:stop]):
                    continue
                for c in range(near, stop):
                    key = nb.int32(scores[i, c])
                    if key >= bars[c]:
                        continue
                    query = first_column + c
                    if key < limit[query]:
                        _push(key, row, query, keys, columns, held, limit, wanted)
                    if grouped and key < limit2[query] and own >= 0 and session[query] != own:
                        _push(key, row, query, keys2, columns2, held2, limit2, wanted2)
                    bars[c] = max(limit[query], limit2[query]) if grouped else limit[query]
