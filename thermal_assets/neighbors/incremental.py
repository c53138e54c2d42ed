"""Lists of neighbours brought up to date: new images are compared with all, nothing else is.

Of every old image the exact beginning of its list is stored, longer than what is asked for. Images that are gone
leave the lists; new ones enter where their true score says so. A row for which rounding could hide a new neighbour is
compared with every new image, one whose list has become too short is searched again. So the result is that of a search
from nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from thermal_assets.neighbors.arithmetic import chosen_arithmetic
from thermal_assets.neighbors.bounds import Bounds
from thermal_assets.neighbors.distances import sorted_candidates
from thermal_assets.neighbors.grouped_lists import PICKS_PER_FRAME, GroupedLists
from thermal_assets.neighbors.joined_search import (
    WORTH_A_JOIN,
    Settled,
    run_joined_search,
    told_again,
)
from thermal_assets.neighbors.list_files import ListBlock, ListFiles
from thermal_assets.neighbors.newcomers import Newcomers, merge_stored
from thermal_assets.neighbors.operands import Operands, Precision, StreamedOperands
from thermal_assets.neighbors.search import SearchOptions, full_float32, run_search
from thermal_assets.neighbors.self_join import Lists, join_rows
from thermal_assets.neighbors.shortlists import Shortlists, no_shortlists
from thermal_assets.neighbors.space import Progress, Space

WORTH_AN_UPDATE = 0.2  # share of new images beyond which everything is searched anew
_ENTERING = 32  # new images that a list takes from the join; where more enter, the row is compared with all of them
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Previous:
    """What an earlier search left: its lists, and ``old_of`` int64 [n], the row each vector had then (-1 = new)."""

    files: ListFiles
    old_of: np.ndarray

    @property
    def usable(self) -> bool:
        """Whether it pays to start from them: few new rows, and the others in their old order."""
        old = self.old_of[self.old_of >= 0]
        few = (self.old_of < 0).sum() <= WORTH_AN_UPDATE * len(self.old_of)
        return bool(few and len(old) and (np.diff(old) > 0).all() and old[-1] < self.files.count)


def run_update(
    space: Space,
    grouped: GroupedLists,
    previous: Previous,
    *,
    session: np.ndarray | None,
    row_picks: int,
    precision: Precision | None,
    memory_mb: float,
    progress: Progress | None,
) -> Precision:
    """Give ``grouped`` every row of ``space``, from ``previous`` lists and the products of new rows with all.

    ``session`` int [n] where neighbours across sessions are asked for. Returns the precision of the products.
    """
    fresh = np.flatnonzero(previous.old_of < 0)
    kept = np.flatnonzero(previous.old_of >= 0)
    new_of = np.full(previous.files.count, -1, dtype=np.int32)
    new_of[previous.old_of[kept]] = kept
    codes = np.empty(0, dtype=np.int32) if session is None else session
    left = [np.empty(0, dtype=np.int64)]
    with full_float32():
        arithmetic, search = chosen_arithmetic(
            space, space, fresh, grouped.k_plain, row_picks=row_picks, precision=precision, memory_mb=memory_mb
        )
        wanted = arithmetic.precision
        operands: Operands | StreamedOperands = StreamedOperands(space) if search is None else search.left
        bounds = Bounds(space, operands.error, space, operands) if search is None else search.bounds
        del search
        is_fresh = previous.old_of < 0
        plain = Shortlists(is_fresh, arithmetic.picks(grouped.k_plain, space.count), wanted)
        entering = Shortlists(~is_fresh, _ENTERING, wanted)
        across = entering_across = no_shortlists(wanted)
        stored = previous.files.mapped()
        has_across = stored.has_across[previous.old_of, 0] & (previous.old_of >= 0)
        _refuse_what_is_too_far(bounds, previous.old_of, entering, stored.scores, stored.everything[:, 0])
        if session is not None:
            picks = arithmetic.picks(PICKS_PER_FRAME * grouped.k_across, space.count)
            across = Shortlists(is_fresh & (session >= 0), picks, wanted)
            entering_across = Shortlists(~is_fresh & (session >= 0), _ENTERING, wanted)
            old = np.where(has_across, previous.old_of, -1)
            _refuse_what_is_too_far(bounds, old, entering_across, stored.across_scores, stored.everything[:, 1])
        join_rows(
            operands,
            fresh,
            Lists(plain, across, codes),
            Lists(entering, entering_across, codes),
            memory_mb=memory_mb,
            progress=progress,
        )
        del operands

    def settled(lists: Shortlists, rows: np.ndarray) -> Settled:
        columns, bound = lists.take(rows)
        return Settled(rows, *sorted_candidates(space, rows, space, columns), bound, bounds)

    newcomers = Newcomers(space, fresh, memory_mb)
    place = ListBlock.empty(min(_ROWS_AT_ONCE, space.count), previous.files.width, previous.files.width_across)
    for start in range(0, space.count, _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, space.count))
        old, block = previous.old_of[rows], place.first(len(rows))
        mine = rows[old < 0]
        certain = _merged(stored, block, 0, old, new_of, settled(entering, rows))
        old_across = np.where(has_across[rows], old, -1)
        if session is None or not has_across[rows].any():
            block.across_columns[:], block.across_scores[:], block.everything[:, 1] = -1, np.inf, False
        else:
            # Where no list across is stored, the plain one was enough and may be again.
            certain &= _merged(stored, block, 1, old_across, new_of, settled(entering_across, rows)) | (old_across < 0)
        if len(doubtful := np.flatnonzero(~certain & (old >= 0))):
            some = rows[doubtful]
            compared = newcomers.enter(
                stored,
                old[doubtful],
                old_across[doubtful],
                new_of,
                lambda of=some: Space(space.array[of], space.metric, like=space),  # type: ignore[misc]
                None if session is None else (session[some], session),
            )
            block.put(doubtful, compared)
            certain[doubtful] = True
        left.append(rows[grouped.stored(rows, block, certain) & (old >= 0)])
        if len(mine):
            # New rows have no list to start from; theirs take the empty places, so that all are written at once.
            keep = partial(_put, block, start)
            left.append(mine[grouped.emit(settled(plain, mine), lambda part: settled(across, part), keep)])
        grouped.write(rows, block)
        previous.files.release()  # each list is read once here: the maps of a million would count as memory to the end
    still_open = np.sort(np.concatenate(left))
    again: SearchOptions = {"precision": wanted, "memory_mb": memory_mb, "progress": progress}
    if len(still_open) >= WORTH_A_JOIN * space.count:
        # Most lists have lost more than they had to spare: each product once, for both of its rows.
        k, k_across = grouped.k_plain, PICKS_PER_FRAME * grouped.k_across
        return run_joined_search(
            space, still_open, grouped.emit, grouped.work,
            k=k, k_across=k_across, session=session, row_picks=row_picks, **again,
        )  # fmt: skip
    if len(still_open):
        again["progress"] = told_again(progress, space.count, len(still_open))
        run_search(space, space, still_open, grouped.work, picks=row_picks, **again)
    return wanted


def _put(block: ListBlock, start: int, rows: np.ndarray, lists: ListBlock) -> None:
    """Enter ``lists`` of ``rows`` into a ``block`` that begins with row ``start``."""
    for name in ListBlock.__annotations__:
        getattr(block, name)[rows - start] = getattr(lists, name)


def _merged(
    stored: ListBlock, block: ListBlock, side: int, old: np.ndarray, new_of: np.ndarray, entering: Settled
) -> np.ndarray:
    """Merge ``stored`` lists ``old`` int64 [b] and those ``entering`` into ``block``: the plain ones (0) or across (1).

    Returns bool [b]: no new image can be missing from them.
    """
    last = merge_stored(stored, block, side, old, new_of, (entering.columns, entering.scores))
    return entering.reaches(np.where(block.everything[:, side], np.inf, last))


def _refuse_what_is_too_far(
    bounds: Bounds, old_of: np.ndarray, lists: Shortlists, scores: np.ndarray, everything: np.ndarray
) -> None:
    """Set the limits of ``lists`` so that only what may belong to a stored list is taken.

    ``scores`` float64 [m, K] and ``everything`` bool [m] of the stored lists, ``old_of`` int64 [n] their rows.
    """
    from thermal_assets.neighbors.list_kernels import last_scores

    for start in range(0, len(old_of), _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(old_of)))
        old = old_of[rows]
        last = np.empty(len(rows))
        last_scores(scores, old, last)
        whole, empty = everything[old] & (old >= 0), ~np.isfinite(last)
        limit = np.where(whole, math.inf, bounds.limit(rows, np.where(empty, 0.0, last)))
        lists.refuse_from(rows, limit, nothing=empty & ~whole)
