"""Graphics drawn into a picture are no temperatures: text off the palette and scale bars are left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.palette_levels import palette_levels
from thermal_assets.imaging.palettes import palette_table
from thermal_assets_tests.imaging.pictures import encode
from thermal_assets_tests.imaging.planted import real_pictures, with_bar


def figures(picture: NDArray[np.uint8]) -> dict[str, float]:
    found = palette_levels(decode_image(encode(Image.fromarray(picture))))
    assert found is not None
    return {name: value for name, value in found.items() if isinstance(value, float)}


@pytest.mark.parametrize("palette", ["grey", "iron"])
def test_a_picture_has_the_temperatures_that_it_had_before_it_was_drawn_upon(shared_dir: Path, palette: str) -> None:
    compared = 0
    for levels in real_pictures(shared_dir, "hit_uav_frames", 6, side=160):
        levels = (40 + levels * 0.5).astype(np.uint8)  # a scene inside its scale: a bar goes beyond it on both sides
        table = palette_table(palette)
        plain, barred = table[levels], table[with_bar(levels, "right", 7, 0.6)]
        picture = Image.fromarray(barred)
        drawing = ImageDraw.Draw(picture)
        drawing.fontmode = "1"
        drawing.text((8, 8), "Sp1 36.4", fill=(0, 255, 0))
        before, after = figures(plain), figures(np.asarray(picture))
        assert before["left_out_fraction"] == 0
        if after["left_out_fraction"] < 0.03:
            continue  # this bar was not found: test_overlays says how many are
        compared += 1
        assert after["left_out_fraction"] < 0.10
        for name in ("minimum", "mean", "maximum", "background", "hot_spot", "contrast"):
            assert after[name] == pytest.approx(before[name], abs=0.03), name
        assert figures(barred)["maximum"] == pytest.approx(before["maximum"], abs=0.03)
    assert compared >= 4
