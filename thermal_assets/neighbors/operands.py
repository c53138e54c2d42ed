"""Rows as operands of the matrix product that gives their scores (see space.py), kept or made as they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import torch

    from thermal_assets.neighbors.space import Space

Precision = Literal["bfloat16", "float32"]

UNIT_FLOAT32 = 2.0**-24
UNIT_BFLOAT16 = 2.0**-8
EXTRA_COLUMNS = 4


def fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512-BF16 or AMX), accumulating in float32."""
    import torch

    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, bool)() for probe in probes)


@dataclass(frozen=True)
class Operands:
    """Rows ready for a product: ``matrix [n, columns]`` = [x' | 1 1 | a], zeros up to a whole number of vectors.

    ``error`` float64 [n]: how far the rounded x' lies from the true one.
    """

    matrix: torch.Tensor
    error: np.ndarray
    dimensions: int
    precision: Precision

    @property
    def count(self) -> int:
        """Rows."""
        return len(self.matrix)

    @property
    def item(self) -> int:
        """Bytes a value."""
        return self.matrix.element_size()

    def streamed_rows(self, size: int) -> int:
        """Rows of the place that ``block`` needs for ``size`` rows: none, they are there."""
        return 0

    def block(self, rows: slice, place: torch.Tensor) -> torch.Tensor:
        """The rows as right operand, [b, columns]."""
        return self.matrix[rows]

    def as_queries(self, rows: np.ndarray, out: torch.Tensor | None = None) -> torch.Tensor:
        """The rows as left operand: [-x' | a | 1 1]; in the beginning of ``out`` (as wide as the matrix) if given."""
        import torch

        index = torch.from_numpy(rows)
        if out is None:
            left = self.matrix.index_select(0, index)
        else:
            left = out[: len(rows)]
            torch.index_select(self.matrix, 0, index, out=left)
        return _turned(left, self.dimensions)


@dataclass(frozen=True)
class StreamedOperands:
    """The same in float32, made when it is asked for and not kept: for a product of a few rows with all."""

    space: Space
    precision: Precision = "float32"
    item: int = 4

    @property
    def count(self) -> int:
        """Rows."""
        return self.space.count

    @property
    def error(self) -> np.ndarray:
        """As of Operands."""
        return self.space.rounding()

    def streamed_rows(self, size: int) -> int:
        """Rows of the place that ``block`` needs for ``size`` rows."""
        return size

    def block(self, rows: slice, place: torch.Tensor) -> torch.Tensor:
        """The rows as right operand, [b, columns], in the beginning of ``place``."""
        right = place[: rows.stop - rows.start]
        self.space.fill(right, rows)
        return right

    def as_queries(self, rows: np.ndarray) -> torch.Tensor:
        """The rows as left operand."""
        import torch

        left = torch.empty(len(rows), self.space.columns)
        self.space.fill(left, rows)
        return _turned(left, self.space.dimensions)


def _turned(left: torch.Tensor, dimensions: int) -> torch.Tensor:
    """[x' | 1 1 | a] becomes [-x' | a | 1 1], in place."""
    offset = left[:, dimensions + 2 : dimensions + 4].clone()
    left[:, :dimensions].neg_()
    left[:, dimensions : dimensions + 2] = offset
    left[:, dimensions + 2 : dimensions + 4] = 1
    return left
