"""From a loaded Pillow image to arrays: native levels, alpha and the picture as displayed."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from thermal_assets.imaging.problems import ImageProblem

Array = NDArray[Any]
_CONVERTED = frozenset({"CMYK", "YCbCr", "HSV", "RGBX"})
_OTHER_BYTE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_SIXTEEN_BIT_COLOUR = ("RGB;16", "RGBA;16", "RGBX;16")


@dataclass
class Pixels:
    """Arrays of one picture.

    native: [H, W] or [H, W, 3] without alpha, native dtype; alpha: [H, W] uint8 or uint16, or None;
    bit_depth: bits a channel of ``native``; channel_count: picture channels plus alpha, palette expanded.
    """

    native: Array
    alpha: Array | None
    bit_depth: int
    channel_count: int


def extract_pixels(image: Image.Image, file_format: str) -> Pixels:
    """Native levels and alpha of a loaded image; colour models other than grey and RGB become RGB.

    Raises ``ImageProblem('unsupported_mode')`` for modes without a defined way to RGB (LAB).
    """
    mode = image.mode
    if mode in ("La", "RGBa"):  # alpha multiplied into the colours
        image = image.convert(mode.upper())
        mode = image.mode
    if mode == "L" or mode == "RGB":
        native = np.asarray(image)
        alpha = _colour_key(native, image.info.get("transparency"))
        return Pixels(native, alpha, 8, (1 if mode == "L" else 3) + (alpha is not None))
    if mode == "P" or mode == "PA":
        if not image.has_transparency_data:
            return Pixels(np.asarray(image.convert("RGB")), None, 8, 3)
        image = image.convert("RGBA")
        mode = "RGBA"
    if mode == "RGBA":
        values = np.asarray(image)
        return Pixels(np.ascontiguousarray(values[:, :, :3]), values[:, :, 3].copy(), 8, 4)
    if mode == "LA":
        values = np.array(image)
        return Pixels(values[:, :, 0].copy(), values[:, :, 1].copy(), 8, 2)
    if mode == "1":
        return Pixels(np.array(image).astype(np.uint8), None, 1, 1)
    if mode == "F":
        return Pixels(np.array(image), None, 32, 1)
    if mode.startswith("I"):
        return _deep_grey(image, file_format)
    if mode in _CONVERTED:
        return Pixels(np.array(image.convert("RGB")), None, 8, 4 if mode in ("CMYK", "RGBX") else 3)
    raise ImageProblem("unsupported_mode", f"{file_format} with pixels of mode {mode}")


def _colour_key(native: Array, key: object) -> Array | None:
    """Alpha of a picture in which one level or colour means 'transparent' (tRNS of grey and RGB PNG)."""
    if not isinstance(key, int | tuple):
        return None
    transparent = native == np.asarray(key)
    if transparent.ndim == 3:
        transparent = transparent.all(axis=2)
    return np.where(transparent, 0, 255).astype(np.uint8)


def _deep_grey(image: Image.Image, file_format: str) -> Pixels:
    """I;16 in either byte order, and I, which Pillow also uses for 16 bits with a sign or in PGM."""
    tags = getattr(image, "tag_v2", None)
    bits = int(tags[258][0]) if tags is not None and 258 in tags else 16
    native = np.array(image)
    if image.mode == "I":
        if tags is None or bits <= 16:
            signed = native.size > 0 and int(native.min()) < 0
            limits = np.iinfo(np.int16 if signed else np.uint16)
            if limits.min <= int(native.min()) and int(native.max()) <= limits.max:
                return Pixels(native.astype(limits.dtype), None, 16, 1)
        return Pixels(native, None, 32, 1)
    native = native.astype(np.uint16)
    alpha = _colour_key(native, image.info.get("transparency")) if file_format == "PNG" else None
    depth = bits if 8 < bits < 16 and int(native.max(initial=0)) < 1 << bits else 16
    return Pixels(native, alpha, depth, 1 + (alpha is not None))


def sixteen_bit_colour(first: ImageFile.ImageFile, again: ImageFile.ImageFile) -> Pixels | None:
    """16-bit colour, which Pillow cuts to the upper byte of each level; None where the layout is another.

    The lower bytes come from a second pass with the opposite byte order. ``first`` and ``again`` are
    the same file, opened and not yet loaded; both are loaded here.
    """
    raw_mode = _raw_mode(first)
    if raw_mode == "LA;16B" and again.mode == "RGBA":
        _set_raw_mode(again, "RGBA")  # four bytes a pixel as they are: level high, low, alpha high, low
        again.load()
        values = np.array(again).astype(np.uint16)
        return Pixels(values[:, :, 0] << 8 | values[:, :, 1], values[:, :, 2] << 8 | values[:, :, 3], 16, 2)
    if not raw_mode.startswith(_SIXTEEN_BIT_COLOUR) or raw_mode[-1] not in _OTHER_BYTE:
        return None
    _set_raw_mode(again, raw_mode[:-1] + _OTHER_BYTE[raw_mode[-1]])
    first.load()
    again.load()
    values = np.array(first).astype(np.uint16) << 8 | np.array(again)
    if values.shape[2] == 4:
        return Pixels(np.ascontiguousarray(values[:, :, :3]), values[:, :, 3].copy(), 16, 4)
    key = first.info.get("transparency")
    alpha = _colour_key(values, key)
    return Pixels(values, alpha, 16, 3 + (alpha is not None))


def _raw_mode(image: ImageFile.ImageFile) -> str:
    arguments = image.tile[0].args if image.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _set_raw_mode(image: ImageFile.ImageFile, raw_mode: str) -> None:
    image.tile = [
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in image.tile
    ]


def displayed(native: Array) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] to look at: 8-bit levels as they are, deeper ones scaled by their own min..max.

    Read only where grey: one plane seen three times. Values that are not finite are black. A deep picture of one level is black throughout.
    """
    levels = native if native.dtype == np.uint8 else scale_to_bytes(native)
    if levels.ndim == 3:
        return levels
    levels = np.ascontiguousarray(levels)
    return seen_as(levels, (*levels.shape, 3), (levels.shape[1], 1, 0))


def seen_as(array: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """A read-only view of a contiguous array; ``np.broadcast_to`` takes ten times as long, which small pictures feel."""
    view = np.ndarray(shape, array.dtype, array, strides=strides)
    view.flags.writeable = False
    return view


def scale_to_bytes(native: Array) -> NDArray[np.uint8]:
    """``native`` mapped linearly from its own finite min..max to 0..255, same shape."""
    finite = np.isfinite(native)
    if not finite.any():
        return np.zeros(native.shape, np.uint8)
    known = native[finite]
    low, high = float(known.min()), float(known.max())
    if high <= low:
        return np.zeros(native.shape, np.uint8)
    if native.dtype == np.uint16:  # one table instead of 64-bit floats for every pixel
        ramp = (np.arange(int(high) + 1, dtype=np.float64) - low) * (255.0 / (high - low))
        return np.asarray(np.rint(np.maximum(ramp, 0.0)).astype(np.uint8)[native])
    # Halved first: the span of extreme floats does not fit a float.
    span = high / 2 - low / 2
    with np.errstate(invalid="ignore"):  # signalling NaN bit patterns, which are replaced here
        values = np.where(finite, native.astype(np.float64), low)
    return np.asarray(np.rint(np.clip((values / 2 - low / 2) / span, 0.0, 1.0) * 255.0).astype(np.uint8))


def reopen(data: bytes, opener: Any) -> ImageFile.ImageFile:
    """A second, unloaded image over the same bytes."""
    image: ImageFile.ImageFile = opener(io.BytesIO(data))
    return image
