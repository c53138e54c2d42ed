"""The area under the ROC curve with ties, in strata, and with sessions resampled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.stats import rankdata

_CELLS = 4_000_000


def auc(positives: ArrayLike, negatives: ArrayLike) -> float | None:
    """P(positive > negative) + P(equal) / 2: Mann and Whitney's U over n1 n0. None if a side is empty."""
    high, low = np.asarray(positives, dtype=np.float64), np.asarray(negatives, dtype=np.float64)
    if high.size == 0 or low.size == 0:
        return None
    ranks = rankdata(np.concatenate([high, low]))
    u = ranks[: high.size].sum() - high.size * (high.size + 1) / 2
    return float(u / (high.size * low.size))


def weighted_mean_auc(aucs: Sequence[float | None], sizes: Sequence[tuple[float, float]]) -> float | None:
    """Mean of the AUCs of strata, each weighted by n1 n0 / (n1 + n0), the inverse of its variance up to a factor.

    ``sizes`` holds (n1, n0) of each stratum. Strata without an AUC are left out; None if none is left.
    """
    total = weight_sum = 0.0
    for value, (n1, n0) in zip(aucs, sizes, strict=True):
        if value is not None and n1 > 0 and n0 > 0:
            weight = n1 * n0 / (n1 + n0)
            total += weight * value
            weight_sum += weight
    return total / weight_sum if weight_sum > 0 else None


class UnitAuc:
    """One AUC that can be had again and again with each unit (session) counted 0, 1, 2, ... times.

    Between units only one number matters, how often the images of one win over those of another, so a thousand
    resamplings are one matrix product. ``draws`` of scores of the same images are averaged, as their AUCs would be.
    """

    def __init__(
        self,
        draws: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
        positive_units: NDArray[np.int64],
        negative_units: NDArray[np.int64],
    ) -> None:
        """``draws``: (float64[n1], float64[n0]) each; ``positive_units`` int64[n1], ``negative_units`` int64[n0]."""
        self._rows, at_row, self._row_sizes = np.unique(positive_units, return_inverse=True, return_counts=True)
        self._columns, at_column, self._column_sizes = np.unique(
            negative_units, return_inverse=True, return_counts=True
        )
        shape = self._rows.size, self._columns.size
        wins = [_wins(positives, negatives, at_row, at_column, shape) for positives, negatives in draws]
        self._wins = np.mean(wins, axis=0)

    def weighted(
        self, multiplicities: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """AUC (NaN where a side is empty), n1 and n0, float64[b] each, for ``multiplicities`` float64[b, units]."""
        on_rows, on_columns = multiplicities[:, self._rows], multiplicities[:, self._columns]
        n1, n0 = on_rows @ self._row_sizes, on_columns @ self._column_sizes
        won = np.einsum("ij,ij->i", on_rows @ self._wins, on_columns)
        cells = n1 * n0
        return np.divide(won, cells, out=np.full_like(won, np.nan), where=cells > 0), n1, n0


def resampled_mean_auc(strata: Sequence[UnitAuc], multiplicities: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[b] weighted mean AUC of ``strata`` for ``multiplicities`` float64[b, units]; NaN where there is none."""
    total = np.zeros(len(multiplicities))
    weight_sum = np.zeros(len(multiplicities))
    for stratum in strata:
        value, n1, n0 = stratum.weighted(multiplicities)
        weight = np.divide(n1 * n0, n1 + n0, out=np.zeros_like(n1), where=np.isfinite(value))
        total += weight * np.nan_to_num(value)
        weight_sum += weight
    return np.divide(total, weight_sum, out=np.full_like(total, np.nan), where=weight_sum > 0)


def _wins(
    positives: NDArray[np.float64],
    negatives: NDArray[np.float64],
    at_row: NDArray[np.int64],
    at_column: NDArray[np.int64],
    shape: tuple[int, int],
) -> NDArray[np.float64]:
    """float64[units of positives, units of negatives]: pairs the positive wins, ties counting one half."""
    values, place = np.unique(np.concatenate([positives, negatives]), return_inverse=True)
    ones = np.ones(place.size)
    n1 = positives.size
    high = coo_array((ones[:n1], (place[:n1], at_row)), shape=(values.size, shape[0])).tocsr()
    low = coo_array((ones[n1:], (place[n1:], at_column)), shape=(values.size, shape[1])).tocsr()
    wins = np.zeros(shape)
    below = np.zeros(shape[1])
    step = max(1, _CELLS // max(1, shape[1]))
    for start in range(0, values.size, step):
        counts = low[start : start + step].toarray()
        running = below + np.cumsum(counts, axis=0)
        wins += high[start : start + step].T @ (running - counts / 2)
        below = running[-1]
    return wins
