"""Loops over one plane of 8-bit levels, compiled (numba), without the interpreter lock.

Each reads the picture once where array operations would pass over it ten times, which is most of the time of the
statistics of small crops. Whole numbers throughout, so that results do not depend on the machine. Compiled code
is kept on disk beside this file (or in the user's cache), so that only the first process on a machine compiles.
Import this module where it is used and not on top: numba takes half a second to import.
"""

from __future__ import annotations

import numba as nb
import numpy as np

# Read-only signatures take writeable arrays as well.
_PLANE = nb.types.Array(nb.uint8, 2, "C", readonly=True)
_SCALE = nb.types.Array(nb.float64, 1, "C", readonly=True)
_compiled = {"nogil": True, "cache": True, "boundscheck": False}
_brief = {"cache": True, "boundscheck": False}


@nb.njit(nb.void(_PLANE, nb.uint32[::1]), **_compiled)
def count_levels(plane, counts):  # type: ignore[no-untyped-def]
    """Histogram into counts uint32 [256]; neighbours, which are often equal, go to two tables in turn."""
    height, width = plane.shape
    odd = np.zeros(256, np.uint32)
    even_to = width - width % 2
    for y in range(height):
        for x in range(0, even_to, 2):
            counts[plane[y, x]] += np.uint32(1)
            odd[plane[y, x + 1]] += np.uint32(1)
        if even_to < width:
            counts[plane[y, even_to]] += np.uint32(1)
    for level in range(256):
        counts[level] += odd[level]


@nb.njit(nb.float64(nb.types.Array(nb.uint32, 1, "C", readonly=True)), **_brief)
def entropy_of_counts(counts):  # type: ignore[no-untyped-def]
    """Shannon entropy of a histogram, bits."""
    total = 0
    weighted = 0.0
    for count in counts:
        if count:
            total += count
            weighted += count * np.log2(count)
    return max(0.0, np.log2(total) - weighted / total) if total else 0.0


@nb.njit(nb.types.UniTuple(nb.int64, 2)(_PLANE), **_compiled)
def laplacian_sums(plane):  # type: ignore[no-untyped-def]
    """Sum and sum of squares of 4 c - n - s - e - w over the inner pixels."""
    height, width = plane.shape
    total, squares = 0, 0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            edge = 4 * nb.int32(plane[y, x]) - plane[y - 1, x] - plane[y + 1, x] - plane[y, x - 1] - plane[y, x + 1]
            total += edge
            squares += edge * edge
    return total, squares


@nb.njit(
    nb.int64(_PLANE, nb.int64, nb.int64, nb.float64, nb.float64, nb.float64, nb.float64, nb.int64[::1]), **_compiled
)
def _is_dead(plane, y, x, levels, end_levels, sigmas, alone_to, below):  # type: ignore[no-untyped-def]
    """1 where the pixel stands out from the 24 around it and its neighbours do not follow, else 0.

    ``below`` int64 [257]: how many different levels of the picture lie below a level.
    """
    own = nb.int32(plane[y, x])
    around = np.empty(24, np.int32)
    place = 0
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            if dx or dy:
                around[place] = plane[y + dy, x + dx]
                place += 1
    around.sort()
    centre = around[12]
    apart = own - centre
    for k in range(24):
        around[k] = abs(around[k] - centre)
    around.sort()
    at_end = below[centre] == 0 or below[centre + 1] == below[256]
    if abs(apart) < max(end_levels if at_end else levels, sigmas * around[12]):
        return 0
    if below[max(own, centre)] - below[min(own, centre) + 1] == 0:
        return 0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            if (dx or dy) and (nb.int32(plane[y + dy, x + dx]) - centre) * np.sign(apart) > alone_to * abs(apart):
                return 0
    return 1


