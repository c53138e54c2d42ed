"""How the levels of one picture are distributed, in the terms of a thermographer.

Levels run from 0 (the cold end of the scale) to 255 (the hot end); results are positions on the scale, 0..1.

- **background**: the median, which is the object or its surroundings wherever a spot fills less than half.
- **hot spot**: the mean of the hottest pixels, ``SPOT_SHARE`` of the picture, but no fewer than ``SPOT_PIXELS``:
  a camera measures nothing smaller than about 3 x 3 pixels. Cold spot: the same at the cold end.
- **contrast**: hot spot minus background, the temperature difference between a hot spot and its reference area
  of IEC TS 62446-3.
- **hot fraction**: share of the pixels hotter than half way from the background to the hot spot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 256
BINS = 32
SPOT_SHARE = 0.01
SPOT_PIXELS = 9
QUANTILES = {"q01": 0.01, "q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95, "q99": 0.99}

_TOP = LEVELS - 1
_INDEX = np.arange(LEVELS, dtype=np.float64)  # sums of whole numbers below 2 ** 53 are exact, and BLAS is fast
_MOMENTS = np.stack([_INDEX, _INDEX * _INDEX], axis=1)
_AT = np.array(list(QUANTILES.values()))
_BIN_STARTS = np.arange(0, LEVELS, LEVELS // BINS)
#: Of how many ten-thousandths the bins of ``histogram`` are counted.
HISTOGRAM_UNITS = 10_000


def distribution(counts: NDArray[np.int64], pixels_per_count: int = 1) -> dict[str, object]:
    """Figures of a histogram int64 [256] of levels, as positions 0..1; the histogram must not be empty.

    ``pixels_per_count`` is how many pixels of the picture one counted pixel stands for (1: all were counted).
    ``histogram`` holds 32 equal bins in ten-thousandths of the pixels.
    """
    below = counts.cumsum()
    total = int(below[-1])
    first, second = (counts.astype(np.float64) @ _MOMENTS).tolist()
    mean = first / total
    quantiles = below.searchsorted(_AT * total).tolist()
    spot = min(total, max(1, round(total * SPOT_SHARE), -(-SPOT_PIXELS // pixels_per_count)))
    hot = _mean_of_highest(counts, below, total, spot)
    cold = _TOP - _mean_of_highest(counts[::-1], counts[::-1].cumsum(), total, spot)
    background = quantiles[3]
    bins = np.add.reduceat(counts, _BIN_STARTS)
    return {
        "minimum": int(below.searchsorted(0, side="right")) / _TOP,
        "mean": mean / _TOP,
        "maximum": int(below.searchsorted(total)) / _TOP,
        "deviation": max(0.0, second / total - mean * mean) ** 0.5 / _TOP,
        **{name: level / _TOP for name, level in zip(QUANTILES, quantiles, strict=True)},
        "cold_spot": cold / _TOP,
        "background": background / _TOP,
        "hot_spot": hot / _TOP,
        "contrast": (hot - background) / _TOP,
        "hot_fraction": _beyond(below, total, (hot + background) / 2) if hot > background else 0.0,
        "cold_fraction": 1.0 - _beyond(below, total, (cold + background) / 2, inclusive=True)
        if cold < background
        else 0.0,
        "histogram": ((bins * HISTOGRAM_UNITS + total // 2) // total).tolist(),
    }


def _mean_of_highest(counts: NDArray[np.int64], below: NDArray[np.int64], total: int, spot: int) -> float:
    """Mean level of the ``spot`` highest of ``total`` pixels."""
    level = int(below.searchsorted(total - spot, side="right"))  # where the spot begins; part of it may be cooler
    whole = counts[level + 1 :]
    inside = int(whole.sum())
    return (float(whole @ _INDEX[level + 1 :]) + (spot - inside) * level) / spot


def _beyond(below: NDArray[np.int64], total: int, level: float, inclusive: bool = False) -> float:
    """Share of the pixels above ``level`` (or at it, if ``inclusive``)."""
    last = int(np.ceil(level)) - 1 if inclusive else int(level)
    return (total - int(below[last])) / total if last >= 0 else 1.0
