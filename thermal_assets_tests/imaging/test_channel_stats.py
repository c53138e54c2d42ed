"""The numbers of a picture, each against its definition written out."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from thermal_assets.imaging.channel_stats import channel_statistics, laplacian_variance
from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.decoded_image import DecodedImage
from thermal_assets.imaging.palettes import palette_curve, palette_table
from thermal_assets.lenses.pseudo_images import pseudo_images
from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.imaging.pictures import (
    colours,
    counts_16_bit,
    encode,
    grey_levels,
    png_of_bytes,
    render,
    thermal_scene,
    tiff_of_shorts,
)


def statistics_of(image: Image.Image, file_format: str = "PNG") -> dict[str, object]:
    return channel_statistics(decode_image(encode(image, file_format)))


def test_keys_are_the_columns_of_the_table() -> None:
    names = TABLES["channel_stats"].column_names
    expected = names[names.index("format") : names.index("radiometric") + 1]
    for image in (grey_levels(), colours(), counts_16_bit(), grey_levels() > 99):
        assert list(statistics_of(Image.fromarray(image))) == expected


def test_means_deviations_and_ends_are_exact_and_leave_alpha_out() -> None:
    rgba = Image.fromarray(colours())
    rgba.putalpha(Image.fromarray(grey_levels(9)))
    found = statistics_of(rgba)
    for index, name in enumerate("rgb"):
        channel = colours()[:, :, index].astype(np.float64)
        assert found[f"mean_{name}"] == pytest.approx(channel.mean(), rel=1e-14)
        assert found[f"std_{name}"] == pytest.approx(channel.std(), rel=1e-14)
    assert (found["minimum"], found["maximum"]) == (colours().min(), colours().max())
    assert (found["has_alpha"], found["alpha_constant"], found["channel_count"]) == (True, False, 4)


def test_a_constant_alpha_is_told_from_one_that_varies_and_from_none() -> None:
    image = Image.fromarray(colours())
    assert statistics_of(image)["alpha_constant"] is None
    image.putalpha(255)
    assert statistics_of(image)["alpha_constant"] is True


def test_entropy_counts_levels() -> None:
    four = np.repeat(np.array([10, 60, 110, 160], dtype=np.uint8), 25).reshape(10, 10)
    assert statistics_of(Image.fromarray(four))["entropy"] == pytest.approx(2.0)
    assert statistics_of(Image.fromarray(np.full((9, 9), 7, np.uint8)))["entropy"] == 0.0
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert statistics_of(Image.fromarray(every))["entropy"] == pytest.approx(8.0)
    # Sensor counts fill a small part of 16 bits; every level of them counts.
    for counts in (every.astype(np.uint16) * 257, every + np.uint16(30_000)):
        assert statistics_of(Image.fromarray(counts))["entropy"] == pytest.approx(8.0)


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    grey = grey_levels().astype(np.float64) / 255.0
    edges = [
        4 * grey[y, x] - grey[y - 1, x] - grey[y + 1, x] - grey[y, x - 1] - grey[y, x + 1]
        for y in range(1, grey.shape[0] - 1)
        for x in range(1, grey.shape[1] - 1)
    ]
    assert statistics_of(Image.fromarray(grey_levels()))["sharpness"] == pytest.approx(np.var(edges), rel=1e-12)
    deep = grey_levels().astype(np.uint16) * 257
    assert statistics_of(Image.fromarray(deep))["sharpness"] == pytest.approx(np.var(edges), rel=1e-12)
    ramp = np.add.outer(np.arange(9), np.arange(9)).astype(np.uint8)
    assert laplacian_variance(ramp, 255.0) == 0.0
    assert laplacian_variance(np.zeros((2, 40), np.uint8), 255.0) is None


@pytest.mark.parametrize("name", ["grey", "iron", "inferno", "rainbow", "jet"])
def test_relative_sharpness_falls_with_blur_and_with_nothing_else(name: str) -> None:
    scene = pseudo_images(1, 128, 5)[0, :, :, 0]
    table = palette_table(name)

    def relative(levels: np.ndarray) -> float:
        found = statistics_of(Image.fromarray(table[levels]))["relative_sharpness"]
        assert isinstance(found, float)
        return found

    usual = relative(scene)
    grey = statistics_of(Image.fromarray(scene))["relative_sharpness"]
    assert isinstance(grey, float)
    assert usual == pytest.approx(grey, rel=0.5)  # palettes are no straight lines in luminance
    assert relative(scene // 2 + 60) == pytest.approx(usual, rel=0.5)  # half of the contrast
    blurred = np.asarray(Image.fromarray(scene).filter(ImageFilter.GaussianBlur(3)))
    assert relative(blurred) < 0.2 * usual


def test_saturated_fraction_counts_both_ends() -> None:
    levels = np.full((10, 10), 100, np.uint8)
    levels[0, :3] = 0
    levels[9, :4] = 255
    assert statistics_of(Image.fromarray(levels))["saturated_fraction"] == pytest.approx(0.07)
    assert statistics_of(Image.fromarray(np.dstack([levels] * 3)))["saturated_fraction"] == pytest.approx(0.07)
    deep = levels.astype(np.uint16) * 257
    assert statistics_of(Image.fromarray(deep))["saturated_fraction"] == pytest.approx(0.07)
    deep_colour = decode_image(png_of_bytes(np.dstack([deep] * 3), color_type=2))
    assert channel_statistics(deep_colour)["saturated_fraction"] == pytest.approx(0.07)


@pytest.mark.parametrize("name", ["jet", "turbo", "rainbow", "iron", "inferno"])
def test_clipped_pixels_are_those_at_the_end_of_the_palette(name: str) -> None:
    """Also where luminance falls towards the hot end, and on a camera's palette that ends a little before the known one."""
    scene = thermal_scene(np.random.default_rng(4))
    for curve in (palette_curve(name), palette_curve(name)[np.linspace(0, 252, 256).astype(int)]):
        whole = statistics_of(Image.fromarray(render(curve, scene, None)))
        assert whole["palette"] == name
        assert whole["saturated_fraction"] < 0.02
        clipped = np.clip(scene / np.quantile(scene, 0.7), 0.0, 1.0)
        found = statistics_of(Image.fromarray(render(curve, clipped, None)))
        assert found["clipped_high_fraction"] == pytest.approx(0.3, abs=0.03)
        assert found["clipped_low_fraction"] < 0.02


