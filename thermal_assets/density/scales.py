"""Centre and spread of log density in a class; robust, so that the outliers do not set the scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DensityScale:
    """SCALE_COLUMNS of the warehouse: median and median absolute deviation (not scaled) of ln(density)."""

    image_count: int
    median_log_density: float | None
    mad_log_density: float | None


def density_scale(density: np.ndarray) -> DensityScale:
    """Scale of ``density`` float [n]; missing, infinite and non-positive values are left out."""
    values = np.asarray(density, dtype=np.float64)
    values = values[np.isfinite(values) & (values > 0)]
    if len(values) == 0:
        return DensityScale(0, None, None)
    logs = np.log(values)
    median = float(np.median(logs))
    return DensityScale(len(values), median, float(np.median(np.abs(logs - median))))
