"""How many anomalies are found where few normal images raise a false alarm, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.separation_strata import Stratum

FALSE_ALARMS = 0.01
_GRID = 256  # bounds that a resampling may choose from
_REACH = 20  # resampled sessions move the bound among this many times the normal images that may raise an alarm


def recall_at_false_alarms(strata: Sequence[Stratum], draws: int, share: float = FALSE_ALARMS) -> float | None:
    """Share of the anomaly images that score above all but ``share`` of the normal ones, mean over strata and draws.

    Each stratum has a bound of its own, since scores of two strata (or two folds) have no common zero; strata are
    weighted by their anomaly images. None where no stratum has 1 / share normal images: the bound cannot be told.
    """
    total = weight = 0.0
    for part in _telling(strata, share):
        anomalies = part.queries[1].size
        for draw in range(draws):
            high, low = part.scores(draw)
            bound = np.sort(low)[-(int(share * low.size) + 1)]
            total += float(np.mean(high > bound)) * anomalies
            weight += anomalies
    return total / weight if weight else None


class ResampledRecall:
    """The same again and again with each unit (session) counted 0, 1, 2, ... times; the bound moves with the normals.

    A resampling takes the lowest of up to 256 bounds, spread over the normal scores at the top, that not more than
    ``share`` of the normal images exceed.
    """

    def __init__(
        self, strata: Sequence[Stratum], unit_of: NDArray[np.int64], units: int, draws: int, share: float = FALSE_ALARMS
    ) -> None:
        """``unit_of`` int64: the unit of each image, by its row."""
        self._share = share
        self._parts = []
        for part in _telling(strata, share):
            of_normal, of_anomaly = (unit_of[rows] for rows in part.queries)
            sizes = np.bincount(of_normal, minlength=units), np.bincount(of_anomaly, minlength=units)
            above = []
            for draw in range(draws):
                high, low = part.scores(draw)
                top = np.sort(low)[::-1][: int(_REACH * share * low.size) + 1]
                bounds = np.unique(top[np.linspace(0, top.size - 1, min(top.size, _GRID)).astype(np.int64)])[::-1]
                above.append((_above(low, of_normal, bounds, units), _above(high, of_anomaly, bounds, units)))
            self._parts.append((sizes, above))

    def __call__(self, multiplicities: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64[b] recall for ``multiplicities`` float64[b, units]; NaN where there is nothing to count."""
        total, weight = np.zeros(len(multiplicities)), np.zeros(len(multiplicities))
        for (normals, anomalies), above in self._parts:
            n0, n1 = multiplicities @ normals, multiplicities @ anomalies
            judged = n0 > 0  # without a normal image drawn there is no bound
            for alarms, found in above:
                allowed = multiplicities @ alarms <= (self._share * n0 + 1e-9)[:, None]
                last = np.maximum(allowed.sum(axis=1) - 1, 0)
                total += judged * np.take_along_axis(multiplicities @ found, last[:, None], axis=1)[:, 0]
                weight += judged * n1
        return np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)


def _telling(strata: Sequence[Stratum], share: float) -> list[Stratum]:
    return [part for part in strata if part.queries[0].size * share >= 1 and part.queries[1].size > 0]


def _above(
    scores: NDArray[np.float64], unit: NDArray[np.int64], bounds: NDArray[np.float64], units: int
) -> NDArray[np.float32]:
    """float32[units, bounds]: how many ``scores`` of each unit exceed each of the falling ``bounds``."""
    # The first bound that a score exceeds: it exceeds all behind it too.
    first = np.searchsorted(-bounds, -scores, side="right")
    counts = np.zeros((units, bounds.size + 1), dtype=np.float32)
    np.add.at(counts, (unit, first), 1)
    return np.cumsum(counts[:, :-1], axis=1, dtype=np.float32)
