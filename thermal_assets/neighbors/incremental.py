"""Lists of neighbours brought up to date: new images are compared with all, nothing else is.

Of every old image the exact beginning of its list is stored, longer than what is asked for. Images that are gone
leave the lists; new ones enter where their true score says so. A row whose list has become too short, or for which
rounding could hide a new neighbour, is searched again. So the result is that of a search from nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from thermal_assets.neighbors.bounds import Bounds
from thermal_assets.neighbors.distances import sorted_candidates
from thermal_assets.neighbors.grouped_lists import PICKS_PER_FRAME, GroupedLists
from thermal_assets.neighbors.joined_search import Settled, plain_picks, prepared
from thermal_assets.neighbors.list_files import ListBlock, ListFiles
from thermal_assets.neighbors.search import full_float32, run_search
from thermal_assets.neighbors.self_join import Lists, join_rows
from thermal_assets.neighbors.shortlists import Shortlists, no_shortlists
from thermal_assets.neighbors.space import Precision, Progress, Space

WORTH_AN_UPDATE = 0.2  # share of new images beyond which everything is searched anew
_ENTERING = 32  # new images that may enter one list; where more do, the row is searched again
_ROWS_AT_ONCE = 4096


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
        operands, bounds, wanted = prepared(space, fresh, row_picks, precision, memory_mb)
        is_fresh = np.zeros(space.count, dtype=bool)
        is_fresh[fresh] = True
        plain = Shortlists(is_fresh, min(plain_picks(grouped.k_plain, wanted), space.count), wanted)
        entering = Shortlists(~is_fresh, _ENTERING, wanted)
        across = entering_across = no_shortlists(wanted)
        if session is not None:
            picks = min(plain_picks(PICKS_PER_FRAME * grouped.k_across, wanted), space.count)
            across = Shortlists(is_fresh & (session >= 0), picks, wanted)
            entering_across = Shortlists(~is_fresh & (session >= 0), _ENTERING, wanted)
        _refuse_what_is_too_far(bounds, previous, kept, entering, entering_across if session is not None else None)
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
        used = max(1, int((columns >= 0).sum(axis=1).max(initial=0)))
        return Settled(rows, *sorted_candidates(space, rows, space, columns[:, :used]), bound, bounds)

    for start in range(0, len(fresh), _ROWS_AT_ONCE):
        rows = fresh[start : start + _ROWS_AT_ONCE]
        left.append(rows[grouped.emit(settled(plain, rows), lambda part: settled(across, part))])
    for rows, block in _blocks(previous, kept):
        everything = [np.ascontiguousarray(block.everything[:, side]) for side in (0, 1)]
        certain = _merged(block.columns, block.scores, everything[0], new_of, settled(entering, rows))
        if session is not None:
            # Where no list across is stored, the plain one was enough and may be again.
            asked = np.flatnonzero(everything[1] | (block.across_columns[:, 0] >= 0))
            columns, scores, whole = block.across_columns[asked], block.across_scores[asked], everything[1][asked]
            certain[asked] &= _merged(columns, scores, whole, new_of, settled(entering_across, rows[asked]))
            block.across_columns[asked], block.across_scores[asked], everything[1][asked] = columns, scores, whole
        block.everything = np.stack(everything, axis=1)
        left.append(rows[grouped.stored(rows, block, certain)])
    still_open = np.sort(np.concatenate(left))
    if len(still_open):
        run_search(
            space,
            space,
            still_open,
            grouped.work,
            picks=row_picks,
            precision=wanted,
            memory_mb=memory_mb,
            progress=None,
        )
    return wanted


def _merged(
    columns: np.ndarray, scores: np.ndarray, everything: np.ndarray, new_of: np.ndarray, entering: Settled
) -> np.ndarray:
    """Merge ``entering`` into lists, in place; returns bool [b]: no new image can be missing from them."""
    from thermal_assets.neighbors.list_kernels import merge_lists

    merge_lists(columns, scores, everything, new_of, entering.columns, entering.scores)
    return entering.reaches(np.where(everything, np.inf, _last(scores)))


def _last(scores: np.ndarray) -> np.ndarray:
    """float64 [b]: the last score of each list; 0 where there is none."""
    return np.where(np.isfinite(scores), scores, 0.0).max(axis=1, initial=0.0)


def _blocks(previous: Previous, kept: np.ndarray) -> Iterator[tuple[np.ndarray, ListBlock]]:
    """Old rows that are still there, int64 [b] as they are numbered now, with their lists as they were."""
    for start in range(0, len(kept), _ROWS_AT_ONCE):
        rows = kept[start : start + _ROWS_AT_ONCE]
        old = previous.old_of[rows]
        block = previous.files.read(int(old[0]), int(old[-1]) + 1)
        at = old - old[0]
        yield rows, ListBlock(*(np.ascontiguousarray(getattr(block, name)[at]) for name in ListBlock.__annotations__))


def _refuse_what_is_too_far(
    bounds: Bounds, previous: Previous, kept: np.ndarray, plain: Shortlists, across: Shortlists | None
) -> None:
    """Set the limits of the lists so that only what may belong to a stored list is taken."""
    for rows, block in _blocks(previous, kept):
        for lists, scores, everything in (
            (plain, block.scores, block.everything[:, 0]),
            (across, block.across_scores, block.everything[:, 1]),
        ):
            if lists is None:
                continue
            empty = ~np.isfinite(scores).any(axis=1)
            limit = np.where(everything, math.inf, bounds.limit(rows, _last(scores)))
            lists.refuse_from(rows, limit, nothing=empty & ~everything)
