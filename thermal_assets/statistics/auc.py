"""The area under the ROC curve with ties, in strata, and with sessions resampled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata


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

    Sorts once, so that each of a thousand resamplings costs one pass.
    """

    def __init__(
        self, positives: ArrayLike, negatives: ArrayLike, positive_units: ArrayLike, negative_units: ArrayLike
    ) -> None:
        values = np.concatenate([np.asarray(positives, dtype=np.float64), np.asarray(negatives, dtype=np.float64)])
        units = np.concatenate([np.asarray(positive_units, dtype=np.int64), np.asarray(negative_units, dtype=np.int64)])
        is_positive = np.arange(values.size) < np.size(positives)
        order = np.argsort(values, kind="stable")
        values, self._units, self._positive = values[order], units[order], is_positive[order]
        starts = np.flatnonzero(np.diff(values, prepend=-np.inf) != 0)
        self._starts: NDArray[np.int64] | None = starts if starts.size < values.size else None

    def weighted(self, multiplicities: NDArray[np.float64]) -> tuple[float | None, float, float]:
        """(AUC or None, n1, n0) with each unit counted ``multiplicities[unit]`` times."""
        if self._units.size == 0:
            return None, 0.0, 0.0
        weights = multiplicities[self._units]
        positive = np.where(self._positive, weights, 0.0)
        negative = weights - positive
        if self._starts is not None:
            positive, negative = np.add.reduceat(positive, self._starts), np.add.reduceat(negative, self._starts)
        n1, n0 = float(positive.sum()), float(negative.sum())
        if n1 == 0 or n0 == 0:
            return None, n1, n0
        below = np.cumsum(negative) - negative / 2
        return float(positive @ below / (n1 * n0)), n1, n0


def resampled_mean_auc(strata: Sequence[UnitAuc], multiplicities: NDArray[np.float64]) -> float | None:
    """The weighted mean AUC of ``strata`` when each unit counts ``multiplicities[unit]`` times."""
    parts = [stratum.weighted(multiplicities) for stratum in strata]
    return weighted_mean_auc([value for value, _, _ in parts], [(n1, n0) for _, n1, n0 in parts])
