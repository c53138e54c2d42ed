"""The pixels of one picture in numbers, on its native grid and bit depth."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.decode import DecodedImage
from thermal_assets.imaging.palettes import GREY, identify_palette

_LEVELS = np.arange(256, dtype=np.int64)
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as in Pillow's conversion to L


def channel_statistics(image: DecodedImage) -> dict[str, object]:
    """The columns of table ``channel_stats`` from ``format`` to ``radiometric``.

    Means, standard deviations (population), minimum and maximum are in native levels; alpha never
    counts, nor do values that are not finite. Luminance is ITU-R BT.601, rounded to a level for 8-bit
    pictures. ``entropy`` (Shannon, bits) is taken over 256 equal steps of the format's levels, or of the
    picture's own range for float and 32-bit pictures, which have no meaningful end levels; for the same
    reason those have no ``saturated_fraction`` (None). ``sharpness`` is None below 3 x 3 pixels.
    ``palette_confidence`` judges an even grid of at most 4,096 pixels.
    """
    numbers = _eight_bit(image) if image.native.dtype == np.uint8 and image.bit_depth == 8 else _deep(image)
    palette, confidence = (GREY, 1.0) if image.native.ndim == 2 else identify_palette(image.rgb)
    alpha = image.alpha
    return {
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "mode": image.mode,
        "bit_depth": image.bit_depth,
        "channel_count": image.channel_count,
        "has_alpha": alpha is not None,
        "alpha_constant": None if alpha is None else bool((alpha == alpha.flat[0]).all()),
        **numbers,
        "palette": palette,
        "palette_confidence": confidence,
        "pixel_hash": pixel_hash(image),
        "radiometric": image.radiometric,
    }


def pixel_hash(image: DecodedImage) -> str:
    """blake2b-128 of the picture, hex: equal for equal pictures in whatever container.

    Up to 8 bits it is taken over (width, height, RGB bytes), so that L, RGB, RGBA and palette files of
    one picture agree; deeper pictures over (width, height, native type, native values, little-endian).
    """
    digest = hashlib.blake2b(digest_size=16)
    size = np.array([image.width, image.height], dtype="<u4").tobytes()
    if image.bit_depth <= 8:
        digest.update(size)
        digest.update(np.ascontiguousarray(image.rgb).data)
    else:
        native = np.ascontiguousarray(image.native.astype(image.native.dtype.newbyteorder("<"), copy=False))
        digest.update(size + f"{native.dtype.str}{native.ndim}".encode())
        digest.update(native.data)
    return digest.hexdigest()


def laplacian_variance(luminance: NDArray[Any], scale: float) -> float | None:
    """Variance of the 4-neighbour Laplacian of ``luminance`` [H, W] divided by ``scale``; None below 3 x 3.

    Only inner pixels, which have all four neighbours, count (Pech-Pacheco et al. 2000, with the kernel
    4 c - n - s - e - w).
    """
    if min(luminance.shape) < 3:
        return None
    if luminance.dtype == np.uint8:
        luminance = luminance.astype(np.int16)
    edges = luminance[1:-1, 1:-1] * 4
    edges -= luminance[:-2, 1:-1]
    edges -= luminance[2:, 1:-1]
    edges -= luminance[1:-1, :-2]
    edges -= luminance[1:-1, 2:]
    if edges.dtype != np.int16:
        return float(edges.var()) / scale**2
    # Squares of 8-bit Laplacians (at most 1,020 squared) are whole numbers that float32 holds exactly,
    # and so does float64 with their sum: the result does not depend on the order of summation.
    squares = edges.astype(np.float32)
    squares *= squares
    count, total, total_squares = edges.size, int(edges.sum(dtype=np.int64)), int(squares.sum(dtype=np.float64))
    return (count * total_squares - total * total) / (count * count) / scale**2


def entropy_bits(counts: NDArray[Any]) -> float:
    """Shannon entropy of a histogram, bits."""
    filled = counts[counts > 0].astype(np.float64)
    share = filled / filled.sum()
    return max(0.0, float(-(share * np.log2(share)).sum()))


def _eight_bit(image: DecodedImage) -> dict[str, object]:
    """Exact numbers from the 256-level histograms."""
    grey = image.native.ndim == 2
    counts = image.level_counts[:1].astype(np.int64) if grey else image.level_counts.astype(np.int64)
    pixels = image.width * image.height
    means, deviations = [], []
    for total, squares in zip((counts @ _LEVELS).tolist(), (counts @ (_LEVELS * _LEVELS)).tolist(), strict=True):
        means.append(total / pixels)
        deviations.append(math.sqrt(pixels * squares - total * total) / pixels)
    used = np.flatnonzero(counts[0] if grey else counts.any(axis=0))
    luminance = image.picture if grey else image.picture.convert("L")
    luma_counts = counts[0] if grey else np.array(luminance.histogram(), dtype=np.int64)
    if grey:
        means, deviations = means * 3, deviations * 3
    return {
        **_per_channel(means, deviations),
        "minimum": float(used[0]),
        "maximum": float(used[-1]),
        "entropy": entropy_bits(luma_counts),
        "sharpness": laplacian_variance(image.native if grey else np.asarray(luminance), 255.0),
        "saturated_fraction": (int(luma_counts[0]) + int(luma_counts[255])) / pixels,
    }


def _deep(image: DecodedImage) -> dict[str, object]:
    """The same for 1-bit, 16-bit, 32-bit and float pictures."""
    native = image.native
    with np.errstate(invalid="ignore"):  # signalling NaN bit patterns, left out below
        values = native.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        names = ("minimum", "maximum", "entropy", "sharpness", "saturated_fraction")
        return {**_per_channel([None] * 3, [None] * 3), **dict.fromkeys(names)}
    channels = [values] if native.ndim == 2 else [values[:, :, c] for c in range(3)]
    masks = [finite] if native.ndim == 2 else [finite[:, :, c] for c in range(3)]
    means = [float(c.mean(where=m)) if m.any() else None for c, m in zip(channels, masks, strict=True)]
    deviations = [float(c.std(where=m)) if m.any() else None for c, m in zip(channels, masks, strict=True)]
    if native.ndim == 2:
        means, deviations = means * 3, deviations * 3
    minimum, maximum = float(values[finite].min()), float(values[finite].max())
    has_ends = native.dtype.kind in "ui" and image.bit_depth <= 16
    low, high = _end_levels(native.dtype, image.bit_depth) if has_ends else (minimum, maximum)
    luminance = values if native.ndim == 2 else (values * _LUMA).sum(axis=2)
    if native.ndim == 3 and native.dtype.kind in "ui":
        luminance = np.rint(luminance)  # white must come out as the highest level, not a rounding error below
    known = finite if native.ndim == 2 else finite.all(axis=2)
    # Steps of the format: (high - low + 1) / 256 levels each. Of the own range: 256 equal parts of it.
    width = (high - low + 1.0) if has_ends else max(high - low, np.finfo(np.float64).tiny)
    steps = np.clip((luminance[known] - low) / width * 256.0, 0, 255).astype(np.int64)
    saturated = np.count_nonzero((luminance <= low) | (luminance >= high)) / luminance.size if has_ends else None
    return {
        **_per_channel(means, deviations),
        "minimum": minimum,
        "maximum": maximum,
        "entropy": entropy_bits(np.bincount(steps, minlength=256)),
        "sharpness": laplacian_variance(np.where(known, luminance, low), high - low or 1.0),
        "saturated_fraction": saturated,
    }


def _end_levels(dtype: np.dtype[Any], bit_depth: int) -> tuple[float, float]:
    if dtype.kind == "i":
        return float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
    return 0.0, float((1 << bit_depth) - 1)


def _per_channel(means: list[Any], deviations: list[Any]) -> dict[str, object]:
    names = ("r", "g", "b")
    return {f"mean_{n}": m for n, m in zip(names, means, strict=True)} | {
        f"std_{n}": s for n, s in zip(names, deviations, strict=True)
    }