@nb.njit(nb.int64(_PLANE, nb.float64, nb.float64, nb.float64, nb.float64), **_compiled)
def _count_single_pixels(plane, levels, end_levels, sigmas, alone_to):  # type: ignore[no-untyped-def]
    """Pixels of a plane of 5 x 5 pixels or more that stand out by as many levels and sigmas."""
    height, width = plane.shape
    least = np.uint8(int((1 - alone_to) * levels))
    hit = np.zeros(width, np.uint8)
    levels_below = np.zeros(257, np.int64)
    found = 0
    for y in range(2, height - 2):
        # Without a branch, so that many pixels are compared at once; hardly any row has a candidate.
        any_hit = np.uint8(0)
        for x in range(2, width - 2):
            own = plane[y, x]
            highest = max(max(plane[y - 1, x - 1], plane[y - 1, x]), max(plane[y - 1, x + 1], plane[y, x - 1]))
            highest = max(
                highest, max(max(plane[y, x + 1], plane[y + 1, x - 1]), max(plane[y + 1, x], plane[y + 1, x + 1]))
            )
            lowest = min(min(plane[y - 1, x - 1], plane[y - 1, x]), min(plane[y - 1, x + 1], plane[y, x - 1]))
            lowest = min(
                lowest, min(min(plane[y, x + 1], plane[y + 1, x - 1]), min(plane[y + 1, x], plane[y + 1, x + 1]))
            )
            above = np.uint8(own > highest) & np.uint8(np.uint8(own - highest) >= least)
            below = np.uint8(lowest > own) & np.uint8(np.uint8(lowest - own) >= least)
            hit[x] = above | below
            any_hit |= above | below
        if any_hit:
            if not levels_below[256]:  # counted once a picture, and only where it is needed
                for row in range(height):
                    for x in range(width):
                        levels_below[plane[row, x] + 1] = 1
                for level in range(256):
                    levels_below[level + 1] += levels_below[level]
            for x in range(2, width - 2):
                if hit[x]:
                    found += _is_dead(plane, y, x, levels, end_levels, sigmas, alone_to, levels_below)
    return found


@nb.njit(nb.int64(_PLANE, nb.float64, nb.float64, nb.float64, nb.float64, nb.float64), **_compiled)
def count_dead_pixels(plane, levels, end_levels, sigmas, alone_to, weaker):  # type: ignore[no-untyped-def]
    """``pixel_defects.dead_pixels`` for a plane of 5 x 5 pixels or more."""
    found = _count_single_pixels(plane, levels, end_levels, sigmas, alone_to)
    if not found:
        return 0
    # Hardly any picture comes here, so that it may be looked through again.
    all_found = _count_single_pixels(plane, weaker * levels, weaker * end_levels, weaker * sigmas, alone_to)
    return found if all_found <= 2 * found else 0


@nb.njit(nb.void(_PLANE, nb.int64[::1], nb.int64[::1], nb.boolean[::1], nb.boolean[::1]), **_compiled)
def scan_lines(plane, row_totals, column_totals, row_flat, column_flat):  # type: ignore[no-untyped-def]
    """Sum of every row and column, and whether all its levels are equal."""
    height, width = plane.shape
    totals, differs = np.zeros(width, np.uint32), np.zeros(width, np.uint8)
    for y in range(height):
        total, differs_here, first = np.uint32(0), np.uint8(0), plane[y, 0]
        for x in range(width):
            level = plane[y, x]
            total += level
            totals[x] += level
            differs_here |= level ^ first
            differs[x] |= level ^ plane[0, x]
        row_totals[y] = total
        row_flat[y] = differs_here == 0
    for x in range(width):
        column_totals[x] = totals[x]
        column_flat[x] = differs[x] == 0


