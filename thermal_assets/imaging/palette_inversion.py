"""From the colours of a pseudo-colour picture back to the levels it was rendered from.

Every colour gets the level of the nearest colour of the palette. Three things make that uncertain, and all of
them are stated: colours that lie off the palette (JPEG, overlays), palettes that pass nearly the same colour
twice, and cameras whose palette of the same name is spaced a little differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.palettes import palette_table

# Half a level of 8 bits, and half a level for the choice of the nearest one.
STEP_ERROR = 1.0 / 255.0
# Beyond this median distance (RGB levels) the picture was not rendered with exactly the table we know by that name.
EXACT_WITHIN = 2.5
# What the table may then be wrong by: between the variants of iron and of rainbow in ``palettes.CURVES``, which follow
# cameras of several makers, 95 % of the positions lie within 0.04 to 0.12 of each other.
SPACING_ERROR = 0.10
SAMPLE = 256  # pixels behind the distances from the palette
FULL_GRID = 128 * 128  # pixels up to which each one counts; of more, every second in each direction

#: A rectangle (top, bottom, left, right) without a pixel.
NOTHING_HIDDEN = (0, 0, 0, 0)
_NONE_OFF = np.zeros(32**3, np.uint8)
_SIDE = 64  # cells along each axis of the RGB cube
_REACH = 64  # RGB levels, the largest distance of the table of neighbours
_CELL_WITHIN = 3.0  # RGB levels from the middle of a cell to most of its volume


@dataclass(frozen=True, slots=True)
class Inversion:
    """What the colours of a picture say.

    counts: int64 [256], pixels of each level. left_out: share of the pixels that are graphics and not counted.
    pixels_per_count: 1 where every pixel was looked at, 4 where every second in each direction was. distance: median
    distance of the colours from the palette, RGB levels. error: 95 % of the pixels have their true position within
    this, 0..1.
    """

    counts: NDArray[np.int64]
    left_out: float
    pixels_per_count: int
    distance: float
    error: float


def invert(
    rgb: NDArray[np.uint8],
    name: str,
    kind: int,
    noise: float = 0.0,
    off: NDArray[np.uint8] | None = None,
    hidden: tuple[int, int, int, int] = NOTHING_HIDDEN,
) -> Inversion:
    """Levels of uint8 [H, W, 3] rendered with variant ``kind`` of the palette ``name`` (see ``palette_curves``).

    ``noise`` is how far the container may have moved a level, 0..255 (see ``container_noise``). Graphics are left
    out: pixels in cells of the RGB cube, 32 to an axis, that ``off`` uint8 [32768] marks with 1, and those of the
    rectangle ``hidden`` (top, bottom, left, right). Where nothing else is there, they count.
    """
    from thermal_assets.imaging.colour_kernels import count_colours, distances_from_palette

    rgb = np.ascontiguousarray(rgb)
    pixels = rgb.shape[0] * rgb.shape[1]
    lookup, step = _lookup(name, kind), 1 if pixels <= FULL_GRID else 2
    every = max(1, pixels // SAMPLE) | 1  # an odd step does not stay in one column
    middle, most = distances_from_palette(rgb, every, lookup, _table(name, kind))
    counts = np.zeros(256, np.int64)
    left_out = count_colours(rgb, lookup, _NONE_OFF if off is None else off, step, hidden, counts)
    counted = int(counts.sum())
    if not counted:
        count_colours(rgb, lookup, _NONE_OFF, step, NOTHING_HIDDEN, counts)
        counted, left_out = int(counts.sum()), 0
    # Colours off the palette are as far off along it, unseen; noise of the level moves all three colours at once.
    reach = min(_REACH - 1, int(max((most**2 + 3 * noise**2) ** 0.5 + 2.0, _CELL_WITHIN)))
    variance = STEP_ERROR**2 + float(counts @ _squared_reach(name, kind)[reach]) / counted
    if middle > EXACT_WITHIN:
        variance += SPACING_ERROR**2
    return Inversion(counts, left_out / (counted + left_out), step * step, middle, min(1.0, variance**0.5))


def positions(rgb: NDArray[np.uint8], name: str, kind: int) -> NDArray[np.uint8]:
    """uint8 [...]: level 0..255 of the palette colour nearest to each colour of uint8 [..., 3]."""
    return _lookup(name, kind).take(_cells(rgb))


def grey_error(noise: float) -> float:
    """The error of ``Inversion`` for a picture whose levels are stored as such, ``noise`` in levels."""
    return float(((0.5 / 255.0) ** 2 + (noise / 255.0) ** 2) ** 0.5)


def _cells(rgb: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Number of the cell of the RGB cube of every pixel of uint8 [..., 3]."""
    index = rgb[..., 0].astype(np.uint32)
    index &= 0xFC
    index <<= 10
    green = rgb[..., 1].astype(np.uint32)
    green &= 0xFC
    green <<= 4
    index |= green
    index |= rgb[..., 2] >> 2
    return index


@cache
def _table(name: str, kind: int) -> NDArray[np.float32]:
    return palette_table(name, kind).astype(np.float32)


@cache
def _lookup(name: str, kind: int) -> NDArray[np.uint8]:
    """uint8 [262144]: level of the palette colour nearest to the centre of each cell of the RGB cube."""
    table = _table(name, kind)
    middle = np.arange(_SIDE, dtype=np.float32) * 4 + 1.5
    half_norms = np.einsum("ij,ij->i", table, table) / 2
    found = np.empty((_SIDE, _SIDE * _SIDE), dtype=np.uint8)
    plane = np.stack(np.meshgrid(middle, middle, indexing="ij"), axis=-1).reshape(-1, 2) @ table[:, 1:].T
    for row, red in enumerate(middle):
        found[row] = np.argmax(plane + (red * table[:, 0] - half_norms), axis=1)  # the least squared distance
    return found.reshape(-1)


@cache
def _squared_reach(name: str, kind: int) -> NDArray[np.float64]:
    """float64 [64, 256]: per distance d and level, the squared half-width of the positions within d of its colour.

    A slow stretch of the palette and a colour that it passes twice both make it wide.
    """
    table = _table(name, kind).astype(np.float64)
    apart = np.sqrt(np.square(table[:, None] - table[None]).sum(axis=2))
    far = np.abs(np.arange(256)[:, None] - np.arange(256)[None])
    widths = np.stack([np.where(apart <= distance, far, 0).max(axis=1) for distance in range(_REACH)])
    return np.square(widths / 255.0)


def level_lookup(name: str, kind: int) -> NDArray[np.uint8]:
    """uint8 [262144]: level 0..255 of a palette for each cell of the RGB cube, 64 to an axis, red first."""
    return _lookup(name, kind)
