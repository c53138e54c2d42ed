"""Vectors that stored lists of neighbours have not been compared with, and their way into these lists."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from thermal_assets.neighbors.distances import pair_scores
from thermal_assets.neighbors.list_files import ListBlock
from thermal_assets.neighbors.search import Search, full_float32
from thermal_assets.neighbors.selection import first_of_pairs
from thermal_assets.neighbors.space import SharedSpace, Space

_NO_LIMIT = 3e38  # in float32 it is finite: entries that were taken out are not within it


class Newcomers:
    """Those of ``candidates`` that are new: ``columns`` int64 [m], rising."""

    def __init__(self, candidates: Space, columns: np.ndarray, memory_mb: float) -> None:
        self.columns, self._memory_mb = columns, memory_mb
        self._place = np.full(candidates.count, -1, dtype=np.int64)
        self._place[columns] = np.arange(len(columns))
        self._space = SharedSpace(candidates.array[columns], candidates.metric, like=candidates)

    def enter(
        self,
        stored: ListBlock,
        old: np.ndarray,
        old_across: np.ndarray,
        new_of: np.ndarray,
        queries: Callable[[], Space],
        groups: tuple[np.ndarray, np.ndarray] | None,
        own_column: np.ndarray | None = None,
    ) -> ListBlock:
        """Stored lists of b queries with every newcomer where it belongs: nothing is left open.

        old, old_across  int64 [b]: the rows of their stored lists, plain and across; -1 = none, and none comes out
        new_of           as of list_kernels.merge_lists
        queries          gives their vectors, in the same order; not called where nothing is to be compared
        groups           int64 [b] and [candidates]: across, candidates of another group than the query's count
        own_column       int64 [b]: the column that a query is itself, -1 = none; it is no neighbour
        """
        lists = ListBlock.empty(len(old), stored.columns.shape[1], stored.across_columns.shape[1])
        asked = np.flatnonzero(old >= 0)
        at, columns, scores = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        if len(self.columns) and len(asked):
            reach = np.maximum(_reach_of(stored, 0, old), _reach_of(stored, 1, old_across))
            at, columns, scores = self._within(queries(), asked, reach, own_column)
        _merge_pairs(stored, lists, 0, old, new_of, at, columns, scores)
        if groups is not None and (old_across >= 0).any():
            own, theirs = groups[0][at], groups[1][columns]
            counts = (theirs >= 0) & (theirs != own)
            _merge_pairs(stored, lists, 1, old_across, new_of, at[counts], columns[counts], scores[counts])
        return lists

    def _within(
        self, queries: Space, rows: np.ndarray, reach: np.ndarray, own_column: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of a query of ``rows`` int64 and a newcomer with a score of at most ``reach`` float64 [all queries].

        ``own_column`` int64 [all queries]: the column that a query is itself, -1 = none; it is no neighbour.
        Queries and columns int64, scores float64; in the order of ``rows``.
        """
        at_all, columns, scores = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
        with full_float32():
            search = Search(queries, self._space, "float32", 1, self._memory_mb)
            for start in range(0, len(rows), search.rows):
                chunk = rows[start : start + search.rows]
                filled = search.fill(chunk)
                if own_column is not None:
                    own = np.where(own_column[chunk] >= 0, self._place[own_column[chunk]], -1)
                    here = np.flatnonzero(own >= 0)
                    filled.exclude(here, own[here])
                limit = np.minimum(search.bounds.limit(chunk, reach[chunk]), _NO_LIMIT)
                at, place = filled.within(limit)
                score = pair_scores(queries, chunk[at], self._space, place)
                inside = score <= reach[chunk][at]
                at_all.append(chunk[at][inside])
                columns.append(self.columns[place[inside]])
                scores.append(score[inside])
        return np.concatenate(at_all), np.concatenate(columns), np.concatenate(scores)


def merge_stored(
    stored: ListBlock,
    lists: ListBlock,
    side: int,
    old: np.ndarray,
    new_of: np.ndarray,
    entering: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Merge the stored lists of rows ``old`` int64 [b] and those ``entering`` (columns, scores) into ``lists``.

    ``side``: the plain lists (0) or those across (1); ``new_of``: as of list_kernels.merge_lists. Returns float64 [b]:
    the last score of each merged list.
    """
    from thermal_assets.neighbors.list_kernels import merge_lists

    last = np.empty(len(old))
    before, after = ((part.columns, part.scores) if side == 0 else (part.across_columns, part.across_scores)
                     for part in (stored, lists))  # fmt: skip
    merge_lists(*before, stored.everything, side, old, new_of, *entering, *after, lists.everything, last)
    return last


def _reach_of(stored: ListBlock, side: int, old: np.ndarray) -> np.ndarray:
    """float64 [b]: up to which score the plain (0) or across (1) lists of rows ``old`` int64 [b] are complete.

    Without a bound where a list is the whole row, 0 where there is none (``old`` -1 included).
    """
    from thermal_assets.neighbors.list_kernels import last_scores

    last = np.empty(len(old))
    last_scores(stored.scores if side == 0 else stored.across_scores, old, last)
    last[~np.isfinite(last)] = 0.0
    last[(old >= 0) & stored.everything[old, side]] = _NO_LIMIT
    return last


def _merge_pairs(
    stored: ListBlock,
    lists: ListBlock,
    side: int,
    old: np.ndarray,
    new_of: np.ndarray,
    queries: np.ndarray,
    columns: np.ndarray,
    scores: np.ndarray,
) -> None:
    """``merge_stored`` for all pairs of a query and a column that may belong to its list."""
    width = (lists.columns if side == 0 else lists.across_columns).shape[1]
    # One more than there is room for tells a full list from one that is too long.
    entering = first_of_pairs(queries, columns, scores, len(old), width + 1, None, None)
    merge_stored(stored, lists, side, old, new_of, entering)
