"""Pictures brought to one size, compiled (numba). Import it where it is used: numba is slow to import."""

from __future__ import annotations

import numba as nb
import numpy as np

_LEVELS = nb.types.Array(nb.uint8, 3, "C", readonly=True)
_compiled = {"nogil": True, "cache": True, "boundscheck": False}


@nb.njit(nb.void(_LEVELS, nb.uint8[:, :, ::1]), **_compiled)
def average_boxes(levels, canvas):  # type: ignore[no-untyped-def]
    """Mean, rounded, of the box of whole pixels behind each pixel of a canvas no larger than the picture.

    ``levels`` and ``canvas`` are uint8 [H, W, C] of the same C.
    """
    height, width, channels = levels.shape
    rows, columns = canvas.shape[:2]
    sums = np.empty(width * channels, np.uint32)
    for i in range(rows):
        top, bottom = i * height // rows, (i + 1) * height // rows
        sums[:] = 0
        for y in range(top, bottom):
            line = levels[y].reshape(width * channels)
            for k in range(len(sums)):
                sums[k] += line[k]
        for j in range(columns):
            left, right = j * width // columns, (j + 1) * width // columns
            count = (bottom - top) * (right - left)
            # Whole divisions are slow. The half keeps the product of a whole quotient from falling below it.
            share = 1.0 / (2 * count)
            if channels == 3:
                r, g, b = np.uint32(0), np.uint32(0), np.uint32(0)
                for x in range(np.uint32(left), np.uint32(right)):
                    r += sums[3 * x]
                    g += sums[3 * x + 1]
                    b += sums[3 * x + 2]
                canvas[i, j, 0] = int((2 * r + count + 0.5) * share)
                canvas[i, j, 1] = int((2 * g + count + 0.5) * share)
                canvas[i, j, 2] = int((2 * b + count + 0.5) * share)
            else:
                for c in range(channels):
                    total = np.uint32(0)
                    for x in range(left, right):
                        total += sums[x * channels + c]
                    canvas[i, j, c] = int((2 * total + count + 0.5) * share)


@nb.njit(nb.void(_LEVELS, nb.uint8[:, :, ::1]), **_compiled)
def interpolate(levels, canvas):  # type: ignore[no-untyped-def]
    """Linear interpolation between the centres of pixels to a canvas no smaller than the picture, edges held.

    Weights are whole numbers over twice the side of the canvas, so that rounding is exact.
    """
    height, width, channels = levels.shape
    rows, columns = canvas.shape[:2]
    # First along the lines, to 2 * columns times the level, then across them.
    wide = np.empty((height, columns * channels), np.int32)
    for j in range(columns):
        place = max(0, (2 * j + 1) * width - columns)
        left, part = place // (2 * columns), place % (2 * columns)
        right = min(left + 1, width - 1)
        for y in range(height):
            for c in range(channels):
                wide[y, j * channels + c] = levels[y, left, c] * (2 * columns - part) + levels[y, right, c] * part
    whole = 4 * rows * columns
    share = 1.0 / whole
    for i in range(rows):
        place = max(0, (2 * i + 1) * height - rows)
        top, down = place // (2 * rows), place % (2 * rows)
        above, beneath = wide[top], wide[min(top + 1, height - 1)]
        line = canvas[i].reshape(columns * channels)
        for k in range(columns * channels):
            # As in average_boxes: rounded without a whole division.
            line[k] = int((above[k] * (2 * rows - down) + beneath[k] * down + whole // 2 + 0.5) * share)
