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

from thermal_assets.neighbors.grouped_lists import GroupedLists
from thermal_assets.neighbors.incremental import Previous
from thermal_assets.neighbors.newcomers import Newcomers
from thermal_assets.neighbors.scores import ScoreBlock
from thermal_assets.neighbors.space import Space

WORTH_AN_UPDATE = 0.1  # share of newcomers in the sample beyond which most lists have lost more than they had to spare


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

    def exclude_own(self, scores: ScoreBlock, queries: np.ndarray) -> None:
        """No image is its own neighbour: ``scores`` are those of some ``queries`` int64 of this block."""
        own = self.own_column[queries]
        here = np.flatnonzero(own >= 0)
        scores.exclude(here, own[here])


class SampleUpdate:
    """From lists of an earlier sample to those of the present one, ``candidates``.

    ``column_of`` int64 [n]: the columns of the images among the candidates, -1 where they are none.
    """

    def __init__(self, previous: PreviousSample, candidates: Space, column_of: np.ndarray, memory_mb: float) -> None:
        self._old_of = previous.old_of
        self._files, self._stored = previous.files, previous.files.mapped()
        kept = np.flatnonzero(previous.old_of >= 0)
        row_of = np.full(previous.files.count, -1, dtype=np.int64)
        row_of[previous.old_of[kept]] = kept
        row = row_of[previous.sample]
        self._new_of = np.where(row >= 0, column_of[np.maximum(row, 0)], -1).astype(np.int32)
        came = np.ones(candidates.count, dtype=bool)
        came[self._new_of[self._new_of >= 0]] = False
        self._newcomers = Newcomers(candidates, np.flatnonzero(came), memory_mb)
        self._sampled = candidates.count

    @property
    def pays(self) -> bool:
        """Whether it spares work: otherwise most images would be searched for besides."""
        return len(self._newcomers.columns) <= WORTH_AN_UPDATE * self._sampled

    def apply(self, block: QueryBlock, grouped: GroupedLists) -> np.ndarray:
        """Give ``grouped`` the lists of the images of ``block``; returns int64: those that must be searched for."""
        old, stored = self._old_of[block.rows], self._stored
        old_across = np.where((old >= 0) & stored.has_across[old, 0], old, -1)
        groups = None
        for _, rule in grouped.across_rules:
            if rule.query_group is not None and rule.candidate_group is not None:
                groups = rule.query_group, rule.candidate_group
        lists = self._newcomers.enter(
            stored, old, old_across, self._new_of, lambda: block.space, groups, block.own_column
        )
        grouped.write(np.arange(len(old)), lists)
        self._files.release()
        return np.flatnonzero(grouped.stored(np.arange(len(old)), lists, old >= 0))
