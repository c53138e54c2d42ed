"""Thumbnails keep the shape of a picture and never stop a report."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.thumbnails import thumbnail_png
from thermal_assets_tests.imaging.pictures import encode


def opened(png: bytes | None) -> Image.Image:
    assert png is not None
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize(
    ("size", "expected"), [((200, 100), (50, 25)), ((100, 200), (25, 50)), ((900, 2), (50, 1)), ((24, 40), (24, 40))]
)
def test_shape_is_kept_and_nothing_is_blown_up(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert opened(thumbnail_png(encode(Image.new("RGB", size)), 50)).size == expected


def test_sixteen_bit_pictures_show_their_range(tmp_path: Path) -> None:
    counts = np.linspace(7000, 7400, 120 * 120).reshape(120, 120).astype(np.uint16)
    path = tmp_path / "counts.tiff"
    path.write_bytes(encode(Image.fromarray(counts), "TIFF"))
    levels = np.array(opened(thumbnail_png(path, 60)).convert("L"))
    assert levels.min() < 5
    assert levels.max() > 250
    assert thumbnail_png(decode_image(path.read_bytes()), 60) == thumbnail_png(path, 60)


def test_bad_files_give_nothing(tmp_path: Path) -> None:
    assert thumbnail_png(b"", 50) is None
    assert thumbnail_png(b"\x89PNG\r\n\x1a\n and no more", 50) is None
    assert thumbnail_png(tmp_path / "missing.png", 50) is None
    assert thumbnail_png(tmp_path, 50) is None
