"""Scale bars and graphics drawn into real pictures are measured, and real pictures without them are quiet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from thermal_assets.imaging.palettes import palette_table
from thermal_assets_tests.imaging.planted import Levels, real_pictures, statistics_of, with_bar


@pytest.fixture(scope="module")
def frames(shared_dir: Path) -> list[Levels]:
    return real_pictures(shared_dir, "hit_uav_frames", 8, side=170)


def with_text(levels: Levels, palette: str, colour: tuple[int, int, int]) -> tuple[NDArray[np.uint8], float]:
    """Colours of a picture with a crosshair and a line of text, and the share of pixels drawn over."""
    plain = palette_table(palette)[levels]
    picture = Image.fromarray(plain)
    drawing = ImageDraw.Draw(picture)
    drawing.fontmode = "1"  # no half tones, so that every pixel drawn has the colour
    drawing.text((8, 8), "Sp1 36.4", fill=colour)
    drawing.line((85, 70, 85, 100), fill=colour, width=2)
    drawing.line((70, 85, 100, 85), fill=colour, width=2)
    drawn = np.asarray(picture)
    return drawn, float((drawn != plain).any(axis=2).mean())


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize(("palette", "quality"), [("grey", None), ("iron", None), ("rainbow", None), ("iron", 80)])
def test_a_scale_bar_is_found_on_its_side(frames: list[Levels], side: str, palette: str, quality: int | None) -> None:
    found = [statistics_of(with_bar(p, side, 7, 0.6), palette, quality)["colour_bar"] for p in frames]
    assert set(found) <= {side, None}
    assert np.mean([name == side for name in found]) >= 0.8


@pytest.mark.parametrize(("palette", "quality"), [("grey", None), ("iron", None), ("jet", None), ("iron", 80)])
def test_pictures_without_graphics_have_none(shared_dir: Path, palette: str, quality: int | None) -> None:
    for name, side in (("hit_uav_frames", 170), ("hit_uav_crops", 0)):
        found = [statistics_of(p, palette, quality) for p in real_pictures(shared_dir, name, 40, side)]
        assert {row["colour_bar"] for row in found} == {None}
        shares = [row["overlay_fraction"] for row in found if row["palette"] == palette]
        if palette == "grey":
            assert set(shares) == {None}
        else:
            assert np.mean([share > 0.002 for share in shares]) <= 0.01


def test_gradients_are_no_scale_bars() -> None:
    ramp = np.repeat(np.linspace(0, 255, 120).astype(np.uint8)[:, None], 160, axis=1)
    assert statistics_of(ramp)["colour_bar"] is None
    assert statistics_of(np.ascontiguousarray(ramp.T))["colour_bar"] is None


@pytest.mark.parametrize(
    ("palette", "colour"), [("iron", (0, 255, 0)), ("inferno", (255, 255, 255)), ("jet", (255, 255, 255))]
)
def test_graphics_off_the_palette_are_measured(
    frames: list[Levels], palette: str, colour: tuple[int, int, int]
) -> None:
    for levels in frames[:6]:
        drawn, share = with_text(levels, palette, colour)
        found = statistics_of(drawn)
        assert found["palette"] == palette
        assert found["overlay_fraction"] == pytest.approx(share, rel=0.35)


def test_colour_on_a_grey_picture_is_an_overlay_and_grey_on_grey_cannot_be_judged(frames: list[Levels]) -> None:
    drawn, share = with_text(frames[0], "grey", (0, 255, 0))
    assert statistics_of(drawn)["overlay_fraction"] == pytest.approx(share, rel=0.35)
    smeared = statistics_of(drawn, quality=80)["overlay_fraction"]  # JPEG spreads colour over its neighbours
    assert share / 2 <= smeared <= 4 * share  # type: ignore[operator]
    white, _ = with_text(frames[0], "grey", (255, 255, 255))
    assert statistics_of(white)["overlay_fraction"] is None


def test_colours_without_a_palette_are_not_judged() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    assert statistics_of(noise)["overlay_fraction"] is None
