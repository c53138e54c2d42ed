"""What can go wrong between a sensor and a file, done to the pixels of a sound picture.

Each function takes uint8[H, W, 3], a strength, and chance with the palette of the picture, and gives a new
uint8[H, W, 3]; nothing else is needed, so that the same damage can be done to drawn pictures and to real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

Pixels = NDArray[np.uint8]
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class How:
    """``rng`` decides places and readings; ``palette`` uint8[256, 3] are the colours of the picture from cold to hot."""

    rng: np.random.Generator
    palette: Pixels


def dark(rgb: Pixels, strength: float, how: How) -> Pixels:
    """``strength`` 0..1: share of the light that is lost."""
    return _levels(rgb * (1 - strength))


def bright(rgb: Pixels, strength: float, how: How) -> Pixels:
    """``strength`` 0..1: share of the way from each level to white."""
    return _levels(rgb + strength * (255.0 - rgb))


def flat(rgb: Pixels, strength: float, how: How) -> Pixels:
    """``strength`` 0..1: share of the contrast that is lost; the mean stays."""
    mean = rgb.mean(axis=(0, 1))
    return _levels(mean + (1 - strength) * (rgb - mean))


def coarse(rgb: Pixels, strength: float, how: How) -> Pixels:
    """``strength`` 2..128: levels that are left of the palette, as after storing too few bits."""
    step = 255.0 / (strength - 1)
    return _coloured(np.rint(_positions(rgb, how) / step) * step, how)


def blurred(rgb: Pixels, strength: float, how: How) -> Pixels:
    """``strength``: deviation of a Gaussian blur, pixels, before the palette was laid over the levels."""
    return _coloured(gaussian_filter(_positions(rgb, how), strength, mode="nearest"), how)


def clipped(rgb: Pixels, strength: float, how: How) -> Pixels:
    """``strength`` 0..1: share of the pixels, the hottest ones, that lie at the end of a range set too low."""
    levels = _positions(rgb, how)
    end = max(1.0, float(np.quantile(levels, 1 - strength)))
    return _coloured(levels * (255 / end), how)


def blank(rgb: Pixels, strength: float, how: How) -> Pixels:
    """One colour everywhere, that of the middle; ``strength`` means nothing."""
    return np.broadcast_to(rgb[rgb.shape[0] // 2, rgb.shape[1] // 2], rgb.shape).copy()


def stuck_rows(rgb: Pixels, strength: float, how: How) -> Pixels:
    """``strength``: rows in which every pixel has the colour of the hottest or the coldest pixel."""
    return _stuck(rgb, int(strength), how)


def stuck_columns(rgb: Pixels, strength: float, how: How) -> Pixels:
    """As ``stuck_rows``, for columns."""
    return np.ascontiguousarray(_stuck(np.swapaxes(rgb, 0, 1), int(strength), how).swapaxes(0, 1))


def dead_pixels(rgb: Pixels, strength: float, how: How) -> Pixels:
    """``strength``: single pixels, none beside another, that show the hottest or the coldest colour, whichever is farther."""
    result, ends = rgb.copy(), _ends(rgb)
    height, width = rgb.shape[:2]
    places = how.rng.permutation(((height - 2) // 3) * ((width - 2) // 3))[: int(strength)]
    for place in places.tolist():
        y, x = 2 + 3 * (place // ((width - 2) // 3)), 2 + 3 * (place % ((width - 2) // 3))
        around = rgb[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0) @ _LUMA
        result[y, x] = max(ends, key=lambda colour: abs(colour @ _LUMA - around))
    return result


def overlay(rgb: Pixels, strength: float, how: How) -> Pixels:
    """A temperature reading and a cross of lines burned in, green with a black edge; ``strength``: text height, pixels."""
    return _written(rgb, strength, how, (0, 255, 0))


def white_overlay(rgb: Pixels, strength: float, how: How) -> Pixels:
    """As ``overlay``, in white: a colour that many palettes have themselves."""
    return _written(rgb, strength, how, (255, 255, 255))


def colour_bar(rgb: Pixels, strength: float, how: How) -> Pixels:
    """The palette from hot to cold in a strip at the right edge; ``strength``: its share of the width, 3 pixels at least."""
    height, width = rgb.shape[:2]
    strip = how.palette[np.rint(np.linspace(255, 0, height)).astype(int)]
    result = rgb.copy()
    result[:, width - max(3, round(strength * width)) :] = strip[:, None]
    return result


DAMAGES: dict[str, Callable[[Pixels, float, How], Pixels]] = {
    function.__name__: function
    for function in (
        dark, bright, flat, coarse, blurred, clipped, blank, stuck_rows, stuck_columns, dead_pixels, overlay,
        white_overlay, colour_bar,
    )
}  # fmt: skip


def damaged(rgb: Pixels, name: str, strength: float, how: How) -> Pixels:
    """``rgb`` after damage ``name`` (a key of DAMAGES)."""
    return DAMAGES[name](rgb, strength, how)


def _positions(rgb: Pixels, how: How) -> NDArray[np.floating]:
    """float64[H, W]: for each pixel the level 0..255 of the nearest colour of the palette."""
    _, levels = cKDTree(how.palette.astype(np.float64)).query(rgb.astype(np.float64))
    return np.asarray(levels, dtype=np.float64)


def _coloured(levels: NDArray[np.floating], how: How) -> Pixels:
    return how.palette[_levels(levels)]


def _levels(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _ends(rgb: Pixels) -> tuple[Pixels, Pixels]:
    """The colours of the coldest and of the hottest pixel, by luminance."""
    flat_rgb = rgb.reshape(-1, 3)
    luminance = flat_rgb @ _LUMA
    return flat_rgb[int(luminance.argmin())], flat_rgb[int(luminance.argmax())]


def _stuck(rgb: Pixels, count: int, how: How) -> Pixels:
    result, ends = rgb.copy(), _ends(rgb)
    inner = how.rng.permutation(np.arange(2, rgb.shape[0] - 2, 3))[:count]
    for row in inner.tolist():
        around = rgb[row - 1 : row + 2].reshape(-1, 3).mean(axis=0) @ _LUMA
        result[row] = max(ends, key=lambda colour: abs(colour @ _LUMA - around))
    return result


def _written(rgb: Pixels, size: float, how: How, colour: tuple[int, int, int]) -> Pixels:
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image)
    width, height = image.size
    reading = f"{how.rng.integers(10, 60)}.{how.rng.integers(0, 10)} C"
    draw.text((4, 3), reading, fill=(0, 0, 0), font_size=size)
    draw.text((3, 2), reading, fill=colour, font_size=size)
    x, y, arm = width // 2, height // 2, max(3, min(width, height) // 10)
    draw.line((x - arm, y, x + arm, y), fill=colour)
    draw.line((x, y - arm, x, y + arm), fill=colour)
    return np.asarray(image).copy()
