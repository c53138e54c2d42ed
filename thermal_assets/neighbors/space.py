"""Vectors of one metric as operands of a matrix product, with bounds on what rounding does to it.

Both metrics are one *score* ``D``, smaller = nearer, that a single product delivers:

    euclidean   D = |x - y|^2 / 2          cosine   D = 1 - x.y / (|x| |y|)

With ``x' = x - m`` (m: a fixed centre; short vectors round less) it is ``D = a(x) + a(y) - x'.y'``.
The two ``a`` travel as extra columns of the operands, so the product is the score itself and its
rounding to 16 bits is relative to the score and not to the much larger product.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import torch

Metric = Literal["euclidean", "cosine"]
Precision = Literal["bfloat16", "float32"]

_ROWS_AT_ONCE = 4096
_UNIT_FLOAT32 = 2.0**-24
_UNIT_BFLOAT16 = 2.0**-8
_EXTRA_COLUMNS = 4


def fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512-BF16 or AMX), accumulating in float32."""
    import torch

    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, bool)() for probe in probes)


@dataclass(frozen=True)
class Operands:
    """Rows ready for a product: ``matrix [n, columns]`` = [x' | 1 1 | a]; the query side swaps and negates."""

    matrix: torch.Tensor
    dimensions: int
    precision: Precision

    def as_queries(self, rows: torch.Tensor) -> torch.Tensor:
        """The rows as left operand: [-x' | a | 1 1]."""
        import torch

        picked = self.matrix.index_select(0, rows)
        d = self.dimensions
        left = torch.empty_like(picked)
        torch.neg(picked[:, :d], out=left[:, :d])
        left[:, d : d + 2] = picked[:, d + 2 : d + 4]
        left[:, d + 2 : d + 4] = picked[:, d : d + 2]
        left[:, d + _EXTRA_COLUMNS :] = 0
        return left


