"""The quick ways into PNG and JPEG give Pillow's pixels, and leave to Pillow what they cannot read."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from thermal_assets.imaging.containers import check_jpeg, check_png
from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.fast_jpeg import decode_plain_jpeg
from thermal_assets.imaging.fast_png import decode_plain_png
from thermal_assets_tests.imaging.pictures import colours, encode, grey_levels, jpeg_segment, with_segments


def png_of_lines(lines: np.ndarray, width: int, color_type: int, extra: bytes = b"") -> bytes:
    """A PNG whose filtered lines uint8 [H, 1 + n] are given."""

    def chunk(name: bytes, payload: bytes) -> bytes:
        return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))

    header = struct.pack(">IIBBBBB", width, len(lines), 8, color_type, 0, 0, 0)
    data = zlib.compress(lines.tobytes() + extra)
    # In two chunks, as writers do with large pictures.
    parts = chunk(b"IDAT", data[:20]) + chunk(b"IDAT", data[20:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + parts + chunk(b"IEND", b"")


@pytest.mark.parametrize(("color_type", "channels"), [(0, 1), (2, 3), (6, 4)])
def test_every_filter_of_every_common_png_gives_the_pixels_of_pillow(color_type: int, channels: int) -> None:
    rng = np.random.default_rng(color_type)
    for width, height in ((1, 1), (1, 9), (2, 5), (37, 23)):
        lines = rng.integers(0, 256, (height, 1 + width * channels), dtype=np.uint8)
        lines[:, 0] = rng.permutation(np.arange(height) % 5)
        data = png_of_lines(lines, width, color_type)
        found = decode_plain_png(check_png(data))
        assert found is not None
        pixels, alpha = found
        expected = np.asarray(Image.open(io.BytesIO(data)))
        assert np.array_equal(pixels if alpha is None else np.dstack([pixels, alpha]), expected)


def test_a_png_that_does_not_fit_its_header_is_left_to_pillow() -> None:
    lines = np.zeros((4, 1 + 5 * 3), np.uint8)
    assert decode_plain_png(check_png(png_of_lines(lines, 5, 2))) is not None
    assert (
        decode_plain_png(check_png(png_of_lines(lines, 5, 2, extra=bytes(50_000_000)))) is None
    )  # never inflated whole
    assert decode_plain_png(check_png(png_of_lines(lines, 6, 2))) is None
    lines[2, 0] = 7
    assert decode_plain_png(check_png(png_of_lines(lines, 5, 2))) is None


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("quality", [30, 92])
def test_jpegs_have_the_pixels_and_the_noise_that_pillow_gives(
    quality: int, subsampling: int, progressive: bool
) -> None:
    for levels in (grey_levels(), colours()):
        options = {"quality": quality, "subsampling": subsampling, "progressive": progressive}
        data = encode(Image.fromarray(levels), "JPEG", **options)
        pixels = decode_plain_jpeg(data, check_jpeg(data))
        assert pixels is not None
        assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(data))))
        # With an empty Exif segment the same file goes through Pillow.
        exif = with_segments(data, jpeg_segment(0xE1, b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"))
        assert decode_plain_jpeg(exif, check_jpeg(exif)) is None
        quick, slow = decode_image(data), decode_image(exif)
        assert np.array_equal(quick.native, slow.native)
        assert (quick.mode, quick.format, quick.noise) == (slow.mode, slow.format, slow.noise)
