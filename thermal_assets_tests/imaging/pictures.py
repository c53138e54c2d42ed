"""Tiny image files made for the tests, and what they are refused for."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from thermal_assets.imaging.decode import DecodeLimits, decode_image
from thermal_assets.imaging.problems import PROBLEM_CODES, ImageProblem

WIDTH, HEIGHT = 30, 20


def encode(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def grey_levels(seed: int = 0) -> NDArray[np.uint8]:
    """uint8 [HEIGHT, WIDTH] with every row and column different."""
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)


def colours(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def counts_16_bit(seed: int = 0) -> NDArray[np.uint16]:
    """uint16 [HEIGHT, WIDTH] like the raw counts of a radiometric camera: a narrow band of the range."""
    return np.random.default_rng(seed).integers(7000, 9000, (HEIGHT, WIDTH)).astype(np.uint16)


def png_chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def png_of_bytes(rows: NDArray[Any], color_type: int, bit_depth: int = 16) -> bytes:
    """A PNG written chunk by chunk, for the kinds that Pillow cannot write. ``rows``: [H, W, C] or [H, W]."""
    height, width = rows.shape[:2]
    packed = rows.astype(">u2" if bit_depth == 16 else "u1")
    lines = b"".join(b"\x00" + packed[y].tobytes() for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, bit_depth, color_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(lines))
        + png_chunk(b"IEND", b"")
    )


def tiff_of_shorts(values: NDArray[np.uint16], order: str = "<") -> bytes:
    """An uncompressed 16-bit TIFF in either byte order; ``values`` [H, W] or [H, W, 3]."""
    channels = 1 if values.ndim == 2 else values.shape[2]
    pixels = values.astype(order + "u2").tobytes()
    entries = [
        (256, 3, 1, values.shape[1]),
        (257, 3, 1, values.shape[0]),
        (258, 3, channels, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 1 if channels == 1 else 2),
        (273, 4, 1, 0),
        (277, 3, 1, channels),
        (278, 3, 1, values.shape[0]),
        (279, 4, 1, len(pixels)),
    ]
    bits_at = 8 + 2 + 12 * len(entries) + 4
    pixels_at = bits_at + 2 * channels
    out = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        out += struct.pack(order + "HHI", tag, kind, count)
        if tag == 273:
            out += struct.pack(order + "I", pixels_at)
        elif kind == 3 and count > 2:
            out += struct.pack(order + "I", bits_at)
        else:
            out += struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)
    return out + struct.pack(order + "I", 0) + struct.pack(order + "H", 16) * channels + pixels


def jpeg_segment(marker: int, payload: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """``jpeg`` with segments put behind its start marker."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def thermal_scene(rng: np.random.Generator, side: int = 96) -> NDArray[np.float64]:
    """float64 [side, side] in 0..1: soft warm and cold areas with sensor noise."""
    coarse = rng.normal(size=(int(rng.integers(3, 14)),) * 2).astype(np.float32)
    field = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)).astype(np.float64)
    field += rng.normal(0, 0.05, field.shape)
    return np.asarray((field - field.min()) / (field.max() - field.min()))


def render(curve: NDArray[np.float64], scene: NDArray[np.float64], quality: int | None = 75) -> NDArray[np.uint8]:
    """``scene`` in the colours of a palette [256, 3], through a JPEG of this quality unless None."""
    rgb = np.rint(curve[(scene * 255).astype(int)]).astype(np.uint8)
    if quality is None:
        return rgb
    return np.array(Image.open(io.BytesIO(encode(Image.fromarray(rgb), "JPEG", quality=quality))))


def problem_of(data: bytes, **limits: int) -> ImageProblem:
    with pytest.raises(ImageProblem) as caught:
        decode_image(data, DecodeLimits(**limits))
    assert caught.value.code in PROBLEM_CODES
    assert "\n" not in caught.value.message
    return caught.value
