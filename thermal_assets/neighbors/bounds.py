"""How far the scores that a product delivers may lie from the true ones."""

from __future__ import annotations

import numpy as np

from thermal_assets.neighbors.operands import EXTRA_COLUMNS, UNIT_BFLOAT16, UNIT_FLOAT32, Operands, StreamedOperands
from thermal_assets.neighbors.space import Space


class Bounds:
    """How far a computed score may lie from the true one, for queries and candidates of one precision.

    Source of the forms: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1
    (an inner product of length L errs by at most L u sum|x y| to first order); doubled here.
    """

    def __init__(
        self, queries: Space, query_error: np.ndarray, candidates: Space, operands: Operands | StreamedOperands
    ) -> None:
        self.queries, self.query_error = queries, query_error
        self.precision = operands.precision
        self.longest = float(candidates.norm.max(initial=0))
        self.largest_offset = float(np.abs(candidates.offset).max(initial=0))
        moved, error = candidates.norm > 0, operands.error
        self.relative_error = float((error[moved] / candidates.norm[moved]).max(initial=0))
        self.absolute_error = float(error.max(initial=0))
        self.length = candidates.dimensions + EXTRA_COLUMNS

    def limit(self, rows: np.ndarray, score: np.ndarray) -> np.ndarray:
        """float64 [b]: any candidate whose true score for the query is at most ``score`` has a computed one below this.

        ``rows`` int64 [b]: the queries.
        """
        norm, offset, error = self.queries.norm[rows], np.abs(self.queries.offset[rows]), self.query_error[rows]
        if self.queries.metric == "euclidean":
            # A candidate this near cannot be longer than the query and the way to it.
            reach = np.minimum(norm + np.sqrt(2 * score), self.longest)
            reach_offset = reach**2 / 2
            candidate_error = self.relative_error * reach
        else:
            reach, reach_offset, candidate_error = self.longest, self.largest_offset, self.absolute_error
        rounded = norm + error
        rounding = error * reach + rounded * candidate_error
        summed = rounded * (reach + candidate_error) + 1.01 * (offset + reach_offset)
        accumulation = 2 * self.length * UNIT_FLOAT32 * summed
        split = (2.0**-16 if self.precision == "bfloat16" else 2.0**-22) * (offset + reach_offset)
        if self.queries.metric == "cosine":
            split = split + 2.0**-21  # offsets come from float32 unit vectors there
        output = 1.01 * UNIT_BFLOAT16 if self.precision == "bfloat16" else 0.0
        return (score + rounding + accumulation + split) * (1 + output) + 1e-35
