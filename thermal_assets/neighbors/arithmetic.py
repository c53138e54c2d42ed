"""Which products a join is made of, and how many candidates a query has to collect from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermal_assets.neighbors.distances import sorted_candidates
from thermal_assets.neighbors.operands import Precision, fast_bfloat16
from thermal_assets.neighbors.search import Rule, Search
from thermal_assets.neighbors.space import Space

_TRIED = 128  # queries, of many; of few, so large a part of them that the trial costs little beside them
_TRIED_OF_FEW, _PART = 16, 1 / 64
_CERTAIN = 0.98  # share of the queries whose candidates are to be enough
# Where the rounding of 16 bits asks for so many more candidates for each column of the product and each candidate it
# meets, keeping them costs what the faster product saves: about as long on the AVX512-BF16 cores where it was measured.
_WORTH_A_CANDIDATE = 5.6e-6


@dataclass(frozen=True)
class Arithmetic:
    """Precision of the products, and how many computed scores are no larger than the true k-th may be, for each of k."""

    precision: Precision
    blur: float = 0.0

    def picks(self, k: int, available: int) -> int:
        """How many candidates a query collects for ``k`` neighbours: enough to certify nearly every query."""
        return max(1, min(max(plain_picks(k, self.precision), math.ceil(k * self.blur)), available))


def plain_picks(k: int, precision: Precision) -> int:
    """The least margin: rounding to 16 bits blurs the order of many more candidates than rounding to 32."""
    return k + (max(24, k // 2) if precision == "bfloat16" else max(6, k // 8))


def chosen_arithmetic(
    queries: Space,
    candidates: Space,
    rows: np.ndarray,
    k: int,
    *,
    rule: Rule | None = None,
    row_picks: int,
    precision: Precision | None,
    memory_mb: float,
) -> tuple[Arithmetic, Search | None]:
    """What suits a join of the queries ``rows``; and the operands in 16 bits where they were made and are to be used.

    bfloat16 is tried on some queries: whether its scores keep to their bound on this machine, and how many candidates
    they leave in doubt. Far from the centre of all vectors, where whole classes lie close together, there are many.
    ``rule``: which candidates count. ``precision`` None: bfloat16 where it is fast and the doubt costs less than it saves;
    else as it says.
    """
    if (precision or ("bfloat16" if fast_bfloat16() else "float32")) == "float32" or len(rows) == 0:
        return Arithmetic("float32"), None
    search = Search(queries, candidates, "bfloat16", row_picks, memory_mb)
    count = min(len(rows), _TRIED, search.rows, max(_TRIED_OF_FEW, int(_PART * len(rows))))
    tried = rows[np.unique(np.linspace(0, len(rows) - 1, count).astype(np.int64))]
    block = search.fill(tried)
    if rule is not None:
        rule.apply(block, tried)
    if not search.trustworthy(block, tried, row_picks):
        return Arithmetic("float32"), None
    columns, _ = block.smallest(min(plain_picks(k, "bfloat16"), candidates.count))
    columns, scores = sorted_candidates(queries, tried, candidates, columns)
    blur = 0.0
    if 0 < k <= columns.shape[1] and (there := np.isfinite(scores[:, k - 1])).any():
        part = block.subset(np.flatnonzero(there))
        doubtful = part.count_within(search.bounds.limit(tried[there], scores[there, k - 1]))
        blur = float(np.quantile(doubtful, _CERTAIN) + 1) / k
    found = Arithmetic("bfloat16", blur)
    more = found.picks(k, candidates.count) - plain_picks(k, "float32")
    width = search.left.matrix.shape[1]
    if precision is None and more > _WORTH_A_CANDIDATE * candidates.count * width:
        return Arithmetic("float32"), None
    return found, search
