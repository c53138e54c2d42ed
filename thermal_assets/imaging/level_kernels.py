"""Figures of a histogram of 256 levels, compiled (numba). Import it where it is used: numba is slow to import."""

from __future__ import annotations

import numba as nb
import numpy as np

# Views of one row seen several times are no contiguous arrays.
_HISTOGRAMS = nb.types.Array(nb.uint32, 2, "A", readonly=True)
_HISTOGRAM = nb.types.Array(nb.uint32, 1, "A", readonly=True)
_COUNTS = nb.types.Array(nb.int64, 1, "C", readonly=True)
# These take a microsecond or two: handing the interpreter lock to another thread and back would cost more.
_compiled = {"cache": True, "boundscheck": False}


@nb.njit(nb.float64(_COUNTS, nb.int64, nb.boolean), **_compiled)
def _mean_of_last(counts, spot, lowest):  # type: ignore[no-untyped-def]
    """Mean level of the ``spot`` hottest pixels, or of the coldest."""
    taken, weighted = 0, 0
    for k in range(256):
        level = k if lowest else 255 - k
        part = min(counts[level], spot - taken)
        taken += part
        weighted += part * level
        if taken == spot:
            break
    return weighted / spot


@nb.njit(
    nb.void(
        _COUNTS, nb.types.Array(nb.float64, 1, "C", readonly=True), nb.float64, nb.int64, nb.float64[::1], nb.int64[::1]
    ),
    **_compiled,
)
def describe_levels(counts, at, spot_share, spot_pixels, figures, bins):  # type: ignore[no-untyped-def]
    """``level_distribution.distribution`` of counts int64 [256], not empty.

    ``at`` float64 [7] are the quantiles, the fourth of them the median; figures float64 [17]: minimum, mean, maximum,
    deviation, quantiles, cold spot, background, hot spot, contrast, hot and cold fraction, in levels and shares.
    bins int64 [32], in ten-thousandths.
    """
    total, first, second = 0, 0, 0
    lowest, highest = -1, 0
    for level in range(256):
        count = counts[level]
        if count:
            total += count
            first += level * count
            second += level * level * count
            lowest = level if lowest < 0 else lowest
            highest = level
    figures[0], figures[1], figures[2] = lowest, first / total, highest
    figures[3] = max(0.0, second / total - (first / total) ** 2) ** 0.5
    below, k = 0, 0
    for level in range(256):
        below += counts[level]
        while k < len(at) and below >= at[k] * total:
            figures[4 + k] = level
            k += 1
    spot = min(total, max(1, round(total * spot_share), spot_pixels))
    cold, background, hot = _mean_of_last(counts, spot, True), figures[7], _mean_of_last(counts, spot, False)
    hotter, colder = 0, 0
    for level in range(256):
        if level > (hot + background) / 2:
            hotter += counts[level]
        if level < (cold + background) / 2:
            colder += counts[level]
    figures[11], figures[12], figures[13], figures[14] = cold, background, hot, hot - background
    figures[15] = hotter / total if hot > background else 0.0
    figures[16] = colder / total if cold < background else 0.0
    for k in range(len(bins)):
        inside = 0
        for level in range(k * 256 // len(bins), (k + 1) * 256 // len(bins)):
            inside += counts[level]
        bins[k] = (inside * 10_000 + total // 2) // total


@nb.njit(
    nb.float64(_HISTOGRAMS, _HISTOGRAM, _HISTOGRAM, nb.int64, nb.int64, nb.int64, nb.int64[::1]),
    **_compiled,
)
def describe_counts(counts, luminance, plane, low, high, within, numbers):  # type: ignore[no-untyped-def]
    """Entropy in bits of the histogram ``luminance`` uint32 [256]; the rest into numbers int64 [12].

    ``counts`` uint32 [C, 256], C of 1 or 3; ``plane`` uint32 [256], the histogram of the level plane. numbers: lowest
    and highest level that a channel has; pixels of the plane at its two ends; then the sum and the sum of squares of
    each channel, and at the end those of the plane. An end is ``low`` or ``high``, or the last level of the plane that
    is not more than ``within`` from it.
    """
    lowest, highest = 256, -1
    for c in range(counts.shape[0]):
        total, squares = 0, 0
        for level in range(256):
            count = counts[c, level]
            if count:
                total += level * count
                squares += level * level * count
                lowest, highest = min(lowest, level), max(highest, level)
        numbers[4 + 2 * c], numbers[5 + 2 * c] = total, squares
    pixels, weighted = 0, 0.0
    for level in range(256):
        count = luminance[level]
        if count:
            pixels += count
            weighted += count * np.log2(count)
    coldest, hottest = 0, 255
    while coldest < 255 and plane[coldest] == 0:
        coldest += 1
    while hottest > 0 and plane[hottest] == 0:
        hottest -= 1
    low = coldest if low < coldest <= low + within else low
    high = hottest if high - within <= hottest < high else high
    below, above = 0, 0
    total, squares = 0, 0
    for level in range(256):
        below += plane[level] if level <= low else 0
        above += plane[level] if level >= high else 0
        total += level * plane[level]
        squares += level * level * plane[level]
    numbers[10], numbers[11] = total, squares
    numbers[0], numbers[1], numbers[2], numbers[3] = lowest, highest, below, above
    return max(0.0, np.log2(pixels) - weighted / pixels)
