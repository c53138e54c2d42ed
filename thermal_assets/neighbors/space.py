"""Vectors of one metric, and the operands they become, with bounds on what rounding does to them.

Both metrics are one *score* ``D``, smaller = nearer, that a single product delivers:

    euclidean   D = |x - y|^2 / 2          cosine   D = 1 - x.y / (|x| |y|)

With ``x' = x - m`` (m: a fixed centre; short vectors round less) it is ``D = a(x) + a(y) - x'.y'``.
The two ``a`` travel as extra columns of the operands, so the product is the score itself and its
rounding to 16 bits is relative to the score and not to the much larger product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from thermal_assets.neighbors.copies import Copies
from thermal_assets.neighbors.operands import EXTRA_COLUMNS, UNIT_FLOAT32, Operands, Precision
from thermal_assets.neighbors.threads import in_parallel

if TYPE_CHECKING:
    import torch

Metric = Literal["euclidean", "cosine"]
Progress = Callable[[int, int], None]

_ROWS_AT_ONCE = 4096


class Space:
    """Vectors ``float32 [n, d]`` under a metric; never modified, read block by block.

    norm     float64 [n], |x'| in scaled units
    offset   float64 [n], a(x)
    lengths  float64 [n], |x| (1 for zero vectors) under cosine, else None
    factors  float64 [n]: what a vector is multiplied with before differences are taken; 0 = it has no direction

    ``like``: take centre and scale from another space of the same metric, so that the two can be compared.
    Raises ValueError for a wrong shape and for NaN or infinite values.
    """

    def __init__(self, vectors: np.ndarray, metric: Metric, like: Space | None = None) -> None:
        if metric not in ("euclidean", "cosine"):
            raise ValueError(f"metric must be 'euclidean' or 'cosine', not {metric!r}")
        self.metric = metric
        self.array = _as_array(vectors)
        self.count, self.dimensions = self.array.shape
        if like is not None and like.dimensions != self.dimensions:
            raise ValueError(f"queries have {self.dimensions} dimensions, candidates {like.dimensions}")
        self.lengths: np.ndarray | None = np.ones(self.count) if metric == "cosine" else None
        self.is_zero = np.zeros(self.count, dtype=bool)
        total, largest = self._first_pass()
        # A power of two, so scaling rounds nothing; only there to keep squares in range.
        exponent = 0 if largest == 0 or metric == "cosine" else int(np.floor(np.log2(largest)))
        self.scale = 2.0 ** -np.clip(exponent, -120, 120) if abs(exponent) > 30 else 1.0
        self.centre = (total * self.scale / max(self.count, 1)).astype(np.float32)
        if like is not None:
            self.scale, self.centre = like.scale, like.centre
        if self.lengths is None:
            self.factors = np.full(self.count, self.scale)
        else:
            self.factors = np.where(self.is_zero, 0.0, 1.0 / self.lengths)
        self._measure_norms()

    @cached_property
    def copies(self) -> Copies:
        """Which vectors are equal; looked up where many are."""
        return Copies(self.array)

    def _spans(self) -> Iterator[slice]:
        for start in range(0, self.count, _ROWS_AT_ONCE):
            yield slice(start, min(start + _ROWS_AT_ONCE, self.count))

    def _first_pass(self) -> tuple[np.ndarray, float]:
        """Sum of the vectors under the metric, float64 [d], and their largest magnitude; fills lengths, is_zero."""
        from thermal_assets.neighbors.vector_kernels import survey

        total, unscaled, largest = np.zeros(self.dimensions), np.zeros(self.dimensions), 0.0
        for span in self._spans():
            block = self.array[span]
            bits = np.empty(len(block), dtype=np.int32)
            survey(block, block.view(np.int32), bits, unscaled)
            top = bits.view(np.float32)
            if not np.isfinite(top).all():
                bad = span.start + int(np.flatnonzero(~np.isfinite(top))[0])
                raise ValueError(f"vector {bad} has a NaN or infinite value: embed its image again")
            largest = max(largest, float(top.max(initial=0)))
            if self.lengths is not None:
                self.is_zero[span] = top == 0
                # Scaled by the largest entry, so that neither tiny nor huge vectors lose their length.
                safe = np.where(top > 0, top, 1).astype(np.float64)
                scaled = block / safe[:, None]
                self.lengths[span] = np.where(top > 0, safe * np.sqrt(np.vecdot(scaled, scaled)), 1.0)
                total += self._unscaled(span).sum(axis=0, dtype=np.float64)
        return unscaled if self.lengths is None else total, largest

    def _measure_norms(self) -> None:
        from thermal_assets.neighbors.vector_kernels import squares_from

        self.norm, self.offset = np.zeros(self.count), np.zeros(self.count)
        if self.metric == "euclidean":
            squares = np.zeros(self.count)
            in_parallel(
                lambda rows: squares_from(self.array[rows], np.float32(self.scale), self.centre, squares[rows]),
                self.count,
                self.count * self.dimensions,
            )
            self.norm, self.offset = np.sqrt(squares), squares / 2
            return
        centre = self.centre.astype(np.float64)
        for span in self._spans():
            moved = self._moved(span).astype(np.float64)
            self.norm[span] = np.sqrt(np.vecdot(moved, moved))
            self.offset[span] = 0.5 - moved @ centre - centre @ centre / 2

    def _unscaled(self, span: slice | np.ndarray) -> np.ndarray:
        """float32 rows under the metric: as they are, or at unit length (zero vectors stay zero)."""
        block = self.array[span]
        return block if self.lengths is None else (block / self.lengths[span, None]).astype(np.float32)

    def _moved(self, span: slice | np.ndarray) -> np.ndarray:
        """float32 rows, scaled, minus the centre: x'."""
        block = self._unscaled(span)
        if self.scale != 1.0:
            block = block * np.float32(self.scale)
        return block - self.centre

    def operands(self, precision: Precision) -> Operands:
        """All rows as one side of a product: a copy of 2 or 4 bytes a value."""
        import torch

        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        matrix = torch.empty(self.count, self.columns, dtype=dtype)
        error = self.rounding()
        if precision == "bfloat16":
            squares = np.zeros(self.count)
            in_parallel(
                lambda rows: self._fill_rounded(matrix[rows], rows, squares[rows]),
                self.count,
                self.count * self.dimensions,
            )
            error += 1.001 * np.sqrt(squares)
        else:
            for span in self._spans():
                self.fill(matrix[span], span)
        return Operands(matrix, error, self.dimensions, precision)

    def _fill_rounded(self, part: torch.Tensor, rows: slice, squares: np.ndarray) -> None:
        """``fill`` for bfloat16; ``squares`` float64 [b] takes what rounding has cost each x'."""
        import torch

        from thermal_assets.neighbors.vector_kernels import round_to_bfloat16

        scale = np.float32(self.scale)
        for start in range(0, len(squares), _ROWS_AT_ONCE):
            some = slice(start, start + _ROWS_AT_ONCE)
            block = self._unscaled(slice(rows.start + start, min(rows.start + start + _ROWS_AT_ONCE, rows.stop)))
            round_to_bfloat16(block, scale, self.centre, part[some].view(torch.int16).numpy(), squares[some])
        self._fill_offsets(part, rows)

    @property
    def columns(self) -> int:
        """Columns of the operands."""
        return -(-(self.dimensions + EXTRA_COLUMNS) // 32) * 32

    def rounding(self) -> np.ndarray:
        """float64 [n]: how far x' in float32 lies from the true one. Subtracting the centre and taking unit length
        rounded once each.
        """
        unit = 1.0 + float(np.linalg.norm(self.centre)) if self.metric == "cosine" else 0.0
        return 1.01 * UNIT_FLOAT32 * (self.norm + unit)

    def fill(self, part: torch.Tensor, rows: slice | np.ndarray) -> np.ndarray:
        """Write the operands of ``rows`` into ``part`` [b, columns]; returns x' float32 [b, d]."""
        import torch

        d = self.dimensions
        if part.dtype == torch.float32 and self.lengths is None and self.scale == 1.0:
            moved = np.subtract(self.array[rows], self.centre, out=part.numpy()[:, :d])
        else:
            moved = self._moved(rows)
            part[:, :d] = torch.from_numpy(moved)
        self._fill_offsets(part, rows)
        return moved

    def _fill_offsets(self, part: torch.Tensor, rows: slice | np.ndarray) -> None:
        import torch

        d = self.dimensions
        part[:, d : d + 2] = 1
        part[:, d + 4 :] = 0
        offset = torch.from_numpy(self.offset[rows])
        head = offset.to(part.dtype)
        part[:, d + 2] = head
        part[:, d + 3] = (offset - head.double()).to(part.dtype)


class SharedSpace(Space):
    """Candidates of many searches: their operands are made once a precision, and stay."""

    def __init__(self, vectors: np.ndarray, metric: Metric, like: Space | None = None) -> None:
        super().__init__(vectors, metric, like)
        self._operands: dict[Precision, Operands] = {}

    def operands(self, precision: Precision) -> Operands:
        """As of Space."""
        if precision not in self._operands:
            self._operands[precision] = super().operands(precision)
        return self._operands[precision]


def _as_array(vectors: np.ndarray) -> np.ndarray:
    array = np.asarray(vectors)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(f"vectors must be numbers in a table [n, d], not {array.dtype} {list(array.shape)}")
    return np.ascontiguousarray(array, dtype=np.float32)
