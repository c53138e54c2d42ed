"""Temperatures of a class as a small PNG for Dagster metadata."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from thermal_assets.reporting.palette import SERIES
from thermal_assets.reporting.plot_canvas import empty, figure, legend, png

_MOST = 2000  # images drawn of one source; more would be a solid block


def temperature_ranges(images: Mapping[str, ArrayLike], *, title: str) -> bytes:
    """PNG: from the coldest to the hottest pixel of every image, ordered by the hottest, its mean as a dot.

    ``images`` maps a source to float[n, 3] of (min_c, mean_c, max_c). Of more than 2,000 images of one source every
    so many are drawn, and the legend says so.
    """
    canvas, axes = figure()
    start, drawn = 0, False
    for index, (source, values) in enumerate(sorted(images.items())):
        rows = np.asarray(values, dtype=np.float64).reshape(-1, 3)
        if not len(rows):
            continue
        rows = rows[np.argsort(rows[:, 2], kind="stable")]
        step = -(-len(rows) // _MOST)
        shown = rows[::step]
        at = start + np.arange(len(shown))
        colour = SERIES[index % len(SERIES)]
        note = f"{source} ({len(rows):,} images{f', 1 in {step} drawn' if step > 1 else ''})"
        axes.vlines(at, shown[:, 0], shown[:, 2], color=colour, linewidth=0.8, alpha=0.5, label=note)
        axes.plot(at, shown[:, 1], ".", color=colour, markersize=2)
        start, drawn = start + len(shown), True
    if not drawn:
        return empty(canvas, axes, title, "no temperatures")
    axes.margins(y=0.2)
    axes.set_xlabel("images, by their hottest pixel")
    axes.set_ylabel("coldest to hottest pixel, dot = mean, degC")
    legend(axes)
    return png(canvas, axes, title)