def test_equal_pictures_hash_alike_in_every_container() -> None:
    indexed = Image.fromarray(colours()).quantize(32)
    rgb = indexed.convert("RGB")
    rgba = rgb.copy()
    rgba.putalpha(Image.fromarray(grey_levels()))
    same = {
        statistics_of(image, name)["pixel_hash"]
        for image, name in ((indexed, "PNG"), (rgb, "PNG"), (rgba, "PNG"), (rgb, "TIFF"), (rgb, "BMP"))
    }
    assert len(same) == 1
    grey = Image.fromarray(grey_levels())
    assert statistics_of(grey)["pixel_hash"] == statistics_of(grey.convert("RGB"), "BMP")["pixel_hash"]
    other = colours()
    other[-1, -1, 2] ^= 1
    assert (
        statistics_of(Image.fromarray(other))["pixel_hash"] != statistics_of(Image.fromarray(colours()))["pixel_hash"]
    )
    turned = Image.fromarray(np.zeros((4, 6), np.uint8))
    assert (
        statistics_of(turned)["pixel_hash"] != statistics_of(turned.transpose(Image.Transpose.ROTATE_90))["pixel_hash"]
    )


def test_deep_pictures_hash_by_their_native_levels() -> None:
    counts = counts_16_bit()
    hashes = {
        channel_statistics(decode_image(data))["pixel_hash"]
        for data in (encode(Image.fromarray(counts)), tiff_of_shorts(counts, "<"), tiff_of_shorts(counts, ">"))
    }
    assert len(hashes) == 1
    # One count apart is invisible after scaling to 8 bits, and another picture all the same.
    shifted = counts + np.uint16(1)
    before, after = decode_image(encode(Image.fromarray(counts))), decode_image(encode(Image.fromarray(shifted)))
    assert np.array_equal(before.rgb, after.rgb)
    assert channel_statistics(after)["pixel_hash"] not in hashes


def test_pictures_without_a_single_number_have_no_statistics() -> None:
    nothing = decode_image(encode(Image.fromarray(np.full((5, 5), np.nan, np.float32)), "TIFF"))
    found = channel_statistics(nothing)
    assert found["mean_r"] is None
    assert found["sharpness"] is None
    assert (found["width"], found["palette"]) == (5, "grey")


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2)])
def test_tiny_pictures_have_statistics(shape: tuple[int, int]) -> None:
    found = statistics_of(Image.fromarray(np.full((*shape, 3), 40, np.uint8)))
    assert found["mean_g"] == 40.0
    assert found["std_g"] == 0.0


def test_large_pictures_do_not_overflow() -> None:
    side = 3600  # pixels times squares are then more than 64 bits hold
    white = np.full((side, side), 255, np.uint8)
    image = DecodedImage(np.broadcast_to(white[:, :, None], (side, side, 3)), white, None, "L", "PNG", 8, 1)
    found = channel_statistics(image)
    assert (found["mean_r"], found["std_r"]) == (255.0, 0.0)
