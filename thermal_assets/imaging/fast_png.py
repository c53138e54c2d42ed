"""The common kinds of PNG at the rate of a fast inflate (ISA-L) and compiled filters, twice that of Pillow.

The pixels are the same by the specification; a test compares them. Everything else stays with Pillow, and so does
every file that cannot be read here, so that there is one place which says what is wrong with it.
"""

from __future__ import annotations

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from thermal_assets.imaging.containers import PNG_CHANNELS, STREAM_ERROR, PngFacts, picture_bytes

_PLAIN = frozenset({0, 2, 6})  # colour types: grey, RGB, RGBA
# Chunks that change neither pixels nor orientation nor the number of pictures.
_HARMLESS = frozenset(
    {
        b"IHDR",
        b"IDAT",
        b"IEND",
        b"PLTE",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"sBIT",
        b"pHYs",
        b"tIME",
        b"bKGD",
        b"hIST",
    }
)


def decode_plain_png(png: PngFacts) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None] | None:
    """(levels uint8 [H, W] or [H, W, 3], alpha uint8 [H, W] or None) of a PNG of 8-bit grey, RGB or RGBA.

    None where the file is of another kind, carries chunks that matter (transparency, Exif, texts, animation),
    or cannot be decoded.
    """
    if png.color_type not in _PLAIN or png.bit_depth != 8 or png.interlaced or not png.names <= _HARMLESS:
        return None
    if not png.width or not png.height:
        return None
    channels = PNG_CHANNELS[png.color_type]
    length = png.width * channels
    whole = picture_bytes(png)
    stream = isal_zlib.decompressobj()
    try:
        # One byte more than there must be: data that inflate to more are damaged, and never inflated in full.
        raw = stream.decompress(png.picture_data(), whole + 1)
    except (STREAM_ERROR, MemoryError, OverflowError):
        return None
    if len(raw) != whole or not stream.eof:
        return None
    from thermal_assets.imaging.png_kernels import undo_filters

    pixels = np.empty((png.height, length), np.uint8)
    if not undo_filters(np.frombuffer(raw, np.uint8).reshape(png.height, length + 1), channels, pixels):
        return None
    if channels == 1:
        return pixels, None
    levels = pixels.reshape(png.height, png.width, channels)
    return (levels, None) if channels == 3 else (np.ascontiguousarray(levels[:, :, :3]), levels[:, :, 3].copy())
