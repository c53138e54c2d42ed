"""The exact search: candidates from fast products, a certificate for each row, and more work without one.

For a row, the K smallest computed scores are candidates; their true scores come from differences. If no
candidate left out can, by the bound of the rounding, be as near as the k-th found, the row is done.
Otherwise every candidate below the bound is measured. Where the bound of bfloat16 lets too many through,
the row is searched again with float32 products.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from thermal_assets.neighbors.bounds import Bounds
from thermal_assets.neighbors.distances import pair_scores, sorted_candidates
from thermal_assets.neighbors.operands import Precision, fast_bfloat16
from thermal_assets.neighbors.scores import ScoreBlock
from thermal_assets.neighbors.selection import empty_lists, first_of_pairs, first_of_rows
from thermal_assets.neighbors.space import Progress, Space

_PAIRS_AT_ONCE = 1 << 22
_TRIED = 64
_MORE = 4  # a row for which this many times its first candidates do not suffice goes on to float32, then to pairs


@dataclass(frozen=True)
class Rule:
    """Which candidates count.

    query_group, candidate_group  int64: candidates of the query's own group (>= 0) do not count
    need_group                    candidates without a group (< 0) do not count either
    key                           int64 [n]: of candidates with equal key only the nearest counts
    minimum                       candidates with a smaller score do not count
    """

    query_group: np.ndarray | None = None
    candidate_group: np.ndarray | None = None
    need_group: bool = False
    key: np.ndarray | None = None
    minimum: float | None = None

    def apply(self, block: ScoreBlock, rows: np.ndarray) -> None:
        """Take what can be told without a distance out of the block."""
        if self.query_group is not None and self.candidate_group is not None:
            block.exclude_groups(self.query_group[rows], self.candidate_group, self.need_group)

    def first(
        self, rows: np.ndarray, columns: np.ndarray, scores: np.ndarray, k: int, width: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The first k that count of sorted lists (or of their first ``width``) of the queries ``rows``, groups included."""
        if self.query_group is None or self.candidate_group is None:
            return first_of_rows(columns, scores, k, self.key, self.minimum, width=width)
        own, theirs = self.query_group[rows], self.candidate_group
        return first_of_rows(columns, scores, k, self.key, self.minimum, own, theirs, self.need_group, width)


