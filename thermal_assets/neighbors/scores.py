"""One block of scores, queries by all candidates, and the smallest entries of its rows.

Selecting from a wide row can cost more than the product that made it. The K smallest of a row lie in the
K groups with the smallest minima, so: minima of groups (one vectorised pass), the K smallest groups,
then the K smallest inside those.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.neighbors.operands import Operands
from thermal_assets.neighbors.threads import in_parallel

if TYPE_CHECKING:
    import torch

# Columns of one product: few enough that its output is reduced while still in the cache, and enough to keep all
# threads busy for some milliseconds.
_SEGMENTS = (4096, 65536)
_PRODUCTS_AT_ONCE = 1 << 32


class ScoreBlock:
    """Scores of up to ``rows`` queries against every candidate, in one reused buffer [segments, rows, width].

    ``picks``: how many entries a row will usually be asked for; it sets the size of the groups.
    """

    def __init__(self, operands: Operands, rows: int, picks: int) -> None:
        import torch

        self.operands = operands
        self.precision = operands.precision
        self.columns = len(operands.matrix)
        ideal = math.sqrt(max(self.columns, 1) / max(picks, 1))
        self.group = min(128, max(8, 1 << round(math.log2(ideal)))) if ideal > 1 else 8
        work = max(1, rows * operands.matrix.shape[1])
        segment = min(_SEGMENTS[1], max(_SEGMENTS[0], 1 << round(math.log2(_PRODUCTS_AT_ONCE / work))))
        self.width = min(segment, -(-max(self.columns, 1) // self.group) * self.group)
        self.segments = -(-max(self.columns, 1) // self.width)
        dtype = torch.bfloat16 if self.precision == "bfloat16" else torch.float32
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
            right = self.operands.matrix[span]
            target = self.scores[segment]
            if len(right) == self.width:
                torch.mm(left, right.T, out=target)
            else:
                target[:, : len(right)] = left @ right.T
                target[:, len(right) :] = math.inf

    def exclude(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Take single entries out: score = infinity."""
        import torch

        places = (columns // self.width, rows, columns % self.width)
        self.scores[tuple(torch.from_numpy(place) for place in places)] = math.inf

    def exclude_groups(self, row_groups: np.ndarray, column_groups: np.ndarray, and_without: bool) -> None:
        """Take out entries whose row and column groups are equal; ``and_without``: also columns with a group < 0.

        int32 [b] and [n]. A negative group equals nothing.
        """
        import torch

        own = torch.from_numpy(np.where(row_groups < 0, -2, row_groups).astype(np.int32))[:, None]
        theirs = torch.from_numpy(column_groups.astype(np.int32))[None, :]
        for segment in range(self.segments):
            span = self.columns_of(segment)
            mask = theirs[:, span] == own
            if and_without:
                mask |= theirs[:, span] < 0
            self.scores[segment, :, : span.stop - span.start].masked_fill_(mask, math.inf)

    def subset(self, rows: np.ndarray) -> ScoreBlock:
        """A copy with these rows only (the block itself when it is all of them)."""
        import torch

        if len(rows) == self.scores.shape[1]:
            return self
        part = copy.copy(self)
        part.buffer = part.scores = self.scores.index_select(1, torch.from_numpy(rows))
        return part

    def smallest(self, picks: int) -> tuple[np.ndarray, np.ndarray]:
        """The ``picks`` smallest of each row: columns int64 [b, p] (-1 where a row has no more) and the bound.

        bound float64 [b]: no entry left out is smaller (infinity: nothing was left out).
        """
        b = self.scores.shape[1]
        if picks >= self.columns:
            row_major = self._keys().permute(1, 0, 2).reshape(b, -1)[:, : self.columns].numpy()
            return np.where(row_major == self._infinite_key, -1, np.arange(self.columns)), np.full(b, math.inf)
        lanes = self.width // self.group
        minima = self._minima().numpy()
        flat = self._keys(whole=True).reshape(-1).numpy()
        rows_apart, segments_apart = self.width, self.buffer.shape[1] * self.width
        columns = np.empty((b, picks), dtype=np.int64)
        worst = np.empty(b, dtype=flat.dtype)

        def pick(rows: slice) -> None:
            groups, _ = _smallest_of(minima[:, rows].transpose(1, 0, 2).reshape(rows.stop - rows.start, -1), picks)
            segment, lane = np.divmod(groups, lanes)
            within = (lane[:, :, None] + np.arange(self.group) * lanes).reshape(len(groups), -1)
            segment = np.repeat(segment, self.group, axis=1)
            row = np.arange(rows.start, rows.stop)[:, None]
            places, best = _smallest_of(flat.take(segment * segments_apart + row * rows_apart + within), picks)
            found = np.take_along_axis(segment * self.width + within, places, axis=1)
            columns[rows] = np.where(best == self._infinite_key, -1, found)
            worst[rows] = best.max(axis=1)

        in_parallel(pick, b)
        return columns, self._values(worst)

    def at(self, columns: np.ndarray) -> np.ndarray:
        """The computed scores at ``columns`` int64 [b, p], float64."""
        rows = np.arange(len(columns))[:, None]
        return self._values(self._keys().numpy()[columns // self.width, rows, columns % self.width])

    def groups_within(self, limit: np.ndarray) -> np.ndarray:
        """How many groups of each row have an entry at most ``limit`` float64 [b]: no more than it has entries."""
        return (self._minima() <= self._rounded_up(limit)[:, None]).sum(dim=(0, 2)).numpy()

    def count_within(self, limit: np.ndarray) -> np.ndarray:
        """How many entries of each row are at most ``limit`` float64 [b], finite; int64 [b]."""
        ceiling = self._rounded_up(limit)[:, None]
        return (self._keys() <= ceiling).sum(dim=(0, 2)).numpy()

    def within(self, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Those entries as (rows, columns), int64 each, in the order of rows."""
        found = (self._keys() <= self._rounded_up(limit)[:, None]).permute(1, 0, 2)
        row, segment, place = np.nonzero(found.numpy())
        return row, segment * self.width + place

    def _rounded_up(self, limit: np.ndarray) -> torch.Tensor:
        """A positive limit float64 [b] as a key, rounded up: rounding never drops an entry."""
        import torch

        exact = torch.from_numpy(limit)
        coarse = exact.to(self.scores.dtype)
        upward = torch.nextafter(coarse, torch.full_like(coarse, math.inf))
        return torch.where(coarse.double() < exact, upward, coarse).view(self._keys().dtype)

    def _minima(self) -> torch.Tensor:
        """The smallest key of every group, [segments, b, lanes]."""
        lanes = self.width // self.group
        return self._keys().unflatten(2, (self.group, lanes)).amin(dim=2)

    @property
    def _infinite_key(self) -> int:
        return 0x7F80 if self.precision == "bfloat16" else 0x7F800000

    def _keys(self, whole: bool = False) -> torch.Tensor:
        """Scores (or the ``whole`` buffer) as integers, which are faster to compare and can carry a position.

        The bits of a float, read as an integer, rise with the value where it is not negative. Rounding may leave a
        score slightly below zero; those come first in any order, and a bound below zero certifies nothing.
        """
        import torch

        return (self.buffer if whole else self.scores).view(
            torch.int16 if self.precision == "bfloat16" else torch.int32
        )

    def _values(self, keys: np.ndarray) -> np.ndarray:
        import torch

        return torch.from_numpy(keys).view(self.scores.dtype).double().numpy()


def _smallest_of(keys: np.ndarray, picks: int) -> tuple[np.ndarray, np.ndarray]:
    """Places int64 [r, p] and values [r, p] of the ``picks`` smallest (or all) of each row of integers [r, c].

    Key and place travel in one integer, so that a plain partition, which NumPy vectorises, finds both.
    """
    count = keys.shape[1]
    picks = min(picks, count)
    small = keys.dtype == np.int16 and count <= 1 << 16
    bits = 16 if small else 32
    packed: np.ndarray = keys.astype(np.int32 if small else np.int64)
    packed <<= bits
    packed |= np.arange(count, dtype=packed.dtype)
    if picks < count:
        packed.partition(picks - 1, axis=1)
    packed = packed[:, :picks]
    return (packed & ((1 << bits) - 1)).astype(np.int64), (packed >> bits).astype(keys.dtype)
