"""Small PNG plots for Dagster metadata: each a few tens of kilobytes, drawn without pyplot.

pyplot keeps global state and is not thread-safe; a ``Figure`` of one's own is. matplotlib is
imported on first use, because the modules of defs/ are imported in every step process.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermal_assets.reporting.palette import BLUE, DASHES, GREY, MARKERS, SERIES
from thermal_assets.reporting.plot_canvas import empty, encode, figure, legend, log_axis, png, row_labels, short

MAX_BYTES = 60_000
MAX_ROWS = 40


def density_histogram(
    densities: Mapping[str, ArrayLike], *, title: str = "Density", threshold: float | None = None
) -> bytes:
    """PNG: outline histograms of density on a log axis, one per named series.

    ``densities`` maps a name (level, class or scope) to float[n] in 1 / distance; values that are
    not finite and positive are left out and counted in the title. ``threshold`` is marked.
    """
    series = {name: np.asarray(values, dtype=np.float64).ravel() for name, values in densities.items()}
    kept = {name: values[np.isfinite(values) & (values > 0)] for name, values in series.items()}
    dropped = sum(len(series[name]) - len(kept[name]) for name in kept)
    canvas, axes = figure()
    everything = np.concatenate([*kept.values(), np.empty(0)])
    if everything.size == 0:
        return empty(canvas, axes, title, "no densities yet")
    low, high = float(everything.min()), float(everything.max())
    edges = np.geomspace(low * 0.999, high * 1.001, 61)
    for index, (name, values) in enumerate(list(kept.items())[: len(SERIES)]):
        counts, _ = np.histogram(values, edges)
        axes.stairs(
            counts,
            edges,
            color=SERIES[index],
            linestyle=DASHES[index],
            linewidth=1.6,
            label=f"{short(name, 40)} ({len(values):,})",
        )
    log_axis(axes)
    if threshold is not None and threshold > 0:
        axes.axvline(threshold, color=GREY, linestyle="dashed", linewidth=1.4, label="judged below this")
    axes.set_xlabel("density, 1 / mean distance to the nearest images (log scale)")
    axes.set_ylabel("images")
    legend(axes)
    return png(canvas, axes, title + (f" ({dropped:,} without one)" if dropped else ""))


def class_balance(counts: Mapping[str, int], *, title: str = "Images per class") -> bytes:
    """PNG: one bar per class, largest first; beyond 40 classes the largest 39 and one bar for the rest."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(rows) > MAX_ROWS:
        rest = rows[MAX_ROWS - 1 :]
        rows = [*rows[: MAX_ROWS - 1], (f"the other {len(rest)} classes", sum(count for _, count in rest))]
    canvas, axes = figure(height=0.9 + 0.21 * max(len(rows), 3))
    if not rows:
        return empty(canvas, axes, title, "no classes yet")
    positions = np.arange(len(rows))
    axes.barh(positions, [count for _, count in rows], color=BLUE, height=0.7)
    row_labels(axes, [name for name, _ in rows])
    for position, (_, count) in zip(positions, rows, strict=True):
        axes.annotate(f"{count:,}", (count, position), (3, 0), textcoords="offset points", va="center", fontsize=8)
    axes.margins(x=0.12, y=0.02)
    axes.set_xlabel("images")
    return png(canvas, axes, title)


def tiles(pictures: Mapping[str, bytes | None], *, title: str = "") -> bytes:
    """PNG: pictures side by side under their names, e.g. ``{"sample": ..., "mean": ..., "std": ...}``.

    Values are encoded images; None or bytes that Pillow cannot read leave an empty tile that says so.
    """
    from PIL import Image

    canvas, whole = figure(width=1.9 * max(len(pictures), 1), height=2.3)
    whole.remove()
    canvas.suptitle(short(title, 60), fontsize=10, parse_math=False)
    for index, (name, data) in enumerate(pictures.items()):
        axes = canvas.add_subplot(1, len(pictures), index + 1)
        axes.set_title(short(name, 24), fontsize=9, parse_math=False)
        axes.set_axis_off()
        try:
            with Image.open(io.BytesIO(data or b"")) as image:
                rgb = image.convert("RGB")
                rgb.thumbnail((128, 128))
                axes.imshow(np.asarray(rgb), interpolation="nearest")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            axes.text(0.5, 0.5, "no picture", ha="center", va="center", color=GREY, fontsize=9)
    return encode(canvas)


