"""The x-y charts of the report. Names of classes are set in HTML legends beside them, never inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from thermal_assets.reporting.palette import BLUE, DASHES, GREY, MARKERS, SERIES, VERMILION
from thermal_assets.reporting.plot_canvas import log_axis
from thermal_assets.reporting.svg import GRID, INK, PAGE, figure_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 5.4
WIDE = 20.0


def density_figure(level: str, edges: NDArray[Any], counts: NDArray[Any], mean: float, median: float) -> Markup:
    """Histogram of densities, ``edges`` float[n+1] (log spaced) and ``counts`` int[n], mean and median marked."""
    figure, axes = _figure(2.5)
    axes.stairs(counts, edges, fill=True, color=BLUE, alpha=0.75, linewidth=0)
    axes.axvline(median, color=INK, linewidth=1.2)
    axes.axvline(mean, color=VERMILION, linewidth=1.2, linestyle="dashed")
    log_axis(axes)
    axes.set_xlabel("density (log scale)")
    axes.set_ylabel("images")
    label = f"Histogram of {level} density of {int(counts.sum())} images: median {median:.3g}, mean {mean:.3g}"
    return figure_svg(figure, name=f"density-{level}", label=label)


def map_figure(
    groups: Sequence[tuple[NDArray[Any], str]],
    centres: Sequence[tuple[float, float, str, str]],
    mean: tuple[float, float],
) -> Markup:
    """Dots over the first two axes of L3.

    ``groups``: (float[n, 2], colour), drawn in order. ``centres``: (x, y, colour, marker) of class means.
    A dot is a line of no length with round ends: one path a group instead of one element an image.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    figure, axes = _figure(4.3)
    total = sum(len(points) for points, _ in groups)
    size = 2.6 if total > 2500 else 3.6
    for points, colour in groups:
        if len(points) == 0:
            continue
        path = Path(np.repeat(points, 2, axis=0), [Path.MOVETO, Path.LINETO] * len(points))
        path.should_simplify = False
        dots = PathPatch(path, facecolor="none", edgecolor=colour, linewidth=size, capstyle="round", alpha=0.6)
        dots.set_snap(False)
        axes.add_patch(dots)
    crowd = len(centres) > 24
    for x, y, colour, marker in centres:
        axes.plot([x], [y], marker, color=colour, markersize=5 if crowd else 9, markeredgecolor=INK, markeredgewidth=1)
    for colour, width, side in ((PAGE, 5.5, 19), (INK, 2.6, 16)):
        axes.plot([mean[0]], [mean[1]], "+", color=colour, markersize=side, markeredgewidth=width)
    everything = np.concatenate([points for points, _ in groups] or [np.zeros((1, 2))])
    low, high = np.quantile(everything, [0.001, 0.999], axis=0)
    air = np.maximum((high - low) * 0.06, 1e-6)
    axes.set_xlim(low[0] - air[0], high[0] + air[0])
    axes.set_ylim(low[1] - air[1], high[1] + air[1])
    axes.set_xlabel("first axis of L3")
    axes.set_ylabel("second axis of L3")
    return figure_svg(figure, name="map", label=f"Map of {total} images over the first two axes of L3, the mean marked")


def pixel_figure(counts: Mapping[str, NDArray[Any]]) -> Markup:
    """Share of pixels over levels 0..255; one line if the three channels are equal.

    A level that holds far more than all others (black background, clipping) is cut off and written beside, because
    the rest would be a line on the floor.
    """
    figure, axes = _figure(2.3)
    levels = np.arange(257)
    grey = len({values.tobytes() for values in counts.values()}) == 1
    colours = {"r": VERMILION, "g": "#009e73", "b": BLUE}
    drawn = {channel: values / max(float(values.sum()), 1.0) * 100 for channel, values in counts.items()}
    drawn = dict(list(drawn.items())[:1]) if grey else drawn
    for channel, shares in drawn.items():
        axes.stairs(shares, levels, color=INK if grey else colours[channel], linewidth=1.3)
    axes.set_xlim(0, 256)
    top = _top(np.concatenate(list(drawn.values())))
    axes.set_ylim(0, top)
    peaks = [(int(shares.argmax()), float(shares.max())) for shares in drawn.values() if shares.max() > top]
    for row, (level, share) in enumerate(sorted(set(peaks))):
        note = f"{share:.0f} % at level {level}" + ("" if grey else " (one channel)")
        near = (6, -10 - 13 * row) if level < 128 else (-6, -10 - 13 * row)
        axes.annotate(
            note, (level, top), near, textcoords="offset points", ha="left" if level < 128 else "right", fontsize=9
        )
    axes.set_xlabel("pixel level, 0 = darkest")
    axes.set_ylabel("% of pixels")
    return figure_svg(figure, name="pixels", label="Histogram of pixel levels over the whole data set")


def _top(shares: NDArray[Any]) -> float:
    """Upper end of the axis: the largest share, or three times the 97.5th percentile where that is far below it."""
    largest, usual = float(shares.max(initial=0.0)), 3 * float(np.quantile(shares, 0.975))
    return usual if 0 < 2 * usual < largest else max(largest * 1.05, 1e-9)


def lines_figure(
    name: str,
    series: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    *,
    xlabel: str,
    ylabel: str,
    categories: Sequence[str] = (),
    intervals: Sequence[NDArray[Any]] = (),
) -> Markup:
    """Up to six lines (x float[n], y float[n]); with ``categories``, x are positions in them.

    ``intervals``: one float[n, 2] a line, drawn as upright strokes; NaN where there is none.
    Numbers of x that span a factor of ``WIDE`` or more stand on a logarithmic axis: close-ups would lie on one another.
    """
    figure, axes = _figure(2.7)
    for index, (x, y) in enumerate(series[: len(SERIES)]):
        axes.plot(
            x, y, color=SERIES[index], marker=MARKERS[index], markersize=5, linestyle=DASHES[index], linewidth=1.6
        )
    for index, bounds in enumerate(intervals[: len(series)]):
        there = np.isfinite(bounds).all(axis=1)
        axes.vlines(series[index][0][there], *bounds[there].T, color=SERIES[index], linewidth=1, alpha=0.8)
    if categories:
        step = max(1, len(categories) // 8)
        axes.set_xticks(range(0, len(categories), step), list(categories)[::step], parse_math=False)
    elif _wide(series):
        log_axis(axes)
        xlabel = f"{xlabel} (log scale)"
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    return figure_svg(
        figure, name=name, label=f"{ylabel} over {xlabel} for {len(series)} classes; the table has the numbers"
    )


def _wide(series: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> bool:
    x = np.concatenate([np.asarray(x, dtype=np.float64) for x, _ in series] or [np.empty(0)])
    return bool(x.size and x.min() > 0 and x.max() >= WIDE * x.min())


def _figure(height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.patch.set_visible(False)
    axes = figure.add_subplot()
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(labelsize=9, color=GREY, labelcolor=INK)
    axes.grid(True, color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.xaxis.label.set(color=INK, fontsize=9.5)
    axes.yaxis.label.set(color=INK, fontsize=9.5)
    return figure, axes
