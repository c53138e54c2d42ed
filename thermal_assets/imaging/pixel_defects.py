"""Lines and pixels of a picture that behave like a damaged detector, not like a scene.

All of it works on one plane of levels (luminance, or the position on the palette). A scene reaches the
detector through a lens, which spreads every point and edge over two or more pixels; a damaged detector element
or column amplifier knows nothing of its neighbours, so its error ends sharply at one pixel or one line. That
is what is looked for; pictures that were enlarged afterwards have lost it. Bars of constant colour at a border,
and wider ones anywhere, are no lines of a detector.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.overlays import BAR_LEVELS, BAR_LINES, BAR_NOISE, BAR_WIDTH_TO, BAR_ZONE, SMALLEST_BAR_SIDE

SMALLEST_SIDE = 8  # pixels; in smaller pictures a line cannot be told from the scene
# A median absolute deviation times this is the standard deviation of normal noise.
MAD_TO_SIGMA = 1.4826

# A line stands out when the mean of its differences from its neighbours is this many robust standard deviations of
# such means over all lines, and as many levels. Means over a whole line have little noise; 8 standard deviations leave
# room for the scene.
LINE_SIGMAS, LINE_LEVELS = 8.0, 2.0
ONE_SIDED_FROM = 0.9  # share of the line's pixels that lie on the same side of both neighbours
RINGING_TO = 0.5  # share of the strongest line within 7 up to which a line is its echo
SHARP_TO = 0.35  # the neighbours may follow with this share of the line's own offset: a lens would make it more
# A constant line differs from varying neighbours by this many levels in the median; an equal pair varies as much.
VARIES_FROM = 8.0
PAIRS_TO = 0.02  # a larger share of equal neighbours is an enlarged picture

# A dead pixel is as many robust standard deviations of the 24 pixels around it away from their median, and as many
# levels, ...
PIXEL_SIGMAS, PIXEL_LEVELS = 8.0, 16.0
# ... as many levels where the surroundings are the darkest or brightest of the picture: noise is cut off there, and its
# spread says nothing, ...
END_LEVELS = 64.0
# ... while none of its eight neighbours goes more than this share of the way.
ALONE_TO = 0.4
# Noise that a camera has sharpened has such points of every strength, the weaker the more; a dead pixel is far beyond
# the limits. So they count where those beyond the limits are at least half of those beyond this share of the limits.
WEAKER = 0.6
_AROUND = np.array([(y, x) for y in range(-2, 3) for x in range(-2, 3) if (y, x) != (0, 0)])
_NEXT = np.flatnonzero(np.abs(_AROUND).max(axis=1) == 1)

_BAND = 1 << 19  # pixels of a deep picture that are compared with their neighbours at once

_NO_SCALE = np.zeros(256)
# In the order of ``plane_kernels.scan_plane``.
_LINES = (SMALLEST_SIDE, LINE_LEVELS, LINE_SIGMAS * MAD_TO_SIGMA, SHARP_TO)
_PIXELS = (PIXEL_LEVELS, END_LEVELS, PIXEL_SIGMAS * MAD_TO_SIGMA, ALONE_TO, WEAKER)
_BARS = (SMALLEST_BAR_SIDE, BAR_LEVELS / 4, BAR_NOISE, BAR_LINES, BAR_WIDTH_TO, BAR_ZONE)
_LIMITS = np.array([*_LINES, *_PIXELS, *_BARS])


def _middle(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The upper median of each column."""
    return np.sort(values, axis=0)[len(values) // 2]


def scan(plane: NDArray[Any]) -> tuple[int, int, int] | None:
    """(stuck rows, stuck columns, dead pixels) of levels [H, W], uint8 or signed; None below 8 x 8 pixels."""
    if plane.dtype == np.uint8:
        plane = np.ascontiguousarray(plane)
        return count_defects(plane, scan_found(plane, plane, _NO_SCALE))
    if min(plane.shape) < SMALLEST_SIDE:
        return None
    return _count_lines(plane), _count_lines(plane.T), _count_dead(plane)


def scan_found(luminance: NDArray[np.uint8], plane: NDArray[np.uint8], scale: NDArray[np.float64]) -> list[int]:
    """What ``plane_kernels.scan_plane`` finds in levels uint8 [H, W] whose positions on the palette are ``scale``."""
    from thermal_assets.imaging.plane_kernels import scan_plane

    found = np.empty(7, np.int64)
    scan_plane(np.ascontiguousarray(luminance), plane, scale, _LIMITS, found)
    return found.tolist()


def count_defects(plane: NDArray[np.uint8], found: Sequence[int]) -> tuple[int, int, int] | None:
    """(stuck rows, stuck columns, dead pixels) from what ``scan_found`` says of levels uint8 [H, W]."""
    if min(plane.shape) < SMALLEST_SIDE:
        return None
    return _count_lines(plane) if found[2] else 0, _count_lines(plane.T) if found[3] else 0, found[4]


def stuck_lines(plane: NDArray[Any]) -> tuple[int, int] | None:
    """(rows, columns) of a damaged detector in levels [H, W], uint8 or signed; None below 8 x 8 pixels.

    A line counts that is (a) constant where its neighbours vary, alone or as a pair, (b) equal to its neighbour
    pixel by pixel where hardly any other two lines are, or (c) offset from both neighbours along its whole
    length. The two outermost lines of each side are not judged.
    """
    found = scan(plane)
    return None if found is None else found[:2]


def _count_lines(lines: NDArray[Any]) -> int:
    totals = lines.sum(axis=1, dtype=np.int64 if lines.dtype == np.uint8 else np.float64)
    flat = (lines == lines[:, :1]).all(axis=1)
    return len(_constant(lines, flat) | _equal(lines, totals) | _offset(lines, totals / lines.shape[1]))


def _constant(lines: NDArray[Any], flat: NDArray[np.bool_]) -> set[int]:
    if not flat.any():
        return set()
    found = set()
    edges = np.flatnonzero(np.diff(flat, prepend=False, append=False))
    for start, end in edges.reshape(-1, 2).tolist():
        if end - start > 2 or start < 2 or end > len(lines) - 2:
            continue
        beside = lines[[start - 1, end]].astype(np.float64) - float(lines[start, 0])
        if np.median(np.abs(beside), axis=1).min() >= VARIES_FROM and np.ptp(beside, axis=1).min() >= VARIES_FROM:
            found |= set(range(start, end))
    return found


def _equal(lines: NDArray[Any], totals: NDArray[Any]) -> set[int]:
    pairs = np.flatnonzero(totals[1:] == totals[:-1])
    if not len(pairs):
        return set()
    pairs = pairs[(lines[pairs] == lines[pairs + 1]).all(axis=1)]
    if not 0 < len(pairs) <= max(1, int(PAIRS_TO * len(lines))):
        return set()
    found = set()
    for j in pairs.tolist():
        if j < 2 or j + 3 >= len(lines) or np.ptp(lines[j]) < VARIES_FROM:
            continue
        window = lines[j - 2 : j + 4].astype(np.float64)
        if np.median(np.abs(np.diff(window, axis=0)), axis=1)[[0, 1, 3, 4]].min() >= 1.0:
            found.add(j + 1)
    return found


def _offset(lines: NDArray[Any], means: NDArray[np.float64]) -> set[int]:
    bend = means[1:-1] - (means[:-2] + means[2:]) / 2
    size = np.abs(bend)
    limit = max(LINE_LEVELS, LINE_SIGMAS * MAD_TO_SIGMA * float(np.partition(size, len(size) // 2)[len(size) // 2]))
    found: set[int] = set()
    if size.max() < limit:
        return found
    for j in (np.flatnonzero(size >= limit) + 1).tolist():
        # A strong line stands out from its neighbours, they from it, and JPEG rings around it inside its block.
        if j < 2 or j > len(lines) - 3 or size[j - 1] < RINGING_TO * size[max(0, j - 8) : j + 7].max():
            continue
        if size[j - 1] < max(size[j - 2], size[j]):
            continue
        beside = (means[j - 1] + means[j + 1]) / 2
        if abs(beside - (means[j - 2] + means[j + 2]) / 2) > SHARP_TO * size[j - 1]:
            continue
        line, before, after = lines[j - 1 : j + 2].astype(np.float64)[[1, 0, 2]]
        side = np.sign(bend[j - 1])
        outside = ((line - before) * side > 0) & ((line - after) * side > 0)
        if outside.mean() >= ONE_SIDED_FROM:
            found.add(j)
    return found


def laplacian(plane: NDArray[Any]) -> NDArray[Any]:
    """4 c - n - s - e - w of the inner pixels of [H, W], signed or float: [H - 2, W - 2]."""
    return 4 * plane[1:-1, 1:-1] - plane[:-2, 1:-1] - plane[2:, 1:-1] - plane[1:-1, :-2] - plane[1:-1, 2:]


def dead_pixels(plane: NDArray[Any]) -> int | None:
    """Single pixels of levels [H, W] that have nothing to do with their surroundings; None below 8 x 8 pixels.

    Those count whose distance from the median of the 24 pixels around them exceeds 8 robust standard deviations of
    these and 16 levels (64 where that median is the darkest or brightest level of the picture), with another level of
    the picture in between (one step of a coarse picture is no defect), while no neighbour goes more than 0.4 of the way
    along (a point that comes through a lens lights up its neighbours; the same contrast tells cosmic rays from stars in
    van Dokkum 2001, PASP 113, 1420). None count where as many again and more do so by 0.6 of these limits.
    The two outermost lines of each side are not judged.
    """
    found = scan(plane)
    return None if found is None else found[2]


def _count_dead(plane: NDArray[Any]) -> int:
    found = _count_single(plane, 1.0)
    return found if found and _count_single(plane, WEAKER) <= 2 * found else 0


def _count_single(plane: NDArray[Any], share: float) -> int:
    """Pixels that stand out by this share of the limits; band by band, since large pictures are many arrays of their size."""
    used = np.unique(plane)
    lines = max(1, _BAND // plane.shape[1])
    return sum(_count_in_band(plane[top : top + lines + 4], used, share) for top in range(0, plane.shape[0] - 4, lines))


def _count_in_band(plane: NDArray[Any], used: NDArray[Any], share: float) -> int:
    """The same, of a picture with the levels ``used``, without the two outermost lines of each side of ``plane``."""
    inner = plane[2:-2, 2:-2]
    height, width = plane.shape
    ring = [plane[2 + y : height - 2 + y, 2 + x : width - 2 + x] for y, x in _AROUND[_NEXT]]
    least = int((1 - ALONE_TO) * share * PIXEL_LEVELS)
    at = np.nonzero(np.maximum(inner - reduce(np.maximum, ring), reduce(np.minimum, ring) - inner) >= least)
    around = np.stack([plane[at[0] + 2 + y, at[1] + 2 + x] for y, x in _AROUND]).astype(np.float64)
    centre = _middle(around)
    spread = MAD_TO_SIGMA * _middle(np.abs(around - centre))
    apart = inner[at] - centre
    along = ((around[_NEXT] - centre) * np.sign(apart)).max(axis=0, initial=-np.inf)
    least_apart = np.where((centre <= used[0]) | (centre >= used[-1]), END_LEVELS, PIXEL_LEVELS)
    far = np.abs(apart) >= share * np.maximum(least_apart, PIXEL_SIGMAS * spread)
    low, high = np.minimum(inner[at], centre), np.maximum(inner[at], centre)
    far &= np.searchsorted(used, high, "left") > np.searchsorted(used, low, "right")
    return int(np.count_nonzero(far & (along <= ALONE_TO * np.abs(apart))))