def scree(
    variances: ArrayLike, *, explained: float | None = None, title: str = "What the dimensions of L3 explain"
) -> bytes:
    """PNG: cumulative variance over principal components.

    ``variances`` is float[d], largest first, in any unit. ``explained`` is the share 0..1 of the total variance
    that all of them keep together; without it the curve ends at 100 % of what is kept, and its axis says so.
    """
    values = np.asarray(variances, dtype=np.float64).ravel()
    canvas, axes = figure()
    if values.size == 0 or values.sum() <= 0:
        return empty(canvas, axes, title, "no lens fitted yet")
    total = np.cumsum(values) / values.sum() * (1.0 if explained is None else explained)
    components = np.arange(1, len(values) + 1)
    axes.fill_between(components, total, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(components, total, color=BLUE, linewidth=1.8)
    note = f"{total[-1]:.0%} with {len(values)}"
    axes.annotate(note, (components[-1], total[-1]), (-6, 6), textcoords="offset points", ha="right")
    axes.set_ylim(0, 1.12)
    axes.set_xlim(1, max(len(values), 2))
    axes.set_xlabel("principal components kept")
    axes.set_ylabel("share of the variance" if explained is not None else "share of the variance kept")
    return png(canvas, axes, title)


def separation_dots(
    rows: Sequence[Mapping[str, Any]], *, title: str = "How far anomalies lie apart from normal (AUC)"
) -> bytes:
    """PNG: separability AUC with its interval, one line per pair and level; 0.5 is marked.

    ``rows`` carry the columns of table separation: normal_class, anomaly_class, level, matched,
    separability_auc, ci_low, ci_high. Beyond 40 rows the most separable are shown and the rest counted.
    """
    known = [row for row in rows if row.get("separability_auc") is not None]
    known.sort(key=lambda row: (-float(row["separability_auc"]), str(row["anomaly_class"]), str(row["level"])))
    left_out = len(known) - MAX_ROWS
    known = known[:MAX_ROWS]
    canvas, axes = figure(height=1.0 + 0.23 * max(len(known), 3))
    if not known:
        return empty(canvas, axes, title, "no pair of a normal and an anomaly class")
    levels = sorted({str(row["level"]) for row in known})
    for position, row in enumerate(known):
        style = levels.index(str(row["level"])) % len(SERIES)
        value = float(row["separability_auc"])
        if row.get("ci_low") is not None and row.get("ci_high") is not None:
            axes.plot([row["ci_low"], row["ci_high"]], [position] * 2, color=SERIES[style], linewidth=1.6)
        axes.plot([value], [position], MARKERS[style], color=SERIES[style], markersize=6)
    labels = [
        f"{row['level']}  {row['normal_class']} / {row['anomaly_class']}{' (matched)' if row.get('matched') else ''}"
        for row in known
    ]
    row_labels(axes, labels)
    axes.axvline(0.5, color=GREY, linestyle="dashed", linewidth=1)
    axes.set_xlim(0, 1.02)
    axes.margins(y=0.03)
    axes.set_xlabel("AUC: 0.5 = alike, 1 = apart; line = 95 % interval over sessions")
    return png(canvas, axes, title + (f" ({left_out} more not shown)" if left_out > 0 else ""))


def drift_curve(
    points: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    ylabel: str = "median density",
    title: str = "Drift",
) -> bytes:
    """PNG: one line per name over ``(x[n], y[n])``; x is distance (float) or period (str), in given order.

    Beyond six lines the first six are drawn and the title says how many are left out.
    """
    canvas, axes = figure()
    drawn = 0
    for name, (x, y) in points.items():
        values = np.asarray(y, dtype=np.float64).ravel()
        if values.size == 0 or drawn == len(SERIES):
            continue
        axes.plot(
            np.asarray(x).ravel(),
            values,
            color=SERIES[drawn],
            marker=MARKERS[drawn],
            markersize=4.5,
            linestyle=DASHES[drawn],
            linewidth=1.6,
            label=short(name, 40),
        )
        drawn += 1
    if drawn == 0:
        return empty(canvas, axes, title, "nothing to draw: names carry none of this")
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.tick_params(axis="x", labelrotation=30)
    legend(axes)
    left_out = len(points) - drawn
    return png(canvas, axes, title + (f" ({left_out} more not shown)" if left_out > 0 else ""))
