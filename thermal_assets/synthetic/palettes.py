"""Pseudo-colour palettes that turn levels into colours, as cameras do."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

# Share of the sessions that were recorded with each palette.
SHARES: dict[str, float] = {"ironbow": 0.76, "rainbow": 0.08, "inferno": 0.08, "grey": 0.08}

# (level 0..1, red, green, blue 0..255); smooth monotone curves run through these points.
_IRONBOW = (
    (0.00, 0, 0, 4),
    (0.10, 28, 0, 92),
    (0.22, 92, 0, 150),
    (0.36, 164, 10, 152),
    (0.50, 214, 42, 92),
    (0.62, 238, 88, 28),
    (0.76, 250, 146, 4),
    (0.89, 254, 212, 48),
    (1.00, 255, 254, 228),
)
_RAINBOW = (
    (0.00, 6, 0, 20),
    (0.09, 52, 0, 112),
    (0.20, 18, 14, 206),
    (0.32, 0, 110, 232),
    (0.44, 0, 190, 150),
    (0.55, 54, 212, 22),
    (0.67, 196, 222, 0),
    (0.79, 250, 150, 0),
    (0.91, 238, 28, 12),
    (1.00, 255, 232, 232),
)


@cache
def colours(name: str) -> NDArray[np.uint8]:
    """uint8[256, 3]: the colours of palette ``name`` (a key of SHARES) from cold to hot."""
    levels = np.linspace(0, 1, 256)
    if name == "grey":
        table = np.repeat(np.arange(256.0)[:, None], 3, axis=1)
    elif name == "inferno":
        from matplotlib import colormaps

        table = colormaps["inferno"](levels)[:, :3] * 255
    else:
        points = np.array({"ironbow": _IRONBOW, "rainbow": _RAINBOW}[name])
        table = PchipInterpolator(points[:, 0], points[:, 1:])(levels)
    return np.rint(np.clip(table, 0, 255)).astype(np.uint8)
