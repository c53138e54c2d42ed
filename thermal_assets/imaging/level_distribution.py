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

_AT = np.array(list(QUANTILES.values()))
_NAMES = ("minimum", "mean", "maximum", "deviation", *QUANTILES, "cold_spot", "background", "hot_spot", "contrast")
_FRACTIONS = ("hot_fraction", "cold_fraction")
#: Of how many ten-thousandths the bins of ``histogram`` are counted.
HISTOGRAM_UNITS = 10_000


def distribution(counts: NDArray[np.int64], pixels_per_count: int = 1) -> dict[str, object]:
    """Figures of a histogram int64 [256] of levels, as positions 0..1; the histogram must not be empty.

    ``pixels_per_count`` is how many pixels of the picture one counted pixel stands for (1: all were counted).
    ``histogram`` holds 32 equal bins in ten-thousandths of the pixels.
    """
    from thermal_assets.imaging.level_kernels import describe_levels

    figures, bins = np.empty(len(_NAMES) + len(_FRACTIONS)), np.empty(BINS, np.int64)
    describe_levels(counts, _AT, SPOT_SHARE, -(-SPOT_PIXELS // pixels_per_count), figures, bins)
    figures[: len(_NAMES)] /= LEVELS - 1
    found: dict[str, object] = dict(zip(_NAMES + _FRACTIONS, figures.tolist(), strict=True))
    found["histogram"] = bins.tolist()
    return found
