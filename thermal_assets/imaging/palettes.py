"""Which pseudo-colour palette a picture was rendered with.

A palette is a curve through the RGB cube. A picture rendered with it has all its colours on that
curve, give or take the colour noise of JPEG; a photograph fills a volume. So a palette is judged by the
share of pixels whose colour lies within a stated distance of its curve.

To read levels back out of a picture: ``match_palette(rgb)`` says which palette and which of its variants
("kind") the picture was rendered with, ``palette_table(name, kind)`` is its uint8 [256, 3] table of colours
from cold to hot, and ``palette_inversion`` finds every pixel's position on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.palette_curves import CURVES, GREY, NAMES, VARIANTS, palette_curve, palette_table

__all__ = [
    "CURVES",
    "GREY",
    "NAMES",
    "UNKNOWN",
    "PaletteMatch",
    "identify_palette",
    "match_palette",
    "palette_curve",
    "palette_table",
]

UNKNOWN = "unknown"
# Distances in RGB levels. JPEG halves the resolution of colour, which moves pixels at edges off the curve
# by tens of levels; grey files have no colour to lose, and much of a photograph is nearly grey.
TOLERANCE = 32.0
GREY_TOLERANCE = 12.0
# A palette is named when it explains this share of the pixels, ...
NAMED_FROM = 0.75
# ... when at least this share of them has a colour that grey does not explain as well (nearly black pixels
# lie on most palettes and prove none), ...
COLOURED_FROM = 0.10
# ... when the pixels lie, on average, within half the tolerance of it (closeness 1 = on the curve, 0 = at the
# tolerance or beyond), and closer by one level than to the next palette: some share whole stretches.
CLOSE_FROM = 0.5
LEAD = 1.0 / TOLERANCE
SAMPLE = 1024  # pixels, at most: a share of 0.75 is known to 0.014

_CELLS = 32  # cells along each axis of the RGB cube, 8 levels wide
_CLOSE_UNITS = 15  # closeness is counted in fifteenths, so that sums over SAMPLE pixels fit 16 bits
_POINTS = 64  # of each curve; at most 15 levels apart, so a distance errs by less than one level
_UNITS = np.array([[1.0], [_CLOSE_UNITS], [1.0]])
_OTHERS = {name: [k for k, variant in enumerate(VARIANTS) if variant[0] != name] for name in NAMES}


@dataclass(frozen=True, slots=True)
class PaletteMatch:
    """A palette by name, which variant of it lies nearest (index into ``CURVES[name]``), and the share explained.

    For 'unknown' ``kind`` is 0 and ``confidence`` the share that the best palette explains.
    """

    name: str
    kind: int
    confidence: float


def identify_palette(rgb: NDArray[np.uint8]) -> tuple[str, float]:
    """(name, confidence) for uint8 [H, W, 3]; name 'unknown' where no palette explains enough.

    ``confidence`` is the share of pixels that the named palette explains, 0..1; for 'unknown' the share
    that the best one explains. Judged on an even grid of at most ``SAMPLE`` pixels. White-hot and
    black-hot pictures are both 'grey': the pixels alone do not tell which end is hot. A crop whose few
    colours lie on two palettes alike is 'unknown'.
    """
    match = match_palette(rgb)
    return match.name, match.confidence


def match_palette(rgb: NDArray[np.uint8]) -> PaletteMatch:
    """As ``identify_palette``, with the variant of the palette."""
    from thermal_assets.imaging.colour_kernels import sum_words

    words = np.empty(len(VARIANTS), np.uint64)
    pixels = sum_words(np.ascontiguousarray(rgb), grid_step(rgb.shape[0], rgb.shape[1], SAMPLE), _lookup(), words)
    totals = words.view("<u2").reshape(len(VARIANTS), 4)[:, :3].T
    explained, closeness, coloured = (totals / (pixels * _UNITS)).tolist()
    if explained[0] >= NAMED_FROM and closeness[0] >= CLOSE_FROM:
        return PaletteMatch(GREY, 0, explained[0])  # without colour it is grey, whatever else allows for it
    best = max(range(len(VARIANTS)), key=closeness.__getitem__)
    name = VARIANTS[best][0]
    if (
        explained[best] >= NAMED_FROM
        and coloured[best] >= COLOURED_FROM
        and closeness[best] >= CLOSE_FROM
        and closeness[best] - max(closeness[k] for k in _OTHERS[name]) >= LEAD
    ):
        return PaletteMatch(*VARIANTS[best], explained[best])
    return PaletteMatch(UNKNOWN, 0, max(explained))


@lru_cache(maxsize=4096)
def grid_step(height: int, width: int, most: int) -> int:
    """Every which pixel in both directions makes an even grid of at most ``most`` of them."""
    step = max(1, math.ceil(math.sqrt(height * width / most)))
    while -(-height // step) * -(-width // step) > most:
        step += 1
    return step


def cell_centres() -> NDArray[np.float32]:
    """float32 [32768, 3]: the colour in the middle of each cell of the RGB cube."""
    levels = (np.arange(_CELLS, dtype=np.float32) + 0.5) * (256 / _CELLS) - 0.5
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)


@cache
def _lookup() -> NDArray[np.uint64]:
    """uint64 [32768, variants]: per cell of the RGB cube and palette a word of four 16-bit counters.

    They are explained (0 or 1), closeness (0..15), explained and not grey (0 or 1), and nothing; sums over
    up to 4,096 words do not run over, so one addition serves all.
    """
    centres = cell_centres()
    distances = np.stack([distance_to(centres, name, kind) for name, kind in VARIANTS], axis=1)
    tolerance = np.where([name == GREY for name, _ in VARIANTS], GREY_TOLERANCE, TOLERANCE)
    explained = distances <= tolerance
    words = np.zeros((*distances.shape, 4), dtype="<u2")
    words[:, :, 0] = explained
    words[:, :, 1] = np.rint(_CLOSE_UNITS * np.clip(1.0 - distances / TOLERANCE, 0.0, 1.0))
    words[:, :, 2] = explained & (distances[:, :1] > TOLERANCE)
    return words.view("<u8")[:, :, 0]


def distance_to(colours: NDArray[np.float32], name: str, kind: int) -> NDArray[np.float32]:
    """float32 [n]: Euclidean RGB distance of colours [n, 3] to the nearest of ``_POINTS`` points of a curve."""
    points = palette_curve(name, kind, _POINTS).astype(np.float32)
    squares = points @ colours.T  # [points, n]; |c - p|^2 = |c|^2 + |p|^2 - 2 c.p
    squares *= -2.0
    squares += np.square(points).sum(axis=1)[:, None]
    return np.sqrt(np.maximum(squares.min(axis=0) + np.square(colours).sum(axis=1), 0.0))
