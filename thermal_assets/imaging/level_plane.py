"""One plane of levels behind a picture: what the detector saw, as far as the colours tell."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from thermal_assets.imaging.palette_inversion import level_lookup
from thermal_assets.imaging.palettes import GREY, TOLERANCE, UNKNOWN, PaletteMatch, palette_table

#: Cameras end one palette a little differently: a colour ``TOLERANCE`` away along grey is this much brighter or darker.
ENDS_WITHIN = round(TOLERANCE / 3**0.5)


def luminance_follows(name: str, kind: int) -> bool:
    """Whether the palette grows brighter from cold to hot throughout, so that luminance orders the levels."""
    return _luminance(name, kind)[1]


def plane_ends(match: PaletteMatch) -> tuple[int, int, int]:
    """(cold, hot, within): levels of ``level_plane`` at the two ends of the palette, and how far inside of them the ends
    of a picture may lie; (0, 255, 0) for grey and unknown palettes."""
    if match.name in (GREY, UNKNOWN):
        return 0, 255, 0
    levels, follows = _luminance(match.name, match.kind)
    return (int(levels[0]), int(levels[-1]), ENDS_WITHIN) if follows else (0, 255, ENDS_WITHIN)


def level_plane(rgb: NDArray[np.uint8], luminance: NDArray[np.uint8], match: PaletteMatch) -> NDArray[np.uint8]:
    """uint8 [H, W] of levels that grow with temperature, for rgb [H, W, 3] and its luminance [H, W].

    Luminance itself where it grows with temperature and where no palette is known; for palettes that grow
    bright and dark again (rainbow, jet) the position on the palette, 0..255.
    """
    if match.name == UNKNOWN or luminance_follows(match.name, match.kind):
        return luminance
    from thermal_assets.imaging.colour_kernels import look_up_colours

    found = np.empty(rgb.shape[:2], np.uint8)
    look_up_colours(np.ascontiguousarray(rgb), level_lookup(match.name, match.kind), found)
    return found


@cache
def position_of_level(name: str, kind: int) -> NDArray[np.float64]:
    """float64 [256]: position on the palette, 0..255, of each level of ``level_plane``."""
    even = np.arange(256.0)
    if name == UNKNOWN or not luminance_follows(name, kind):
        return even
    return np.interp(even, np.maximum.accumulate(_luminance(name, kind)[0]).astype(np.float64), even)


@cache
def _luminance(name: str, kind: int) -> tuple[NDArray[Any], bool]:
    levels = np.asarray(Image.fromarray(palette_table(name, kind)[None]).convert("L"))[0]
    return levels, bool((np.diff(levels.astype(np.int16)) >= -1).all() and int(levels[-1]) - int(levels[0]) > 100)
