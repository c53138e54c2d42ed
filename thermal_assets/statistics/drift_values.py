"""What both drifts share: the density that is judged, and words for a p-value."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.resampling import PermutationResult


def judged_density(density: NDArray[np.floating[Any]], density_xs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """float64[n] of one class: density_xs where the class has one, else density; the two are never mixed."""
    use = density_xs if np.isfinite(density_xs).any() else density
    return np.asarray(use, dtype=np.float64)


def column(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    """float64[n] of a column, NaN for NULL."""
    return frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def median(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def in_words(result: PermutationResult, sessions: int) -> str:
    """p, what it rests on, and a warning where so few sessions could never have decided."""
    if result.p_value is None or result.attainable_p is None:
        return "no p-value can be had"
    text = f"p = {result.p_value:.3g} by handing whole sessions round ({sessions} sessions, smallest possible p "
    text += f"{result.attainable_p:.3g})"
    return text if result.attainable_p <= 0.05 else text + "; so few sessions cannot decide"


def plural(count: int, noun: str, many: str = "") -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {many or noun + 's'}"