class Space:
    """Vectors ``float32 [n, d]`` under a metric; never modified, read block by block.

    Raises ValueError for a wrong shape and for NaN or infinite values.
    ``like``: take metric, centre and scale from another space, so that the two can be compared.
    """

    def __init__(self, vectors: np.ndarray, metric: Metric, like: Space | None = None) -> None:
        import torch

        if metric not in ("euclidean", "cosine"):
            raise ValueError(f"metric must be 'euclidean' or 'cosine', not {metric!r}")
        self.array = _as_array(vectors)
        self.vectors = _as_tensor(self.array)
        self.count, self.dimensions = self.vectors.shape
        self.metric = metric
        self.lengths: torch.Tensor | None = None
        if metric == "cosine":
            self.lengths = torch.ones(self.count, dtype=torch.float64)
            self.is_zero = torch.zeros(self.count, dtype=torch.bool)
        total = torch.zeros(self.dimensions, dtype=torch.float64)
        largest = 0.0
        for span in self._spans():
            block = self.vectors[span]
            if not bool(torch.isfinite(block).all()):
                bad = int(span.start + torch.nonzero(~torch.isfinite(block).all(dim=1))[0, 0])
                raise ValueError(f"vector {bad} has a NaN or infinite value: embed its image again")
            largest = max(largest, float(block.abs().max()) if block.numel() else 0.0)
            if self.lengths is not None:
                # In float64 and scaled by the largest entry, so that neither tiny nor huge vectors lose their length.
                top = block.abs().amax(dim=1).double()
                safe = torch.where(top > 0, top, 1.0)
                self.lengths[span] = safe * torch.linalg.vector_norm(block.double() / safe[:, None], dim=1)
                self.is_zero[span] = top == 0
                self.lengths[span][top == 0] = 1.0
            total += self._float32(span).sum(dim=0, dtype=torch.float64)
        self.usual_lengths = self.lengths is None or bool(((self.lengths > 2.0**-60) & (self.lengths < 2.0**60)).all())
        # A power of two, so scaling rounds nothing; only there to keep squares in range.
        exponent = 0 if largest == 0 or metric == "cosine" else int(np.floor(np.log2(largest)))
        self.scale = 2.0**-exponent if abs(exponent) > 30 else 1.0
        self.centre = (total / max(self.count, 1)).float()
        if like is not None:
            if like.dimensions != self.dimensions:
                raise ValueError(f"queries have {self.dimensions} dimensions, candidates {like.dimensions}")
            self.scale, self.centre = like.scale, like.centre
        self._measure_norms()

    def _spans(self) -> Iterator[slice]:
        for start in range(0, self.count, _ROWS_AT_ONCE):
            yield slice(start, min(start + _ROWS_AT_ONCE, self.count))

    def _measure_norms(self) -> None:
        """``norm`` = |x'| and ``offset`` = a(x), float64 [n], in scaled units."""
        import torch

        self.norm = torch.zeros(self.count, dtype=torch.float64)
        self.offset = torch.zeros(self.count, dtype=torch.float64)
        centre = self.centre.double()
        for span in self._spans():
            moved = self._moved(self._float32(span))
            self.norm[span] = torch.linalg.vector_norm(moved, dim=1, dtype=torch.float64)
            if self.metric == "euclidean":
                self.offset[span] = self.norm[span].square() / 2
            else:
                self.offset[span] = 0.5 - moved.double() @ centre - centre.dot(centre) / 2

    def _float32(self, index: slice | torch.Tensor) -> torch.Tensor:
        """Rows under the metric: as they are, or at unit length (zero vectors stay zero)."""
        block = self.vectors[index] if isinstance(index, slice) else self.vectors.index_select(0, index)
        if self.lengths is None:
            return block
        return (block.double() / self.lengths[index][:, None]).float()

    def _moved(self, block: torch.Tensor) -> torch.Tensor:
        moved = block - self.centre
        return moved if self.scale == 1.0 else moved.mul_(self.scale)

    def take(self, index: np.ndarray, out: np.ndarray) -> None:
        """Rows ``index`` into ``out`` float32 [m, d]: to take differences of, scaled, not centred."""
        np.take(self.array, index, axis=0, out=out, mode="clip")
        if self.lengths is not None:
            lengths = self.lengths.numpy()[index, None]
            if self.usual_lengths:
                out *= (1.0 / lengths).astype(np.float32)
            else:
                out[:] = out / lengths
        elif self.scale != 1.0:
            out *= np.float32(self.scale)

    def take_float64(self, index: np.ndarray) -> np.ndarray:
        """The same as float64 [m, d], without the rounding of unit length."""
        rows = self.array[index].astype(np.float64)
        if self.lengths is not None:
            rows /= self.lengths.numpy()[index, None]
        elif self.scale != 1.0:
            rows *= self.scale
        return rows

    def operands(self, precision: Precision, span: slice | None = None) -> tuple[Operands, torch.Tensor]:
        """Operands of the rows of ``span`` (None = all), and |x' - its rounded form|, float64 [rows]."""
        import torch

        start, stop = (0, self.count) if span is None else (span.start, span.stop)
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        d = self.dimensions
        columns = -(-(d + _EXTRA_COLUMNS) // 32) * 32
        matrix = torch.zeros(stop - start, columns, dtype=dtype)
        error = torch.zeros(stop - start, dtype=torch.float64)
        for first in range(start, stop, _ROWS_AT_ONCE):
            rows = slice(first, min(first + _ROWS_AT_ONCE, stop))
            here = slice(rows.start - start, rows.stop - start)
            moved = self._moved(self._float32(rows))
            matrix[here, :d] = moved
            matrix[here, d : d + 2] = 1
            head = self.offset[rows].to(dtype)
            matrix[here, d + 2] = head
            matrix[here, d + 3] = (self.offset[rows] - head.double()).to(dtype)
            if precision == "bfloat16":
                # The difference of a number and its rounding is itself a float32: nothing is lost here.
                moved -= matrix[here, :d].float()
                error[here] = torch.linalg.vector_norm(moved, dim=1, dtype=torch.float64)
        # Subtracting the centre and taking unit length rounded once each.
        centre_length = float(torch.linalg.vector_norm(self.centre, dtype=torch.float64))
        unit_error = 1.0 + centre_length if self.metric == "cosine" else 0.0
        error += 1.01 * _UNIT_FLOAT32 * (self.norm[start:stop] + unit_error)
        return Operands(matrix, d, precision), error


class Bounds:
    """How far a computed score may lie from the true one, for queries and candidates of one precision.

    Source of the forms: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1
    (an inner product of length L errs by at most L u sum|x y| to first order); doubled here.
    """

    def __init__(self, candidates: Space, candidate_error: torch.Tensor, precision: Precision) -> None:
        self.metric = candidates.metric
        self.precision = precision
        self.longest = float(candidates.norm.max()) if candidates.count else 0.0
        self.largest_offset = float(candidates.offset.abs().max()) if candidates.count else 0.0
        positive = candidates.norm > 0
        ratios = (candidate_error / candidates.norm)[positive]
        self.relative_error = float(ratios.max()) if len(ratios) else 0.0
        self.absolute_error = float(candidate_error.max()) if candidates.count else 0.0
        self.length = candidates.dimensions + _EXTRA_COLUMNS

    def limit(
        self, score: torch.Tensor, norm: torch.Tensor, offset: torch.Tensor, error: torch.Tensor
    ) -> torch.Tensor:
        """float64 [b]: every candidate whose true score is at most ``score`` has a computed one at most this.

        ``norm``, ``offset``, ``error``: |x'|, a(x) and rounding error of each query.
        """
        import torch

        if self.metric == "euclidean":
            # A candidate this near cannot be longer than the query and the way to it.
            reach = torch.clamp(norm + torch.sqrt(2 * score), max=self.longest)
            reach_offset = reach.square() / 2
            candidate_error = self.relative_error * reach
        else:
            reach = torch.full_like(norm, self.longest)
            reach_offset = torch.full_like(norm, self.largest_offset)
            candidate_error = torch.full_like(norm, self.absolute_error)
        rounded = norm + error
        rounding = error * reach + rounded * candidate_error
        summed = rounded * (reach + candidate_error) + 1.01 * (offset.abs() + reach_offset)
        accumulation = 2 * self.length * _UNIT_FLOAT32 * summed
        split = (2.0**-16 if self.precision == "bfloat16" else 2.0**-22) * (offset.abs() + reach_offset)
        if self.metric == "cosine":
            split = split + 2.0**-21
        output = 1.01 * _UNIT_BFLOAT16 if self.precision == "bfloat16" else 0.0
        return (score + rounding + accumulation + split) * (1 + output) + 1e-35


def _as_array(vectors: np.ndarray) -> np.ndarray:
    array = np.asarray(vectors)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(f"vectors must be numbers in a table [n, d], not {array.dtype} {list(array.shape)}")
    return np.ascontiguousarray(array, dtype=np.float32)


def _as_tensor(array: np.ndarray) -> torch.Tensor:
    """A tensor over the same memory."""
    import torch

    with warnings.catch_warnings():
        # A read-only memory map is only read here.
        warnings.simplefilter("ignore", UserWarning)
        return torch.from_numpy(array)
