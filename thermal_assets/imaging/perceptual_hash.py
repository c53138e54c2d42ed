"""What a picture shows in 256 bits that small changes of its pixels hardly touch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.class_pictures import CANVAS

_SIDE, _KEPT = 32, 16
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_STEPS = 1000.0  # a level: what is finer comes from the order of summation
_COUNT = _KEPT * _KEPT - 1


def _waves() -> NDArray[np.float64]:
    """float64 [16, CANVAS]: the slowest rows of the orthonormal discrete cosine transform (type II) of 32 values, each
    the mean of two neighbours of the canvas."""
    waves = np.cos(np.pi * np.outer(np.arange(_KEPT), 2 * np.arange(_SIDE) + 1) / (2 * _SIDE))
    waves *= np.sqrt(2 / _SIDE)
    waves[0] /= np.sqrt(2)
    pixels = CANVAS // _SIDE
    return np.asarray(np.repeat(waves, pixels, axis=1) / pixels)


_DOWN = _waves()
_ACROSS = {1: _DOWN.T.copy(), 3: (_DOWN.T[:, None, :] * _LUMA[:, None]).reshape(CANVAS * 3, _KEPT)}


def perceptual_hash(canvas: NDArray[np.uint8]) -> str | None:
    """64 hex digits of ``canvas`` uint8 [64, 64, 1 or 3], the picture stretched to a square (class_pictures.canvas).

    Luminance is averaged to 32 x 32, and each of the 255 slowest waves of its cosine transform gives a bit: whether its
    coefficient is above 0. The first bit, of the mean, is always 0. That is, without smoothing before, the hash of
    Zauner (Implementation and benchmarking of perceptual image hash functions, 2010) with 16 x 16 in place of 8 x 8
    waves, since thermal pictures of one kind have their slowest waves in common, and with 0 in place of the median: of
    8, 12, 16 and 24 waves a side, at a limit that takes no more than a handful of different real pictures for one, 16
    found most copies of solar modules, and with 0 more than with the median. Every wave counts alike, so noise,
    another brightness or size, and compression turn few bits as long as they are weaker than what is seen; of a smooth
    picture the fine waves are noise already, and compression turns them.
    None where half of the waves are missing (under a thousandth of a level): of an even surface or a drawn shade the
    hash would say nothing. It sees the picture as displayed: deeper ones are scaled by their own range.
    """
    side, _, channels = canvas.shape
    levels = canvas.reshape(side, side * channels).astype(np.float64)
    waves = np.rint(_DOWN @ levels @ _ACROSS[channels] * _STEPS).ravel()
    waves[0] = 0
    if 2 * np.count_nonzero(waves) < _COUNT:
        return None
    return np.packbits(waves > 0).tobytes().hex()
