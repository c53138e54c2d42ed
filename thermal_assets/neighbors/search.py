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
from typing import TYPE_CHECKING

from thermal_assets.neighbors.distances import pair_scores, sorted_candidates
from thermal_assets.neighbors.scores import ScoreBlock
from thermal_assets.neighbors.selection import first_of_pairs, first_of_rows
from thermal_assets.neighbors.space import Bounds, Precision, Space, fast_bfloat16

if TYPE_CHECKING:
    import torch

Progress = Callable[[int, int], None]

_PAIRS_AT_ONCE = 1 << 22
_FEW = 4  # a row with more than this many times K entries below its bound goes on to float32, then to pairs


@dataclass(frozen=True)
class Rule:
    """Which candidates count.

    query_group, candidate_group  int64 tensors: candidates of the query's own group (>= 0) do not count
    need_group                    candidates without a group (< 0) do not count either
    key                           int64 [n]: of candidates with equal key only the nearest counts
    minimum                       candidates with a smaller score do not count
    """

    query_group: torch.Tensor | None = None
    candidate_group: torch.Tensor | None = None
    need_group: bool = False
    key: torch.Tensor | None = None
    minimum: float | None = None

    def apply(self, block: ScoreBlock, rows: torch.Tensor) -> None:
        """Take what can be told without a distance out of the block."""
        if self.query_group is None or self.candidate_group is None:
            return
        import torch

        groups = self.candidate_group.int()
        wanted = self.query_group[rows].int()
        wanted = torch.where(wanted < 0, -2, wanted)

        def unwanted(span: slice) -> torch.Tensor:
            mask = groups[span][None, :] == wanted[:, None]
            return mask | (groups[span] < 0)[None, :] if self.need_group else mask

        block.exclude_where(unwanted)