class Search:
    """Candidates prepared in one precision, and the buffer for blocks of scores against them."""

    def __init__(self, queries: Space, candidates: Space, precision: Precision, picks: int, memory_mb: float) -> None:
        self.queries, self.candidates, self.precision = queries, candidates, precision
        operands = candidates.operands(precision)
        self.left = operands if queries is candidates else queries.operands(precision)
        self.bounds = Bounds(queries, self.left.error, candidates, operands)
        item = 2 if precision == "bfloat16" else 4
        fitting = int(memory_mb * 2**20 / (item * max(candidates.count, 1)))
        self.rows = max(8, min(1024, fitting // 8 * 8))
        self.block = ScoreBlock(operands, min(self.rows, max(queries.count, 1)), picks)

    def fill(self, rows: np.ndarray) -> ScoreBlock:
        """Scores of the queries ``rows``; in a search among themselves a query is no candidate of its own."""
        self.block.fill(self.left.as_queries(rows))
        if self.queries is self.candidates:
            self.block.exclude(np.arange(len(rows)), rows)
        return self.block

    def trustworthy(self, block: ScoreBlock, rows: np.ndarray, picks: int) -> bool:
        """Whether computed scores keep to the bound on this machine, seen on the candidates of a few rows."""
        block, rows = block.subset(np.arange(min(len(rows), _TRIED))), rows[:_TRIED]
        columns, _ = block.smallest(picks)
        columns, scores = sorted_candidates(self.queries, rows, self.candidates, columns)
        limits = np.stack([self.bounds.limit(rows, column) for column in scores.T], axis=1)
        return bool(((block.at(np.maximum(columns, 0)) <= limits) | (columns < 0)).all())

    def settle(
        self, block: ScoreBlock, rows: np.ndarray, k: int, picks: int, rule: Rule, most: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The k nearest that count, of the queries ``rows`` in ``block``, to which the rule was applied.

        ``picks`` candidates are measured first, and up to ``most`` where these cannot be certain.
        Returns columns int64 [b, k] (-1 where there are no more), scores float64 [b, k] (infinity there) and
        bool [b]: rows left open because bfloat16 cannot tell.
        """
        most = most or _MORE * picks
        columns, bound = block.smallest(picks)
        columns, scores = sorted_candidates(self.queries, rows, self.candidates, columns)
        columns, scores = first_of_rows(columns, scores, k, rule.key, rule.minimum)
        is_open = np.zeros(len(rows), dtype=bool)
        worst = scores[:, -1]
        unsure = np.flatnonzero((bound < math.inf) & ~(bound > self.bounds.limit(rows, worst)))
        unsure = self._without_copied(unsure, rows, k, rule, columns, scores)
        if len(unsure) == 0:
            return columns, scores, is_open
        places, stands = self._alike(rows[unsure], rule)
        if len(places) < len(unsure):
            one_each = unsure[places]
            answer = self.settle(block.subset(one_each), rows[one_each], k, picks, rule, most)
            columns[unsure], scores[unsure], is_open[unsure] = (part[stands] for part in answer)
            return columns, scores, is_open

        def settle_again(part: np.ndarray, more_picks: int) -> None:
            if len(part):
                columns[part], scores[part], is_open[part] = self.settle(
                    block.subset(part), rows[part], k, more_picks, rule, max(most, more_picks)
                )

        incomplete = worst[unsure] == math.inf
        settle_again(unsure[incomplete], 4 * picks)
        unsure = unsure[~incomplete]
        if len(unsure) == 0:
            return columns, scores, is_open
        part = block.subset(unsure)
        limit = self.bounds.limit(rows[unsure], worst[unsure])
        # Nearly every group below the limit holds one entry below it; where it holds more, this comes round again.
        wanted = np.maximum(part.groups_within(limit) * 5 // 4, picks * 5 // 4) + 8
        few = wanted <= most
        settle_again(unsure[few], int(wanted[few].max(initial=0)))
        many = unsure[~few]
        if self.precision == "bfloat16":
            is_open[many] = True
        elif len(many):
            part, limit = part.subset(np.flatnonzero(~few)), limit[~few]
            columns[many], scores[many] = self._measure_all(part, rows[many], k, rule, limit)
        return columns, scores, is_open

    def _without_copied(
        self, unsure: np.ndarray, rows: np.ndarray, k: int, rule: Rule, columns: np.ndarray, scores: np.ndarray
    ) -> np.ndarray:
        """Settle rows that have k copies which count; returns the others of ``unsure``.

        Copies tie at 0, and of ties the first by row are asked for: no product orders them, however many there are.
        """
        if self.queries is not self.candidates or self.queries.metric != "euclidean":
            return unsure  # a cosine is 0 for more than copies
        left = scores[unsure, -1] > 0
        for place in unsure[~left].tolist():
            copies = self.candidates.copies.of(int(rows[place]))[None]
            columns[place], scores[place] = (
                part[0] for part in rule.first(rows[[place]], copies, np.zeros(copies.shape), k)
            )
        return unsure[left]

    def _alike(self, rows: np.ndarray, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
        """As ``Copies.first_alike``, where equal vectors have equal answers: copies do not count, nor do groups."""
        if self.queries is self.candidates and rule.query_group is None and (rule.minimum or 0) > 0:
            return self.candidates.copies.first_alike(rows)
        return np.arange(len(rows)), np.arange(len(rows))

    def _measure_all(
        self, block: ScoreBlock, rows: np.ndarray, k: int, rule: Rule, limit: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Measure every candidate below the limit: the k nearest are among them."""
        columns, scores = empty_lists(len(rows), k)
        for piece in _pieces(block.count_within(limit)):
            part = np.arange(len(rows))[piece]
            at, column = block.subset(part).within(limit[piece])
            score = pair_scores(self.queries, rows[piece][at], self.candidates, column)
            columns[piece], scores[piece] = first_of_pairs(at, column, score, len(part), k, rule.key, rule.minimum)
        return columns, scores


def _pieces(counts: np.ndarray) -> Iterator[slice]:
    """Slices of rows such that each has a bounded number of pairs, or one row."""
    start = 0
    while start < len(counts):
        fitting = int(np.searchsorted(np.cumsum(counts[start:]), _PAIRS_AT_ONCE, side="right"))
        stop = start + max(1, fitting)
        yield slice(start, stop)
        start = stop


Work = Callable[[Search, ScoreBlock, np.ndarray], np.ndarray]


class SearchOptions(TypedDict):
    """What is passed on as it came: precision of the products, memory for their scores, progress."""

    precision: Precision | None
    memory_mb: float
    progress: Progress | None


def run_search(
    queries: Space,
    candidates: Space,
    rows: np.ndarray,
    work: Work,
    *,
    picks: int,
    precision: Precision | None,
    memory_mb: float,
    progress: Progress | None,
) -> Precision:
    """Give ``work`` every row of ``rows`` in blocks; what it leaves open comes again with float32 products.

    ``work(search, block, rows)`` returns bool [b], True = open. Returns the precision of the products.
    """
    import torch

    wanted: Precision = precision or ("bfloat16" if fast_bfloat16() else "float32")
    attempts: tuple[Precision, ...] = (wanted,) if wanted == "float32" else (wanted, "float32")
    left = rows
    with full_float32(), torch.no_grad():
        for attempt in attempts:
            if len(left) == 0:
                break
            search = Search(queries, candidates, attempt, picks, memory_mb)
            done, still_open = len(rows) - len(left), []
            for start in range(0, len(left), search.rows):
                chunk = left[start : start + search.rows]
                block = search.fill(chunk)
                if start == 0 and attempt == "bfloat16" and not search.trustworthy(block, chunk, picks):
                    still_open, wanted = [left], "float32"
                    break
                is_open = work(search, block, chunk)
                still_open.append(chunk[is_open])
                done += int((~is_open).sum())
                if progress is not None:
                    progress(done, len(rows))
            left = np.concatenate(still_open)
            del search, block
    return wanted


@contextmanager
def full_float32() -> Iterator[None]:
    """float32 products in float32, whatever the process has been told (a laxer setting computes in bfloat16)."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
