"""Loops over vectors that measure them in one reading, compiled, without the interpreter lock."""

from __future__ import annotations

import numba as nb
import numpy as np

from thermal_assets.neighbors.compiling import compiled

_FLOATS = nb.types.Array(nb.float32, 2, "C", readonly=True)
_BITS = nb.types.Array(nb.int32, 2, "C", readonly=True)


@nb.njit((_FLOATS, _BITS, nb.int32[::1], nb.float64[::1]), **compiled)
def survey(x, bits, top, total):  # type: ignore[no-untyped-def]
    """Add the rows of ``x`` float32 [b, d] to ``total`` float64 [d]; ``top`` int32 [b]: largest magnitude of each.

    ``bits`` is x read as integers, and so is ``top``: without the sign they rise with the magnitude, infinity comes
    after all numbers and NaN after infinity.
    """
    for i in range(x.shape[0]):
        largest = nb.int32(0)
        for c in range(x.shape[1]):
            total[c] += x[i, c]
            largest = max(largest, bits[i, c] & nb.int32(0x7FFFFFFF))
        top[i] = largest


@nb.njit((_FLOATS, nb.float32, nb.types.Array(nb.float32, 1, "C", readonly=True), nb.float64[::1]),
         fastmath={"reassoc"}, **compiled)  # fmt: skip
def squares_from(x, scale, centre, squares):  # type: ignore[no-untyped-def]
    """float64 [b]: |scale x - centre|^2 of the rows of ``x``, where the difference is rounded to float32."""
    for i in range(x.shape[0]):
        total = 0.0
        for c in range(x.shape[1]):
            moved = nb.float64(x[i, c] * scale - centre[c])
            total += moved * moved
        squares[i] = total


@nb.njit(
    (_FLOATS, nb.float32, nb.types.Array(nb.float32, 1, "C", readonly=True), nb.int16[:, ::1], nb.float64[::1]),
    fastmath={"reassoc"},
    **compiled,
)
def round_to_bfloat16(x, scale, centre, bits, squares):  # type: ignore[no-untyped-def]
    """The rows scale x - centre as bfloat16, to the nearest, of two to the even one; ``x`` float32 [b, d], finite.

    bits     the results, in the first d of int16 [b, columns]
    squares  float64 [b]: |row - its rounding|^2, of a row that is itself rounded to float32
    """
    d = x.shape[1]
    moved, rounded = np.empty(d, np.float32), np.empty(d, np.float32)
    moved_bits, rounded_bits = moved.view(np.int32), rounded.view(np.int32)
    for i in range(x.shape[0]):
        for c in range(d):
            moved[c] = x[i, c] * scale - centre[c]
        for c in range(d):
            whole = moved_bits[c]
            upper = (whole + nb.int32(0x7FFF) + ((whole >> 16) & nb.int32(1))) >> 16
            bits[i, c] = nb.int16(upper)
            rounded_bits[c] = upper << 16
        total = 0.0
        for c in range(d):
            # The difference of a number and its rounding is itself a float32: nothing is lost here.
            lost = nb.float64(moved[c] - rounded[c])
            total += lost * lost
        squares[i] = total
