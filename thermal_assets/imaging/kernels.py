"""Loops over every pixel of an 8-bit picture, compiled (numba), without the interpreter lock.

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
_COLOURS = nb.types.Array(nb.uint8, 3, "C", readonly=True)
_compiled = {"nogil": True, "cache": True, "boundscheck": False}


@nb.njit((_COLOURS, nb.uint32[:, ::1], nb.uint8[:, ::1]), **_compiled)
def scan_colours(rgb, counts, luminance):  # type: ignore[no-untyped-def]
    """Histograms of r, g, b and luminance into counts uint32 [4, 256], and luminance uint8 [H, W].

    Luminance is ITU-R BT.601 in 16-bit fixed point, as Pillow's conversion to L.
    """
    height, width = luminance.shape
    for y in range(height):
        for x in range(width):
            r, g, b = rgb[y, x, 0], rgb[y, x, 1], rgb[y, x, 2]
            level = (nb.uint32(r) * 19595 + nb.uint32(g) * 38470 + nb.uint32(b) * 7471 + 0x8000) >> 16
            luminance[y, x] = level
            counts[0, r] += 1
            counts[1, g] += 1
            counts[2, b] += 1
            counts[3, level] += 1


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


@nb.njit(nb.int64(_PLANE, nb.float64, nb.float64, nb.float64), **_compiled)
def count_dead_pixels(plane, levels, sigmas, alone_to):  # type: ignore[no-untyped-def]
    """``pixel_defects.dead_pixels`` for a plane of 5 x 5 pixels or more."""
    height, width = plane.shape
    least = int((1 - alone_to) * levels)
    around = np.empty(24, np.int32)
    found = 0
    for y in range(2, height - 2):
        for x in range(2, width - 2):
            own = nb.int32(plane[y, x])
            before, after = nb.int32(plane[y, x - 1]), nb.int32(plane[y, x + 1])
            up = own >= before + least and own >= after + least
            down = own <= before - least and own <= after - least
            if not (up or down):
                continue
            for dx in range(-1, 2):
                for dy in (-1, 1):
                    other = nb.int32(plane[y + dy, x + dx])
                    up = up and own >= other + least
                    down = down and own <= other - least
            if not (up or down):
                continue
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
            if abs(apart) < max(levels, sigmas * around[12]):
                continue
            alone = True
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    if dx or dy:
                        along = (nb.int32(plane[y + dy, x + dx]) - centre) * np.sign(apart)
                        alone = alone and along <= alone_to * abs(apart)
            found += alone
    return found


@nb.njit(
    nb.boolean(_PLANE, nb.boolean, nb.int64[::1], nb.boolean[::1], nb.float64, nb.float64, nb.float64), **_compiled
)
def any_line_stands_out(plane, columns, totals, flat, levels, sigmas, sharp_to):  # type: ignore[no-untyped-def]
    """Whether rows (or columns) need a closer look: constant, equal to the next, or sharply offset from both neighbours.

    ``totals`` and ``flat`` are those of ``scan_lines``; the limits are those of ``pixel_defects``.
    """
    lines, length = len(totals), plane.shape[0] if columns else plane.shape[1]
    size = np.empty(lines - 2)
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
    limit = max(levels, sigmas * np.sort(size)[len(size) // 2])
    for j in range(2, lines - 2):
        beside = abs(totals[j - 1] + totals[j + 1] - totals[j - 2] - totals[j + 2]) / (2 * length)
        if size[j - 1] >= limit and beside <= sharp_to * size[j - 1]:
            return True
    return False


@nb.njit((_PLANE, nb.uint32[::1]), **_compiled)
def count_levels(plane, counts):  # type: ignore[no-untyped-def]
    """Histogram into counts uint32 [256]."""
    for y in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            counts[plane[y, x]] += 1


@nb.njit(nb.float64(nb.types.Array(nb.uint32, 1, "C", readonly=True)), **_compiled)
def entropy_of_counts(counts):  # type: ignore[no-untyped-def]
    """Shannon entropy of a histogram, bits."""
    total = 0
    weighted = 0.0
    for count in counts:
        if count:
            total += count
            weighted += count * np.log2(count)
    return max(0.0, np.log2(total) - weighted / total) if total else 0.0


@nb.njit((_PLANE, nb.int64[::1], nb.int64[::1], nb.boolean[::1], nb.boolean[::1]), **_compiled)
def scan_lines(plane, row_totals, column_totals, row_flat, column_flat):  # type: ignore[no-untyped-def]
    """Sum of every row and column, and whether all its levels are equal."""
    height, width = plane.shape
    column_totals[:] = 0
    column_flat[:] = True
    for y in range(height):
        total, flat = 0, True
        for x in range(width):
            level = plane[y, x]
            total += level
            column_totals[x] += level
            flat = flat and level == plane[y, 0]
            column_flat[x] = column_flat[x] and level == plane[0, x]
        row_totals[y] = total
        row_flat[y] = flat


@nb.njit((_COLOURS, nb.int64, nb.uint16[::1]), **_compiled)
def colour_cells(rgb, step, cells):  # type: ignore[no-untyped-def]
    """Cell of the RGB cube (32 to an axis) of every ``step``-th pixel in both directions, row after row."""
    place = 0
    for y in range(0, rgb.shape[0], step):
        for x in range(0, rgb.shape[1], step):
            cells[place] = ((rgb[y, x, 0] & 0xF8) << 7) | ((rgb[y, x, 1] & 0xF8) << 2) | (rgb[y, x, 2] >> 3)
            place += 1


@nb.njit((nb.types.Array(nb.uint64, 2, "C", readonly=True), nb.uint16[::1], nb.uint64[::1]), **_compiled)
def sum_rows(table, numbers, totals):  # type: ignore[no-untyped-def]
    """Sum of the rows ``numbers`` of ``table``."""
    totals[:] = 0
    for number in numbers:
        for k in range(table.shape[1]):
            totals[k] += table[number, k]


@nb.njit((_COLOURS, nb.types.Array(nb.uint8, 1, "C", readonly=True), nb.uint8[:, ::1]), **_compiled)
def look_up_colours(rgb, table, found):  # type: ignore[no-untyped-def]
    """``table`` uint8 [262144] by the cell (64 to an axis) of every pixel."""
    height, width = found.shape
    for y in range(height):
        for x in range(width):
            found[y, x] = table[
                (nb.uint32(rgb[y, x, 0] & 0xFC) << 10) | (nb.uint32(rgb[y, x, 1] & 0xFC) << 4) | (rgb[y, x, 2] >> 2)
            ]


@nb.njit((_COLOURS, nb.types.Array(nb.uint8, 1, "C", readonly=True), nb.int64, nb.int64[::1]), **_compiled)
def count_colours(rgb, table, step, counts):  # type: ignore[no-untyped-def]
    """Histogram of ``look_up_colours`` over every ``step``-th pixel in both directions, into counts int64 [256]."""
    counts[:] = 0
    for y in range(0, rgb.shape[0], step):
        for x in range(0, rgb.shape[1], step):
            counts[
                table[
                    (nb.uint32(rgb[y, x, 0] & 0xFC) << 10) | (nb.uint32(rgb[y, x, 1] & 0xFC) << 4) | (rgb[y, x, 2] >> 2)
                ]
            ] += 1


@nb.njit((_COLOURS, nb.uint8[:, :, ::1]), **_compiled)
def average_boxes(rgb, canvas):  # type: ignore[no-untyped-def]
    """Mean colour, rounded, of the box of whole pixels behind each pixel of a canvas no larger than the picture."""
    height, width = rgb.shape[:2]
    rows, columns = canvas.shape[:2]
    for i in range(rows):
        top, bottom = i * height // rows, (i + 1) * height // rows
        for j in range(columns):
            left, right = j * width // columns, (j + 1) * width // columns
            r, g, b = 0, 0, 0
            for y in range(top, bottom):
                for x in range(left, right):
                    r += rgb[y, x, 0]
                    g += rgb[y, x, 1]
                    b += rgb[y, x, 2]
            count = (bottom - top) * (right - left)
            canvas[i, j, 0] = (2 * r + count) // (2 * count)
            canvas[i, j, 1] = (2 * g + count) // (2 * count)
            canvas[i, j, 2] = (2 * b + count) // (2 * count)


@nb.njit(
    nb.boolean(_PLANE, nb.types.Array(nb.float64, 1, "C", readonly=True), nb.boolean, nb.float64, nb.float64, nb.int64),
    **_compiled,
)
def has_steady_lines(plane, scale, columns, gone_from, apart_to, side_by_side):  # type: ignore[no-untyped-def]
    """Whether so many neighbouring rows (or columns) go one way, and alike, through their middle third.

    Judged by five pixels of each, as in ``overlays``.
    """
    lines, length = (plane.shape[1], plane.shape[0]) if columns else plane.shape
    start, end = length // 3, length - 1 - length // 3
    before = np.zeros(5)
    now = np.zeros(5)
    run = 0
    for j in range(lines):
        for k in range(5):
            at = start + (end - start) * k // 4
            now[k] = scale[plane[at, j] if columns else plane[j, at]]
        gone = now[4] - now[0]
        steady = abs(gone) >= gone_from
        same = True
        for k in range(5):
            if k and (now[k] - now[k - 1]) * np.sign(gone) < abs(gone) / 10:
                steady = False
            same = same and abs(now[k] - before[k]) <= apart_to
        run = 0 if not steady else run + 1 if same and run else 1
        if run >= side_by_side:
            return True
        before, now = now, before
    return False
