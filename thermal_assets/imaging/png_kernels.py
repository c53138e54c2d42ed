"""Undoing PNG's filters, compiled (numba), without the interpreter lock. Import it where it is used: numba is slow to import."""

from __future__ import annotations

import numba as nb
import numpy as np

_compiled = {"nogil": True, "cache": True, "boundscheck": False}


@nb.njit(inline="always")
def _nearest(a, b, c):  # type: ignore[no-untyped-def]
    """Whichever of left, above and upper left is nearest to a + b - c (Paeth); the order breaks ties."""
    pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - c - c)
    found = a if pa <= pb else b
    least = pa if pa <= pb else pb
    return found if least <= pc else c


# The bytes of the pixel to the left stay in registers: waiting for memory is most of the time otherwise.
@nb.njit((nb.types.Array(nb.uint8, 1, "C", readonly=True), nb.uint8[::1], nb.uint8[::1]), **_compiled)
def _paeth_of_three(line, above, own):  # type: ignore[no-untyped-def]
    a0, a1, a2 = nb.int16(own[0]), nb.int16(own[1]), nb.int16(own[2])
    c0, c1, c2 = nb.int16(above[0]), nb.int16(above[1]), nb.int16(above[2])
    for pixel in range(1, len(own) // 3):
        x = nb.uintp(3 * pixel)
        b0, b1, b2 = nb.int16(above[x]), nb.int16(above[x + 1]), nb.int16(above[x + 2])
        a0 = nb.int16(nb.uint8(line[x] + _nearest(a0, b0, c0)))
        a1 = nb.int16(nb.uint8(line[x + 1] + _nearest(a1, b1, c1)))
        a2 = nb.int16(nb.uint8(line[x + 2] + _nearest(a2, b2, c2)))
        own[x], own[x + 1], own[x + 2] = a0, a1, a2
        c0, c1, c2 = b0, b1, b2


@nb.njit((nb.types.Array(nb.uint8, 1, "C", readonly=True), nb.uint8[::1], nb.uint8[::1]), **_compiled)
def _paeth_of_four(line, above, own):  # type: ignore[no-untyped-def]
    a0, a1, a2, a3 = nb.int16(own[0]), nb.int16(own[1]), nb.int16(own[2]), nb.int16(own[3])
    c0, c1, c2, c3 = nb.int16(above[0]), nb.int16(above[1]), nb.int16(above[2]), nb.int16(above[3])
    for pixel in range(1, len(own) // 4):
        x = nb.uintp(4 * pixel)
        b0, b1, b2, b3 = nb.int16(above[x]), nb.int16(above[x + 1]), nb.int16(above[x + 2]), nb.int16(above[x + 3])
        a0 = nb.int16(nb.uint8(line[x] + _nearest(a0, b0, c0)))
        a1 = nb.int16(nb.uint8(line[x + 1] + _nearest(a1, b1, c1)))
        a2 = nb.int16(nb.uint8(line[x + 2] + _nearest(a2, b2, c2)))
        a3 = nb.int16(nb.uint8(line[x + 3] + _nearest(a3, b3, c3)))
        own[x], own[x + 1], own[x + 2], own[x + 3] = a0, a1, a2, a3
        c0, c1, c2, c3 = b0, b1, b2, b3


@nb.njit(nb.boolean(nb.types.Array(nb.uint8, 2, "C", readonly=True), nb.int64, nb.uint8[:, ::1]), **_compiled)
def undo_filters(lines, step, pixels):  # type: ignore[no-untyped-def]
    """Bytes uint8 [H, n] of the picture from ``lines`` uint8 [H, 1 + n], each behind the number of its filter.

    ``step`` is the number of bytes of a pixel (PNG specification, section 9). False where a line has a filter that
    does not exist.
    """
    height, length = pixels.shape
    nothing = np.zeros(length, np.uint8)
    for y in range(height):
        kind = lines[y, 0]
        line, own = lines[y, 1:], pixels[y]
        above = pixels[y - 1] if y else nothing
        if kind == 0:
            own[:] = line
        elif kind == 1:
            for x in range(min(step, length)):
                own[x] = line[x]
            for x in range(step, length):
                own[x] = line[x] + own[x - step]
        elif kind == 2:
            for x in range(length):
                own[x] = line[x] + above[x]
        elif kind == 3:
            for x in range(min(step, length)):
                own[x] = line[x] + (above[x] >> 1)
            for x in range(step, length):
                own[x] = line[x] + ((nb.int32(own[x - step]) + above[x]) >> 1)
        elif kind == 4:
            for x in range(min(step, length)):
                own[x] = line[x] + above[x]
            if step == 3:
                _paeth_of_three(line, above, own)
            elif step == 4:
                _paeth_of_four(line, above, own)
            else:
                left, corner = nb.int16(own[0]), nb.int16(above[0])
                for x in range(1, length):
                    up = nb.int16(above[x])
                    left = nb.int16(nb.uint8(line[x] + _nearest(left, up, corner)))
                    own[x] = left
                    corner = up
        else:
            return False
    return True
