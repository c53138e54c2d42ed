"""One block of scores, queries by all candidates, and the smallest entries of its rows.

Selecting from a wide row can cost more than the product that made it. The K smallest of a row lie in the
K groups with the smallest minima, so: minima of groups (one vectorised pass), the K smallest groups,
then the K smallest inside those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.neighbors.threads import in_parallel
from thermal_assets.neighbors.space import Operands, Precision, Space

if TYPE_CHECKING:
    import torch

_SEGMENT = 4096  # columns of one product: its output is reduced while it is still in the cache


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
        columns = torch.full((b, min(picks, self.columns)), -1, dtype=torch.int64)
        bound = torch.full((b,), math.inf, dtype=torch.float64)
        if picks >= self.columns:
            kept = self._row_major()[:, : self.columns] != math.inf
            return torch.where(kept, torch.arange(self.columns), columns), bound
        keys = self._keys()
        lanes = self.width // self.group
        minima = keys.unflatten(2, (self.group, lanes)).amin(dim=2).numpy()
        flat = self._keys(whole=True).reshape(-1).numpy()
        largest_key = np.iinfo(flat.dtype).min + np.zeros(b, dtype=flat.dtype)
        rows_apart, segments_apart = self.width, self.buffer.shape[1] * self.width

        def pick(rows: slice) -> None:
            groups, _ = _smallest_of(minima[:, rows].transpose(1, 0, 2).reshape(rows.stop - rows.start, -1), picks)
            segment, lane = np.divmod(groups, lanes)
            within = (lane[:, :, None] + np.arange(self.group) * lanes).reshape(len(groups), -1)
            start = np.repeat(segment, self.group, axis=1)
            row = np.arange(rows.start, rows.stop)[:, None]
            values = flat.take(start * segments_apart + row * rows_apart + within)
            places, best = _smallest_of(values, picks)
            found = np.take_along_axis(start * self.width + within, places, axis=1)
            columns[rows] = torch.from_numpy(np.where(best == self._infinite_key, -1, found))
            largest_key[rows] = best.max(axis=1)

        in_parallel(pick, b)
        worst = torch.from_numpy(largest_key).view(self.scores.dtype)
        return columns, worst.double()

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

    @property
    def _infinite_key(self) -> int:
        return 0x7F80 if self.precision == "bfloat16" else 0x7F800000

    def _keys(self, whole: bool = False) -> torch.Tensor:
        """Scores (or the ``whole`` buffer) as integers, which are faster to compare and can carry a position.

        The bits of a float, read as an integer, rise with the value where it is not negative. Rounding may leave a
        score slightly below zero; those come first in any order, and a bound below zero certifies nothing.
        """
        import torch

        integers = torch.int16 if self.precision == "bfloat16" else torch.int32
        return (self.buffer if whole else self.scores).view(integers)

    def _row_major(self) -> torch.Tensor:
        return self.scores.permute(1, 0, 2).reshape(self.scores.shape[1], -1)


def _smallest_of(keys: np.ndarray, picks: int) -> tuple[np.ndarray, np.ndarray]:
    """Places int64 [r, p] and values [r, p] of the ``picks`` smallest (or all) of each row of integers [r, c].

    Key and place travel in one integer, so that a plain partition, which NumPy vectorises, finds both.
    """
    count = keys.shape[1]
    picks = min(picks, count)
    small = keys.dtype == np.int16 and count <= 1 << 16
    packed, bits = (keys.astype(np.int32), 16) if small else (keys.astype(np.int64), 32)
    packed <<= bits
    packed |= np.arange(count, dtype=packed.dtype)
    if picks < count:
        packed.partition(picks - 1, axis=1)
    packed = packed[:, :picks]
    return (packed & ((1 << bits) - 1)).astype(np.int64), (packed >> bits).astype(keys.dtype)
