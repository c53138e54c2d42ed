"""Loops over vectors that measure them in one reading, compiled, without the interpreter lock."""

from __future__ import annotations

import numba as nb

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
