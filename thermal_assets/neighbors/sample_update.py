"""Lists of neighbours in a sample brought up to date: only what came into the sample is compared with old images.

Of every old image the exact beginning of its list is stored, longer than what is asked for. What left the sample
leaves the list; what came into it enters where its true score says so. An image whose list has become too short is
left to a search. So the result is that of a search from nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from thermal_assets.neighbors.distances import pair_scores
from thermal_assets.neighbors.grouped_lists import GroupedLists
from thermal_assets.neighbors.incremental import Previous
from thermal_assets.neighbors.list_files import ListBlock
from thermal_assets.neighbors.scores import ScoreBlock
from thermal_assets.neighbors.search import Search, full_float32
from thermal_assets.neighbors.selection import first_of_pairs
from thermal_assets.neighbors.space import SharedSpace, Space

WORTH_AN_UPDATE = 0.1  # share of newcomers in the sample beyond which most lists have lost more than they had to spare
_NO_LIMIT = 3e38  # in float32 it is finite: entries that were taken out are not within it


@dataclass(frozen=True)
class PreviousSample(Previous):
    """What an earlier search left, and ``sample`` int64 [s], rising: the rows of then that its columns stand for."""

    sample: np.ndarray


@dataclass(frozen=True)
class QueryBlock:
    """Some images as queries, read when they are asked for.

    rows        int64 [b], rising
    own_column  int64 [b]: their columns among the candidates, -1 where they are none
    """

    rows: np.ndarray
    read: Callable[[np.ndarray], np.ndarray]
    candidates: Space
    own_column: np.ndarray

    @cached_property
    def space(self) -> Space:
        """Their vectors, to be compared with the candidates."""
        return Space(self.read(self.rows), "euclidean", like=self.candidates)

    def exclude_own(self, scores: ScoreBlock, queries: np.ndarray, place: np.ndarray | None = None) -> None:
        """No image is its own neighbour: ``scores`` are those of some ``queries`` int64 of this block.

        ``place`` int64: where each column stands among fewer candidates, -1 = not there.
        """
        own = self.own_column[queries]
        if place is not None:
            own = np.where(own >= 0, place[np.maximum(own, 0)], -1)
        here = np.flatnonzero(own >= 0)
        scores.exclude(here, own[here])


class SampleUpdate:
    """From lists of an earlier sample to those of the present one, ``candidates``.

    ``column_of`` int64 [n]: the columns of the images among the candidates, -1 where they are none.
    """

    def __init__(self, previous: PreviousSample, candidates: Space, column_of: np.ndarray, memory_mb: float) -> None:
        self._old_of, self._memory_mb = previous.old_of, memory_mb
        self._files, self._stored = previous.files, previous.files.mapped()
        kept = np.flatnonzero(previous.old_of >= 0)
        row_of = np.full(previous.files.count, -1, dtype=np.int64)
        row_of[previous.old_of[kept]] = kept
        row = row_of[previous.sample]
        self._new_of = np.where(row >= 0, column_of[np.maximum(row, 0)], -1).astype(np.int32)
        came = np.ones(candidates.count, dtype=bool)
        came[self._new_of[self._new_of >= 0]] = False
        self._came = np.flatnonzero(came)  # the columns that no stored list was compared with
        self._place = np.full(candidates.count, -1, dtype=np.int64)
        self._place[self._came] = np.arange(len(self._came))
        self._newcomers = SharedSpace(candidates.array[self._came], "euclidean", like=candidates)

    @property
    def pays(self) -> bool:
        """Whether it spares work: otherwise most images would be searched for besides."""
        return len(self._came) <= WORTH_AN_UPDATE * len(self._place)

    def apply(self, block: QueryBlock, grouped: GroupedLists) -> np.ndarray:
        """Give ``grouped`` the lists of the images of ``block``; returns int64: those that must be searched for."""
        old, stored = self._old_of[block.rows], self._stored
        lists = ListBlock.empty(len(old), stored.columns.shape[1], stored.across_columns.shape[1])
        has_across = (old >= 0) & stored.has_across[old, 0]
        queries, columns, scores = self._entering(block, old, has_across)
        self._merge(lists, 0, old, queries, columns, scores)
        if has_across.any():
            for _, rule in grouped.across_rules:
                if rule.query_group is None or rule.candidate_group is None:
                    continue
                theirs = rule.candidate_group[columns]
                counts = (theirs >= 0) & (theirs != rule.query_group[queries])
                old_across = np.where(has_across, old, -1)
                self._merge(lists, 1, old_across, queries[counts], columns[counts], scores[counts])
        grouped.write(np.arange(len(old)), lists)
        self._files.release()
        return np.flatnonzero(grouped.stored(np.arange(len(old)), lists, old >= 0))

    def _merge(
        self, lists: ListBlock, side: int, old: np.ndarray, queries: np.ndarray, columns: np.ndarray, scores: np.ndarray
    ) -> None:
        """Merge the stored lists ``old`` int64 [b] and the pairs that may enter into ``lists``, plain (0) or across (1)."""
        from thermal_assets.neighbors.list_kernels import merge_lists

        before, after = ((part.columns, part.scores) if side == 0 else (part.across_columns, part.across_scores)
                         for part in (self._stored, lists))  # fmt: skip
        # One more than there is room for tells a full list from one that is too long.
        entering = first_of_pairs(queries, columns, scores, len(old), after[0].shape[1] + 1, None, None)
        last = np.empty(len(old))
        merge_lists(
            *before, self._stored.everything, side, old, self._new_of, *entering, *after, lists.everything, last
        )

    def _entering(
        self, block: QueryBlock, old: np.ndarray, has_across: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of an old image and a newcomer that is no further than its stored lists reach.

        Queries and columns int64, scores float64; in the order of queries.
        """
        from thermal_assets.neighbors.list_kernels import last_scores

        queries, columns, scores = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
        asked = np.flatnonzero(old >= 0)
        if len(self._came) and len(asked):
            reach = np.zeros(len(old))
            for side, of, rows in (
                (0, self._stored.scores, old),
                (1, self._stored.across_scores, np.where(has_across, old, -1)),
            ):
                last = np.empty(len(old))
                last_scores(of, rows, last)
                last[~np.isfinite(last)] = 0.0
                last[(rows >= 0) & self._stored.everything[rows, side]] = _NO_LIMIT
                reach = np.maximum(reach, last)
            with full_float32():
                search = Search(block.space, self._newcomers, "float32", 1, self._memory_mb)
                for start in range(0, len(asked), search.rows):
                    chunk = asked[start : start + search.rows]
                    filled = search.fill(chunk)
                    block.exclude_own(filled, chunk, self._place)
                    limit = np.minimum(search.bounds.limit(chunk, reach[chunk]), _NO_LIMIT)
                    at, place = filled.within(limit)
                    score = pair_scores(block.space, chunk[at], self._newcomers, place)
                    inside = score <= reach[chunk][at]
                    queries.append(chunk[at][inside])
                    columns.append(self._came[place[inside]])
                    scores.append(score[inside])
        return np.concatenate(queries), np.concatenate(columns), np.concatenate(scores)