@nb.njit(
    nb.boolean(_PLANE, nb.boolean, nb.int64[::1], nb.boolean[::1], nb.float64, nb.float64, nb.float64), **_compiled
)
def any_line_stands_out(plane, columns, totals, flat, levels, sigmas, sharp_to):  # type: ignore[no-untyped-def]
    """Whether rows (or columns) need a closer look: constant, equal to the next, or sharply offset from both neighbours.

    ``totals`` and ``flat`` are those of ``scan_lines``; the limits are those of ``pixel_defects``.
    """
    lines, length = len(totals), plane.shape[0] if columns else plane.shape[1]
    size = np.empty(lines - 2)
    largest = 0.0
    for j in range(lines):
        if flat[j]:
            return True
        if j and totals[j] == totals[j - 1]:
            equal = True
            for k in range(length):
                same = plane[k, j] == plane[k, j - 1] if columns else plane[j, k] == plane[j - 1, k]
                if not same:
                    equal = False
                    break
            if equal:
                return True
        if 0 < j < lines - 1:
            size[j - 1] = abs(2 * totals[j] - totals[j - 1] - totals[j + 1]) / (2 * length)
            largest = max(largest, size[j - 1])
    if largest < levels:
        return False
    limit = max(levels, sigmas * np.sort(size)[len(size) // 2])
    for j in range(2, lines - 2):
        beside = abs(totals[j - 1] + totals[j + 1] - totals[j - 2] - totals[j + 2]) / (2 * length)
        if size[j - 1] >= limit and beside <= sharp_to * size[j - 1]:
            return True
    return False


@nb.njit(nb.boolean(_PLANE, _SCALE, nb.boolean, _SCALE), **_compiled)
def may_hold_bar(plane, scale, columns, limits):  # type: ignore[no-untyped-def]
    """Whether some neighbouring columns (or rows) near a side go one way, and alike, through their middle third.

    Judged by five pixels of each, as in ``overlays``. ``limits`` float64 [5]: levels that a line goes at least, levels
    from line to line at most, lines at least, lines at most and the zone along each side, both as shares of the lines.
    """
    lines, length = (plane.shape[1], plane.shape[0]) if columns else plane.shape
    start, end = length // 3, length - 1 - length // 3
    fewest = int(limits[2])
    most, zone = max(fewest, int(limits[3] * lines)), max(fewest + 1, int(limits[4] * lines))
    before = np.zeros(5)
    now = np.zeros(5)
    run = 0
    for j in range(lines + 1):
        steady, same = j < lines, True
        if j < lines:
            for k in range(5):
                at = start + (end - start) * k // 4
                now[k] = scale[plane[at, j] if columns else plane[j, at]]
            gone = now[4] - now[0]
            steady = abs(gone) >= limits[0]
            for k in range(5):
                if k and (now[k] - now[k - 1]) * np.sign(gone) < abs(gone) / 10:
                    steady = False
                same = same and abs(now[k] - before[k]) <= limits[1]
        if steady and same and run:
            run += 1
        else:  # the lines j - run .. j - 1 were alike
            if fewest <= run <= most and (j <= zone or j - run >= lines - zone):
                return True
            run = 1 if steady else 0
        before, now = now, before
    return False


@nb.njit(nb.void(_PLANE, _PLANE, _SCALE, _SCALE, nb.int64[::1]), **_compiled)
def scan_plane(luminance, plane, scale, limits, found):  # type: ignore[no-untyped-def]
    """Everything of a picture that needs its neighbourhoods, in one call.

    ``limits``: least side for lines and pixels, LINE_LEVELS, LINE_SIGMAS (of the MAD), SHARP_TO, PIXEL_LEVELS,
    END_LEVELS, PIXEL_SIGMAS (of the MAD), ALONE_TO, WEAKER, least side for bars, then those of ``may_hold_bar``. ``found``
    int64 [7]: ``laplacian_sums``, whether rows and columns need a closer look, dead pixels, whether columns and rows
    may hold a scale bar.
    """
    found[:] = 0
    found[0], found[1] = laplacian_sums(luminance)
    height, width = plane.shape
    side = min(height, width)
    if side >= limits[0]:
        row_totals, column_totals = np.empty(height, np.int64), np.empty(width, np.int64)
        row_flat, column_flat = np.empty(height, np.bool_), np.empty(width, np.bool_)
        scan_lines(plane, row_totals, column_totals, row_flat, column_flat)
        found[2] = any_line_stands_out(plane, False, row_totals, row_flat, limits[1], limits[2], limits[3])
        found[3] = any_line_stands_out(plane, True, column_totals, column_flat, limits[1], limits[2], limits[3])
        found[4] = count_dead_pixels(plane, limits[4], limits[5], limits[6], limits[7], limits[8])
    if side >= limits[9]:
        found[5] = may_hold_bar(plane, scale, True, limits[10:])
        found[6] = may_hold_bar(plane, scale, False, limits[10:])
