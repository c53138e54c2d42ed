"""Damaged lines and pixels are found where they were planted into real pictures, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thermal_assets.imaging.channel_stats import channel_statistics
from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.pixel_defects import dead_pixels, laplacian, stuck_lines
from thermal_assets_tests.imaging.pictures import encode, thermal_scene
from thermal_assets_tests.imaging.planted import (
    Levels,
    real_pictures,
    statistics_of,
    with_column,
    with_dead_pixels,
)

PALETTES = ("grey", "iron", "rainbow", "jet")


@pytest.fixture(scope="module")
def frames(shared_dir: Path) -> list[Levels]:
    return real_pictures(shared_dir, "hit_uav_frames", 16, side=170)


@pytest.fixture(scope="module")
def modules(shared_dir: Path) -> list[Levels]:
    return real_pictures(shared_dir, "solar_modules", 24)


# JPEG keeps colour at half the resolution, so lines of one pixel survive it where luminance carries them.
@pytest.mark.parametrize(
    ("palette", "quality", "kind", "strength", "recall"),
    [(p, None, *what) for p in PALETTES for what in (("constant", 0, 0.95), ("equal", 0, 0.75), ("offset", 16, 0.75))]
    + [(p, 90, *what) for p in ("grey", "iron") for what in (("constant", 0, 0.85), ("offset", 32, 0.85))],
)
def test_planted_columns_are_counted_as_columns(
    frames: list[Levels], palette: str, quality: int | None, kind: str, strength: int, recall: float
) -> None:
    rng = np.random.default_rng(1)
    found = [statistics_of(with_column(p, kind, strength, rng), palette, quality) for p in frames]
    counts = [row["stuck_columns"] for row in found]
    assert np.mean([count == 1 for count in counts]) >= recall
    assert max(counts) <= 2
    assert [row["stuck_rows"] for row in found] == [0] * len(found)


def test_small_modules_show_a_constant_and_a_strongly_offset_column(modules: list[Levels]) -> None:
    rng = np.random.default_rng(2)
    for kind, strength, recall in (("constant", 0, 0.95), ("offset", 32, 0.85)):
        found = [statistics_of(with_column(p, kind, strength, rng))["stuck_columns"] for p in modules]
        assert np.mean([count == 1 for count in found]) >= recall


def test_a_turned_picture_has_rows_for_columns(frames: list[Levels]) -> None:
    rng = np.random.default_rng(3)
    planted = with_column(frames[0], "constant", 0, rng)
    assert stuck_lines(planted) == (0, 1)
    assert stuck_lines(np.ascontiguousarray(planted.T)) == (1, 0)


@pytest.mark.parametrize("palette", PALETTES)
def test_planted_pixels_are_counted(frames: list[Levels], palette: str) -> None:
    rng = np.random.default_rng(4)
    found = [statistics_of(with_dead_pixels(p, 5, 100, rng), palette)["dead_pixels"] for p in frames]
    assert np.mean([min(int(count), 5) / 5 for count in found]) >= 0.85  # type: ignore[call-overload]
    assert max(found) <= 5  # type: ignore[type-var]


@pytest.mark.parametrize("name", ["hit_uav_crops", "solar_modules"])
@pytest.mark.parametrize(("palette", "quality"), [("grey", None), ("iron", None), ("jet", None), ("iron", 85)])
def test_real_pictures_are_quiet(shared_dir: Path, name: str, palette: str, quality: int | None) -> None:
    found = [statistics_of(p, palette, quality) for p in real_pictures(shared_dir, name, 100)]
    flagged = [row for row in found if row["stuck_rows"] or row["stuck_columns"] or row["dead_pixels"]]
    assert len(flagged) <= 0.01 * len(found)


def test_borders_flat_scenes_and_enlarged_pictures_are_no_damage(frames: list[Levels]) -> None:
    scene = frames[1]
    letterbox = np.pad(scene, ((20, 20), (1, 1)))
    band = scene.copy()
    band[:, 60:70] = 90
    half_flat = scene.copy()
    half_flat[:, 80:] = 200
    picture = Image.fromarray(scene)
    enlarged = [np.asarray(picture.resize((340, 340), r)) for r in (Image.Resampling.NEAREST, Image.Resampling.BICUBIC)]
    stretched = np.asarray(picture.resize((210, 210), Image.Resampling.NEAREST))
    for levels in (letterbox, band, half_flat, *enlarged, stretched, np.full((40, 24), 99, np.uint8)):
        assert stuck_lines(levels) == (0, 0)
        assert dead_pixels(levels) == 0


def test_a_blurred_line_belongs_to_the_scene_and_a_sharp_one_to_the_detector() -> None:
    """A wire through the whole picture reaches more than one column: lenses do not make lines of one pixel."""
    rng = np.random.default_rng(5)
    noise = rng.normal(120, 3, (60, 60))
    sharp, blurred = noise.copy(), noise.copy()
    sharp[:, 30] += 60
    for offset, share in ((-2, 0.1), (-1, 0.55), (0, 1.0), (1, 0.55), (2, 0.1)):
        blurred[:, 30 + offset] += 60 * share
    assert stuck_lines(sharp.astype(np.uint8)) == (0, 1)
    assert stuck_lines(blurred.astype(np.uint8)) == (0, 0)


def test_deep_pictures_are_judged_on_their_own_levels() -> None:
    rng = np.random.default_rng(6)
    counts = (thermal_scene(rng) * 1500 + 7000).astype(np.uint16)
    counts[40, 50] = 16383
    counts[:, 20] = 7700
    celsius = counts.astype(np.float32) / 40 - 150
    for image, file_format in ((counts, "PNG"), (counts, "TIFF"), (celsius, "TIFF")):
        found = channel_statistics(decode_image(encode(Image.fromarray(image), file_format)))
        assert (found["dead_pixels"], found["stuck_rows"], found["stuck_columns"]) == (1, 0, 1), image.dtype
        assert (found["overlay_fraction"], found["colour_bar"]) == (None, None)


def test_pictures_that_are_too_small_are_not_judged() -> None:
    found = statistics_of(np.arange(42, dtype=np.uint8).reshape(6, 7) * 6)
    assert [found[name] for name in ("stuck_rows", "stuck_columns", "dead_pixels")] == [None] * 3


def test_the_laplacian_is_that_of_its_definition() -> None:
    c = np.random.default_rng(7).integers(0, 256, (9, 13))
    expected = 4 * c[1:-1, 1:-1] - c[:-2, 1:-1] - c[2:, 1:-1] - c[1:-1, :-2] - c[1:-1, 2:]
    assert np.array_equal(laplacian(c), expected)


def test_compiled_and_plain_ways_agree(frames: list[Levels]) -> None:
    """8-bit planes go through compiled loops, deeper ones through array operations: one definition."""
    rng = np.random.default_rng(8)
    for levels in frames:
        planted = with_column(with_dead_pixels(levels, 6, 70, rng), "offset", 20, rng)
        assert stuck_lines(planted) == stuck_lines(planted.astype(np.int32))
        assert dead_pixels(planted) == dead_pixels(planted.astype(np.int32))


def test_steps_of_coarse_levels_and_the_edge_of_clipped_areas_are_no_dead_pixels(frames: list[Levels]) -> None:
    found = wrong = 0
    for levels in frames:
        coarse = (levels // 86 * 127).astype(np.uint8)  # three levels
        clipped = np.clip(levels.astype(np.int16) * 2 - int(np.median(levels)), 0, 255).astype(np.uint8)
        wrong += (dead_pixels(coarse) or 0) + (dead_pixels(clipped) or 0)
        planted = with_dead_pixels(clipped, 4, 100, np.random.default_rng(6))
        assert dead_pixels(planted) == dead_pixels(planted.astype(np.int32))
        found += dead_pixels(planted) or 0
    assert wrong <= 2  # one in eight pictures
    assert found >= 0.6 * 4 * len(frames)  # twice the contrast is twice the noise beside them
