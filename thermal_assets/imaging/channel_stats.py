"""The pixels of one picture in numbers, on its native grid and bit depth."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128

from thermal_assets.imaging.decoded_image import DecodedImage
from thermal_assets.imaging.level_plane import luminance_follows, plane_ends
from thermal_assets.imaging.palettes import UNKNOWN, PaletteMatch
from thermal_assets.imaging.pixel_defects import laplacian
from thermal_assets.imaging.structure import deep_structure, no_structure

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as in Pillow's conversion to L


def channel_statistics(image: DecodedImage) -> dict[str, object]:
    """The columns of table ``channel_stats`` from ``format`` to ``radiometric``.

    Means, standard deviations (population), minimum and maximum are in native levels; alpha never
    counts, nor do values that are not finite. Luminance is ITU-R BT.601, rounded to a level for 8-bit
    pictures. ``entropy`` (Shannon, bits) is taken over the native levels, of 16 bits too; over 256 equal steps of the
    picture's own range for float and 32-bit pictures, which have no meaningful end levels; for the same
    reason those have no clipped fractions (None). A pixel is clipped whose level (``level_plane``) is at an end of the
    scale: of the palette where one was named (cameras end one palette a little differently, so the last colour of the
    picture counts as its end where it lies close to it), else of the format. Of lossy files, whose colours spread
    around the end, that is a lower bound. ``sharpness`` is None below 3 x 3 pixels.
    ``relative_sharpness`` divides the variance of the Laplacian of the level plane by the variance of the same levels:
    contrast, gain and palette, which change both alike, leave it as it is, and blur takes most of it away. None also
    where all levels are equal.
    ``palette_confidence`` judges an even grid of at most ``palettes.SAMPLE`` pixels. How lines, pixels and
    graphics are judged is said in ``pixel_defects`` and ``overlays``.
    """
    match = image.palette
    plain = image.native.dtype == np.uint8 and image.bit_depth == 8
    numbers = _eight_bit(image, match) if plain else _deep(image)
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
        "palette": match.name,
        "palette_confidence": match.confidence,
        "pixel_hash": pixel_hash(image),
        "radiometric": image.radiometric,
    }


def pixel_hash(image: DecodedImage) -> str:
    """XXH3 of the picture, 128 bits in hex: equal for equal pictures in whatever container.

    A checksum, not a seal: two of a million pictures fall together by chance once in 10^26 data sets. Whatever must
    tell changed bytes compares ``content_hash``.

    Up to 8 bits it is taken over (width, height, levels): of one channel where all three are equal, else RGB, so
    that L, RGB, RGBA and palette files of one picture agree. Deeper pictures: over (width, height, native type,
    native values, little-endian).
    """
    digest = xxh3_128(struct.pack("<II", image.width, image.height))
    if image.bit_depth > 8:
        native = np.ascontiguousarray(image.native.astype(image.native.dtype.newbyteorder("<"), copy=False))
        digest.update(f"{native.dtype.str}{native.ndim}".encode())
        digest.update(native.data)
    elif _is_grey(image):
        digest.update(b"L")
        digest.update(np.ascontiguousarray(image.luminance if image.native.ndim == 2 else image.rgb[:, :, 0]).data)
    else:
        digest.update(b"RGB")
        digest.update(np.ascontiguousarray(image.rgb).data)
    return digest.hexdigest()


def _is_grey(image: DecodedImage) -> bool:
    """Whether the three channels are equal everywhere; their histograms say at once for most pictures."""
    if image.native.ndim == 2:
        return True
    counts = image.level_counts
    if (counts[0] != counts[1]).any() or (counts[1] != counts[2]).any():
        return False
    rgb = image.rgb
    return bool((rgb[:, :, 0] == rgb[:, :, 1]).all() and (rgb[:, :, 1] == rgb[:, :, 2]).all())


def laplacian_variance(luminance: NDArray[Any], scale: float) -> float | None:
    """Variance of the 4-neighbour Laplacian of ``luminance`` [H, W] divided by ``scale``; None below 3 x 3.

    Only inner pixels, which have all four neighbours, count (Pech-Pacheco et al. 2000, with the kernel
    4 c - n - s - e - w).
    """
    if min(luminance.shape) < 3:
        return None
    if luminance.dtype != np.uint8:
        return float(laplacian(luminance).var()) / scale**2
    from thermal_assets.imaging.plane_kernels import laplacian_sums

    return _variance_of_sums(laplacian_sums(np.ascontiguousarray(luminance)), luminance.shape, scale)


def _variance_of_sums(sums: tuple[int, int], shape: tuple[int, ...], scale: float) -> float | None:
    """Whole numbers up to the last step, so that the result does not depend on the order of summation."""
    if min(shape) < 3:
        return None
    (total, squares), count = sums, (shape[0] - 2) * (shape[1] - 2)
    return (count * squares - total * total) / (count * count) / scale**2


def entropy_bits(counts: NDArray[Any]) -> float:
    """Shannon entropy of a histogram, bits."""
    from thermal_assets.imaging.plane_kernels import entropy_of_counts

    return float(entropy_of_counts(np.ascontiguousarray(counts, dtype=np.uint32)))


def _eight_bit(image: DecodedImage, match: PaletteMatch) -> dict[str, object]:
    """Exact numbers from the 256-level histograms."""
    from thermal_assets.imaging.level_kernels import describe_counts
    from thermal_assets.imaging.plane_kernels import count_levels

    grey = image.native.ndim == 2
    pixels = image.width * image.height
    numbers = np.zeros(12, np.int64)
    counts = image.level_counts[:1] if grey else image.level_counts
    structure = image.structure
    plane_counts = image.luminance_counts
    if match.name != UNKNOWN and not luminance_follows(match.name, match.kind):
        plane_counts = np.zeros(256, np.uint32)
        count_levels(structure.plane, plane_counts)
    entropy = describe_counts(counts, image.luminance_counts, plane_counts, *plane_ends(match), numbers)
    lowest, highest, below, above, *sums, total, squares = numbers.tolist()
    plane_variance = (pixels * squares - total * total) / (pixels * pixels)
    plane_sharpness = _variance_of_sums(structure.plane_laplacian, structure.plane.shape, 1.0)
    means, deviations = [], []
    for total, squares in zip(sums[: 2 if grey else 6 : 2], sums[1::2], strict=False):
        means.append(total / pixels)
        deviations.append(math.sqrt(pixels * squares - total * total) / pixels)
    if grey:
        means, deviations = means * 3, deviations * 3
    return {
        **_per_channel(means, deviations),
        "minimum": float(lowest),
        "maximum": float(highest),
        "entropy": entropy,
        "sharpness": _variance_of_sums(structure.laplacian, structure.plane.shape, 255.0),
        "relative_sharpness": _over(plane_sharpness, plane_variance),
        **_clipped(below / pixels, above / pixels),
        **structure.columns(),
    }


def _over(sharpness: float | None, variance: float) -> float | None:
    return None if sharpness is None or variance <= 0 else sharpness / variance


def _clipped(low: float, high: float) -> dict[str, object]:
    return {"saturated_fraction": low + high, "clipped_low_fraction": low, "clipped_high_fraction": high}


def _deep(image: DecodedImage) -> dict[str, object]:
    """The same for 1-bit, 16-bit, 32-bit and float pictures."""
    native = image.native
    with np.errstate(invalid="ignore"):  # signalling NaN bit patterns, left out below
        values = native.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        names = ("minimum", "maximum", "entropy", "sharpness", "relative_sharpness", *_clipped(0, 0))
        return {**_per_channel([None] * 3, [None] * 3), **dict.fromkeys(names), **no_structure()}
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
    steps = luminance[known] - low
    if not has_ends:
        steps = np.clip(steps / max(high - low, np.finfo(np.float64).tiny) * 256.0, 0, 255)
    sharpness = laplacian_variance(np.where(known, luminance, low), high - low or 1.0)
    ends = [np.count_nonzero(at) / luminance.size for at in (luminance <= low, luminance >= high)]
    return {
        **_per_channel(means, deviations),
        "minimum": minimum,
        "maximum": maximum,
        "entropy": entropy_bits(np.bincount(steps.astype(np.int64))),
        "sharpness": sharpness,
        "relative_sharpness": _over(sharpness, float(luminance[known].var()) / (high - low or 1.0) ** 2),
        **(_clipped(*ends) if has_ends else dict.fromkeys(_clipped(0, 0))),
        **(deep_structure(luminance, has_ends) if image.bit_depth > 1 else no_structure()),
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