class Search:
    """Candidates prepared in one precision, and the buffer for blocks of scores against them."""

    def __init__(
        self, queries: Space, candidates: Space, precision: Precision, picks: int, memory_mb: float
    ) -> None:
        self.queries, self.candidates, self.precision = queries, candidates, precision
        operands, error = candidates.operands(precision)
        self.bounds = Bounds(candidates, error, precision)
        if queries is candidates:
            self.left, self.query_error = operands, error
        else:
            self.left, self.query_error = queries.operands(precision)
        item = 2 if precision == "bfloat16" else 4
        fitting = int(memory_mb * 2**20 / (item * max(candidates.count, 1)))
        self.rows = max(8, min(1024, fitting // 8 * 8))
        self.block = ScoreBlock(candidates, precision, operands, min(self.rows, max(queries.count, 1)), picks)

    def fill(self, rows: torch.Tensor, not_self: bool) -> ScoreBlock:
        """Scores of the queries ``rows``; with ``not_self`` a query is no candidate of itself."""
        import torch

        self.block.fill(self.left.as_queries(rows))
        if not_self:
            self.block.exclude(torch.arange(len(rows)), rows)
        return self.block

    def limit(self, rows: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """See Bounds.limit."""
        return self.bounds.limit(scores, self.queries.norm[rows], self.queries.offset[rows], self.query_error[rows])

    def trustworthy(self, block: ScoreBlock, rows: torch.Tensor, picks: int) -> bool:
        """Whether the computed scores keep to the bound on this machine, seen on the candidates of a block."""
        import torch

        columns, _ = block.smallest(picks)
        columns, scores = sorted_candidates(self.queries, rows, self.candidates, columns)
        limits = self.limit(rows.repeat_interleave(columns.shape[1]), scores.reshape(-1)).view(scores.shape)
        return bool(torch.all((block.at(columns.clamp(min=0)) <= limits) | (columns < 0)))

    def settle(
        self, block: ScoreBlock, rows: torch.Tensor, k: int, picks: int, rule: Rule
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The k nearest that count, of the queries in ``block``.

        Returns columns int64 [b, k] (-1 where there are no more), scores float64 [b, k] (infinity there) and
        bool [b]: rows left open because bfloat16 cannot tell.
        """
        import torch

        columns, bound = block.smallest(picks)
        columns, scores = sorted_candidates(self.queries, rows, self.candidates, columns, rule.minimum)
        columns, scores = first_of_rows(columns, scores, k, rule.key, rule.minimum)
        worst = scores[:, -1]
        open_rows = torch.nonzero((bound < math.inf) & ~(bound > self.limit(rows, worst)))[:, 0]
        unsettled = torch.zeros(len(rows), dtype=torch.bool)
        too_few = open_rows[worst[open_rows] == math.inf]
        if len(too_few):
            columns[too_few], scores[too_few], unsettled[too_few] = self.settle(
                block.subset(too_few), rows[too_few], k, 4 * picks, rule
            )
        doubtful = open_rows[worst[open_rows] < math.inf]
        if len(doubtful):
            counts = block.subset(doubtful).count_within(self.limit(rows[doubtful], worst[doubtful]))
            # With one pick more than entries below the bound, every one of them is measured: certain now.
            few = counts <= _FEW * picks
            near = doubtful[few]
            if len(near):
                columns[near], scores[near], unsettled[near] = self.settle(
                    block.subset(near), rows[near], k, int(counts[few].max()) + 1, rule
                )
            many = doubtful[~few]
            if len(many) and self.precision == "bfloat16":
                unsettled[many] = True
            elif len(many):
                columns[many], scores[many] = self._measure_all(
                    block.subset(many), rows[many], k, rule, worst[many], counts[~few]
                )
        return columns, scores, unsettled

    def _measure_all(
        self, block: ScoreBlock, rows: torch.Tensor, k: int, rule: Rule, worst: torch.Tensor, counts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Measure every candidate that could be as near as ``worst``, an upper bound of the k-th score."""
        import torch

        limit = self.limit(rows, worst)
        columns = torch.full((len(rows), k), -1, dtype=torch.int64)
        scores = torch.full((len(rows), k), math.inf, dtype=torch.float64)
        for part in _parts(torch.arange(len(rows)), counts):
            at, column = block.subset(part).within(limit[part])
            score = pair_scores(self.queries, rows[part][at], self.candidates, column)
            columns[part], scores[part] = first_of_pairs(at, column, score, len(part), k, rule.key, rule.minimum)
        return columns, scores


def _parts(rows: torch.Tensor, counts: torch.Tensor) -> Iterator[torch.Tensor]:
    """``rows`` in order, cut so that each part has a bounded number of pairs."""
    start = 0
    total = 0
    for position, row in enumerate(rows.tolist()):
        total += int(counts[row])
        if total > _PAIRS_AT_ONCE and position > start:
            yield rows[start:position]
            start, total = position, int(counts[row])
    if start < len(rows):
        yield rows[start:]


Work = Callable[[Search, ScoreBlock, "torch.Tensor"], "torch.Tensor"]


def run_search(
    queries: Space,
    candidates: Space,
    rows: torch.Tensor,
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
    not_self = queries is candidates
    left = rows
    with _full_float32(), torch.no_grad():
        for attempt in dict.fromkeys((wanted, "float32")):
            if len(left) == 0:
                break
            search = Search(queries, candidates, attempt, picks, memory_mb)
            open_rows = []
            done = len(rows) - len(left)
            for start in range(0, len(left), search.rows):
                chunk = left[start : start + search.rows]
                block = search.fill(chunk, not_self)
                if start == 0 and attempt == "bfloat16" and not search.trustworthy(block, chunk, picks):
                    open_rows, wanted = [left], "float32"
                    break
                is_open = work(search, block, chunk)
                open_rows.append(chunk[is_open])
                done += int((~is_open).sum())
                if progress is not None:
                    progress(done, len(rows))
            left = torch.cat(open_rows)
            del search
    return wanted


@contextmanager
def _full_float32() -> Iterator[None]:
    """float32 products in float32, whatever the process has been told (a laxer setting computes in bfloat16)."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
