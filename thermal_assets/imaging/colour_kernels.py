"""Loops over the colours of an 8-bit picture, compiled (numba), without the interpreter lock.

See ``plane_kernels``. Import this module where it is used and not on top: numba takes half a second to import.
"""

from __future__ import annotations

import numba as nb
import numpy as np

_COLOURS = nb.types.Array(nb.uint8, 3, "C", readonly=True)
_TABLE = nb.types.Array(nb.uint8, 1, "C", readonly=True)
_compiled = {"nogil": True, "cache": True, "boundscheck": False}
# For work on a sample of the pixels: handing the interpreter lock to another thread and back would cost more.
_brief = {"cache": True, "boundscheck": False}


@nb.njit(nb.void(_COLOURS, nb.uint32[:, ::1], nb.uint8[:, ::1]), **_compiled)
def scan_colours(rgb, counts, luminance):  # type: ignore[no-untyped-def]
    """Histograms of r, g, b and luminance into counts uint32 [4, 256], and luminance uint8 [H, W].

    Luminance is ITU-R BT.601 in 16-bit fixed point, as Pillow's conversion to L. Neighbours, which are often equal,
    are counted in two tables in turn.
    """
    height, width = luminance.shape
    odd = np.zeros((4, 256), np.uint32)
    one = np.uint32(1)
    for y in range(height):
        line = rgb[y].reshape(3 * width)
        grey = luminance[y]
        for x in range(np.uint32(width)):
            red, green, blue = nb.uint32(line[3 * x]), nb.uint32(line[3 * x + 1]), nb.uint32(line[3 * x + 2])
            grey[x] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
        for x in range(np.uint32(width // 2)):
            k = 6 * x
            counts[0, line[k]] += one
            counts[1, line[k + 1]] += one
            counts[2, line[k + 2]] += one
            counts[3, grey[2 * x]] += one
            odd[0, line[k + 3]] += one
            odd[1, line[k + 4]] += one
            odd[2, line[k + 5]] += one
            odd[3, grey[2 * x + 1]] += one
        if width % 2:
            for c in range(3):
                counts[c, line[3 * width - 3 + c]] += one
            counts[3, grey[width - 1]] += one
    for c in range(4):
        for level in range(256):
            counts[c, level] += odd[c, level]


@nb.njit(nb.int64(_COLOURS, nb.int64, nb.types.Array(nb.uint64, 2, "C", readonly=True), nb.uint64[::1]), **_brief)
def sum_words(rgb, step, table, totals):  # type: ignore[no-untyped-def]
    """Sum of the rows of ``table`` for the cells (32 to an axis) of every ``step``-th pixel; how many pixels."""
    totals[:] = 0
    pixels = 0
    for y in range(0, rgb.shape[0], step):
        for x in range(0, rgb.shape[1], step):
            cell = (nb.uint32(rgb[y, x, 0] & 0xF8) << 7) | (nb.uint32(rgb[y, x, 1] & 0xF8) << 2) | (rgb[y, x, 2] >> 3)
            for k in range(len(totals)):
                totals[k] += table[cell, k]
            pixels += 1
    return pixels


@nb.njit(nb.int64(_COLOURS, nb.int64, _TABLE), **_compiled)
def count_off(rgb, step, off):  # type: ignore[no-untyped-def]
    """How many of every ``step``-th pixels lie in a cell (32 to an axis) that ``off`` uint8 [32768] marks with 1."""
    found = 0
    for y in range(0, rgb.shape[0], step):
        for x in range(0, rgb.shape[1], step):
            cell = (nb.uint32(rgb[y, x, 0] & 0xF8) << 7) | (nb.uint32(rgb[y, x, 1] & 0xF8) << 2) | (rgb[y, x, 2] >> 3)
            found += off[cell]
    return found


@nb.njit(nb.void(_COLOURS, _TABLE, nb.uint8[:, ::1]), **_compiled)
def look_up_colours(rgb, table, found):  # type: ignore[no-untyped-def]
    """``table`` uint8 [262144] by the cell (64 to an axis) of every pixel."""
    height, width = found.shape
    for y in range(height):
        for x in range(width):
            found[y, x] = table[
                (nb.uint32(rgb[y, x, 0] & 0xFC) << 10) | (nb.uint32(rgb[y, x, 1] & 0xFC) << 4) | (rgb[y, x, 2] >> 2)
            ]


@nb.njit(nb.int64(_COLOURS, _TABLE, _TABLE, nb.int64, nb.types.UniTuple(nb.int64, 4), nb.int64[::1]), **_compiled)
def count_colours(rgb, table, off, step, hidden, counts):  # type: ignore[no-untyped-def]
    """Histogram of ``look_up_colours`` over every ``step``-th pixel, added to counts int64 [256].

    Left out are pixels in cells (32 to an axis) that ``off`` uint8 [32768] marks with 1, and those of the rectangle
    ``hidden`` (top, bottom, left, right); returns how many.
    """
    left_out = 0
    top, bottom, left, right = hidden
    for y in range(0, rgb.shape[0], step):
        inside = top <= y < bottom
        for x in range(0, rgb.shape[1], step):
            if inside and left <= x < right:
                left_out += 1
                continue
            r, g, b = nb.uint32(rgb[y, x, 0]), nb.uint32(rgb[y, x, 1]), nb.uint32(rgb[y, x, 2])
            marked = off[((r & 0xF8) << 7) | ((g & 0xF8) << 2) | (b >> 3)]
            counts[table[((r & 0xFC) << 10) | ((g & 0xFC) << 4) | (b >> 2)]] += 1 - marked
            left_out += marked
    return left_out


@nb.njit(
    nb.types.UniTuple(nb.float64, 2)(_COLOURS, nb.int64, _TABLE, nb.types.Array(nb.float32, 2, "C", readonly=True)),
    **_brief,
)
def distances_from_palette(rgb, step, table, palette):  # type: ignore[no-untyped-def]
    """Median and 90th percentile of the distance of every ``step``-th pixel, row after row, from its palette colour.

    ``table`` as in ``look_up_colours``; ``palette`` float32 [256, 3].
    """
    width = rgb.shape[1]
    pixels = rgb.shape[0] * width
    squares = np.empty(-(-pixels // step), np.float32)
    place = 0
    for k in range(0, pixels, step):
        y, x = k // width, k % width
        level = table[
            (nb.uint32(rgb[y, x, 0] & 0xFC) << 10) | (nb.uint32(rgb[y, x, 1] & 0xFC) << 4) | (rgb[y, x, 2] >> 2)
        ]
        square = np.float32(0)
        for c in range(3):
            apart = np.float32(rgb[y, x, c]) - palette[level, c]
            square += apart * apart
        squares[place] = square
        place += 1
    squares.sort()
    return np.sqrt(np.float64(squares[place // 2])), np.sqrt(np.float64(squares[place * 9 // 10]))
