"""One block of scores, queries by all candidates, and the smallest entries of its rows.

A ``topk`` over a wide row costs more than the product that made it. The K smallest of a row lie in the
K groups with the smallest minima, so: minima of groups (one vectorised pass), the K smallest groups,
then the K smallest inside those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from thermal_assets.neighbors.space import Operands, Precision, Space

if TYPE_CHECKING:
    import torch

_SEGMENT = 4096  # columns of one product: its output is reduced while it is still in the cache
_INFINITE_BFLOAT16 = 0x7F80


class ScoreBlock:
    """Scores of up to ``rows`` queries against every candidate, in one reused buffer [segments, rows, width].

    ``operands``: all candidates prepared, or None to prepare each segment when it is needed.
    ``picks``: how many entries a row will usually be asked for; it sets the size of the groups.
    """

    def __init__(
        self, candidates: Space, precision: Precision, operands: Operands | None, rows: int, picks: int
    ) -> None:
        import torch

        self.candidates = candidates
        self.precision = precision
        self.operands = operands
        self.columns = candidates.count
        ideal = math.sqrt(max(self.columns, 1) / max(picks, 1))
        self.group = min(128, max(8, 1 << round(math.log2(ideal)))) if ideal > 1 else 8
        self.width = min(_SEGMENT, -(-max(self.columns, 1) // self.group) * self.group)
        self.segments = -(-max(self.columns, 1) // self.width)
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self.buffer = torch.empty(self.segments, rows, self.width, dtype=dtype)
        self.scores = self.buffer[:, :0]

    def columns_of(self, segment: int) -> slice:
        start = segment * self.width
        return slice(start, min(start + self.width, self.columns))

    def fill(self, left: torch.Tensor) -> None:
        """Compute the scores of the queries ``left`` (the left operand, [b, columns])."""
        import torch

        b = len(left)
        self.scores = self.buffer[:, :b]
        for segment in range(self.segments):
            span = self.columns_of(segment)
            if self.operands is not None:
                right = self.operands.matrix[span]
            else:
                right = self.candidates.operands(self.precision, span)[0].matrix
            target = self.scores[segment]
            if len(right) == self.width:
                torch.mm(left, right.T, out=target)
            else:
                target[:, : len(right)] = left @ right.T
                target[:, len(right) :] = math.inf

    def exclude(self, rows: torch.Tensor, columns: torch.Tensor) -> None:
        """Take single entries out: score = infinity."""
        self.scores[columns // self.width, rows, columns % self.width] = math.inf

    def exclude_where(self, unwanted: Callable[[slice], torch.Tensor | None]) -> None:
        """Take out what ``unwanted(columns)`` marks, bool [b, columns] (None = nothing)."""
        for segment in range(self.segments):
            span = self.columns_of(segment)
            mask = unwanted(span)
            if mask is not None:
                self.scores[segment, :, : span.stop - span.start].masked_fill_(mask, math.inf)

    def subset(self, rows: torch.Tensor) -> ScoreBlock:
        """A copy with these rows only (the block itself when it is all of them)."""
        if len(rows) == self.scores.shape[1]:
            return self
        copy = object.__new__(ScoreBlock)
        copy.__dict__.update(self.__dict__)
        copy.buffer = copy.scores = self.scores.index_select(1, rows)
        return copy

    def smallest(self, picks: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The ``picks`` smallest of each row: columns int64 [b, p] (-1 where a row has no more) and the bound.

        bound float64 [b]: no entry left out is smaller (infinity: nothing was left out).
        """
        import torch

        b = self.scores.shape[1]
        if picks >= self.columns:
            every = torch.arange(self.columns).expand(b, -1)
            kept = self._row_major()[:, : self.columns] != math.inf
            return torch.where(kept, every, -1), torch.full((b,), math.inf, dtype=torch.float64)
        keys = self._keys()
        lanes = self.width // self.group
        grouped = keys.view(self.segments, b, self.group, lanes) if keys.is_contiguous() else keys.unflatten(
            2, (self.group, lanes)
        )
        minima = grouped.amin(dim=2).permute(1, 0, 2).reshape(b, -1)
        if minima.shape[1] > picks:
            groups = minima.topk(picks, dim=1, largest=False, sorted=False).indices
        else:
            groups = torch.arange(minima.shape[1]).expand(b, -1)
        segment, lane = groups // lanes, groups % lanes
        member = lane[:, :, None] + torch.arange(self.group) * lanes
        flat = (segment[:, :, None] * keys.stride(0) + member) + torch.arange(b)[:, None, None] * keys.stride(1)
        span = (self.segments - 1) * keys.stride(0) + (b - 1) * keys.stride(1) + self.width
        values = keys.as_strided((span,), (1,)).index_select(0, flat.reshape(-1)).view(b, -1)
        best = values.topk(picks, dim=1, largest=False, sorted=False)
        columns = (segment[:, :, None] * self.width + member).reshape(b, -1).gather(1, best.indices)
        infinite = _INFINITE_BFLOAT16 if self.precision == "bfloat16" else math.inf
        columns = torch.where(best.values == infinite, -1, columns)
        bound = best.values.amax(dim=1)
        if self.precision == "bfloat16":
            bound = bound.view(torch.bfloat16)
        return columns, bound.double()

    def at(self, columns: torch.Tensor) -> torch.Tensor:
        """The computed scores at ``columns`` int64 [b, p], float64."""
        import torch

        rows = torch.arange(len(columns))[:, None]
        return self.scores[columns // self.width, rows, columns % self.width].double()

    def count_within(self, limit: torch.Tensor) -> torch.Tensor:
        """How many entries of each row ``within`` would give, int64 [b]."""
        import torch

        coarse = self._upward(limit)
        total = torch.zeros(len(limit), dtype=torch.int64)
        for part in self.scores:
            total += ((part <= coarse[:, None]) & (part != math.inf)).sum(dim=1)
        return total

    def within(self, limit: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Every (row, column) whose score is finite and at most ``limit`` float64 [b]; int64, by row."""
        import torch

        rows, columns = [], []
        coarse = self._upward(limit)
        for segment in range(self.segments):
            part = self.scores[segment]
            row, column = torch.nonzero((part <= coarse[:, None]) & (part != math.inf), as_tuple=True)
            rows.append(row)
            columns.append(column + segment * self.width)
        every_row, every_column = torch.cat(rows), torch.cat(columns)
        order = torch.argsort(every_row, stable=True)
        return every_row[order], every_column[order]

    def _upward(self, limit: torch.Tensor) -> torch.Tensor:
        """The limit in the type of the scores, rounded up, so that rounding never drops an entry."""
        import torch

        coarse = limit.to(self.scores.dtype)
        upward = torch.nextafter(coarse, torch.full_like(coarse, math.inf))
        return torch.where(coarse.double() < limit, upward, coarse)

    def _keys(self) -> torch.Tensor:
        """Scores as something fast to compare.

        Bits of bfloat16 read as int16 rise with the value where it is not negative. Rounding may leave a
        score slightly below zero; those come first in any order, and a bound below zero certifies nothing.
        """
        import torch

        return self.scores.view(torch.int16) if self.precision == "bfloat16" else self.scores

    def _row_major(self) -> torch.Tensor:
        return self.scores.permute(1, 0, 2).reshape(self.scores.shape[1], -1)
