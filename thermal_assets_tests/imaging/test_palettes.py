"""Palettes are named on pictures rendered with them and not on photographs."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from thermal_assets.imaging.palettes import (
    CURVES,
    GREY,
    NAMED_FROM,
    NAMES,
    TOLERANCE,
    UNKNOWN,
    identify_palette,
    match_palette,
    palette_curve,
    palette_table,
)
from thermal_assets_tests.imaging.pictures import render, thermal_scene

VARIANTS = [(name, kind) for name in NAMES for kind in range(len(CURVES[name]))]


@pytest.mark.parametrize(("name", "kind"), VARIANTS)
@pytest.mark.parametrize("quality", [None, 75])
def test_full_range_pictures_are_named_through_jpeg_noise(name: str, kind: int, quality: int | None) -> None:
    rng = np.random.default_rng(11)
    answers = [identify_palette(render(palette_curve(name, kind), thermal_scene(rng), quality)) for _ in range(12)]
    named = [answer for answer in answers if answer[0] == name]
    assert {answer[0] for answer in answers} <= {name, UNKNOWN}  # never another palette's name
    assert len(named) >= 8
    assert min(confidence for _, confidence in named) > 0.85


@pytest.mark.parametrize(("name", "kind"), VARIANTS)
def test_narrow_crops_are_seldom_given_another_name(name: str, kind: int) -> None:
    """A crop shows part of the range, and palettes share stretches: 'unknown' is right there, a wrong name is not."""
    rng = np.random.default_rng(12)
    scenes = [0.3 * thermal_scene(rng, 64) + rng.uniform(0, 0.7) for _ in range(30)]
    answers = [identify_palette(render(palette_curve(name, kind), scene))[0] for scene in scenes]
    assert sum(answer not in (name, UNKNOWN) for answer in answers) <= 1


@pytest.mark.parametrize("name", ["inferno", "magma", "plasma", "viridis", "turbo", "hot", "jet"])
def test_own_control_points_follow_the_published_curves(name: str) -> None:
    published = matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255
    own = palette_curve(name, points=2048)
    apart = [np.linalg.norm(own - colour, axis=1).min() for colour in published]
    assert max(apart) < TOLERANCE / 4
    in_step = np.linalg.norm(palette_table(name).astype(float) - published, axis=1)
    assert in_step.max() < TOLERANCE / 2  # position by position, so that levels can be read back


@pytest.mark.parametrize(
    "name", ["gist_rainbow", "coolwarm", "cividis", "nipy_spectral", "bone", "copper", "cool", "PiYG", "terrain"]
)
def test_palettes_that_are_not_known_get_no_known_name(name: str) -> None:
    curve = matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255
    rng = np.random.default_rng(13)
    assert {identify_palette(render(curve, thermal_scene(rng)))[0] for _ in range(8)} == {UNKNOWN}


def test_photographs_are_unknown() -> None:
    for photograph in load_sample_images().images:
        name, confidence = identify_palette(photograph)
        assert name == UNKNOWN
        assert confidence < NAMED_FROM
        tiles = [photograph[y : y + 96, x : x + 96] for y in range(0, 330, 96) for x in range(0, 540, 96)]
        names = [identify_palette(tile)[0] for tile in tiles]
        assert set(names) <= {UNKNOWN, GREY}  # a tile of plain sky or wall has hardly any colour
        assert names.count(UNKNOWN) > 0.8 * len(names)


def test_colour_without_order_is_unknown() -> None:
    rng = np.random.default_rng(14)
    coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    gradient = np.array(Image.fromarray(coarse).resize((120, 120), Image.Resampling.BICUBIC))
    assert identify_palette(gradient)[0] == UNKNOWN
    assert identify_palette(rng.integers(0, 256, (80, 80, 3), dtype=np.uint8))[0] == UNKNOWN


def test_white_hot_and_black_hot_are_grey_and_black_proves_no_palette() -> None:
    ramp = np.repeat(np.linspace(0, 255, 100).astype(np.uint8)[None], 40, axis=0)
    for levels in (ramp, 255 - ramp, np.zeros((20, 20), np.uint8)):
        assert identify_palette(np.dstack([levels] * 3)) == (GREY, 1.0)


@pytest.mark.parametrize("size", [(1, 1), (24, 40), (3, 20_000), (700, 900)])
def test_pictures_of_any_size_are_judged(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), palette_curve("iron")[70].astype(np.uint8))
    assert identify_palette(picture)[1] == 1.0


@pytest.mark.parametrize("kind", range(3))
def test_the_variant_of_a_palette_is_told(kind: int) -> None:
    rng = np.random.default_rng(15)
    pictures = [render(palette_curve("iron", kind), thermal_scene(rng), None) for _ in range(5)]
    assert {(match.name, match.kind) for match in map(match_palette, pictures)} == {("iron", kind)}
