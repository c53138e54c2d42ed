"""Every kind of picture decodes to its own levels, alpha apart and the right way up."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from thermal_assets.imaging.channel_stats import channel_statistics
from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.problems import ImageProblem
from thermal_assets_tests.imaging.pictures import (
    HEIGHT,
    WIDTH,
    colours,
    counts_16_bit,
    encode,
    grey_levels,
    jpeg_segment,
    png_of_bytes,
    problem_of,
    tiff_of_shorts,
    with_segments,
)

GREY = Image.fromarray(grey_levels())
RGB = Image.fromarray(colours())
ALPHA = Image.fromarray(grey_levels(1))


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP"])
def test_eight_bit_pictures_come_back_level_by_level(file_format: str) -> None:
    grey = decode_image(encode(GREY, file_format))
    assert (grey.mode, grey.format, grey.bit_depth, grey.channel_count) == ("L", file_format, 8, 1)
    assert np.array_equal(grey.native, grey_levels())
    assert np.array_equal(grey.rgb, np.repeat(grey_levels()[:, :, None], 3, axis=2))
    rgb = decode_image(encode(RGB, file_format))
    assert (rgb.mode, rgb.channel_count, rgb.alpha) == ("RGB", 3, None)
    assert np.array_equal(rgb.rgb, colours())
    assert np.array_equal(rgb.native, colours())


def test_alpha_is_kept_apart_and_never_mixed_in() -> None:
    rgba = RGB.copy()
    rgba.putalpha(ALPHA)
    la = GREY.copy()
    la.putalpha(ALPHA)
    for image, native in ((rgba, colours()), (la, grey_levels())):
        decoded = decode_image(encode(image))
        assert decoded.alpha is not None
        assert np.array_equal(decoded.alpha, grey_levels(1))
        assert np.array_equal(decoded.native, native)
    assert decode_image(encode(rgba)).channel_count == 4
    assert decode_image(encode(la)).channel_count == 2


def test_palettes_are_expanded_and_their_transparency_becomes_alpha() -> None:
    indexed = RGB.quantize(16)
    plain = decode_image(encode(indexed))
    assert (plain.mode, plain.alpha) == ("P", None)
    assert np.array_equal(plain.rgb, np.array(indexed.convert("RGB")))
    keyed = decode_image(encode(indexed, transparency=3))
    assert keyed.alpha is not None
    assert np.array_equal(keyed.alpha == 0, np.array(indexed) == 3)
    assert np.array_equal(keyed.rgb, plain.rgb)


def test_a_transparent_colour_of_a_grey_or_rgb_png_becomes_alpha() -> None:
    level = int(grey_levels()[4, 5])
    decoded = decode_image(encode(GREY, transparency=level))
    assert decoded.alpha is not None
    assert np.array_equal(decoded.alpha == 0, grey_levels() == level)


def test_one_bit_and_cmyk_pictures() -> None:
    bits = grey_levels() > 127
    decoded = decode_image(encode(Image.fromarray(bits)))
    assert (decoded.mode, decoded.bit_depth) == ("1", 1)
    assert np.array_equal(decoded.native, bits)
    assert np.array_equal(decoded.rgb[:, :, 0], bits * 255)
    cmyk = decode_image(encode(RGB.convert("CMYK"), "TIFF"))
    assert (cmyk.mode, cmyk.channel_count) == ("CMYK", 4)
    assert np.array_equal(cmyk.rgb, colours())


@pytest.mark.parametrize(
    "data",
    [
        encode(Image.fromarray(counts_16_bit())),
        encode(Image.fromarray(counts_16_bit()), "TIFF"),
        encode(Image.fromarray(counts_16_bit()), "TIFF", compression="tiff_lzw"),
        tiff_of_shorts(counts_16_bit(), "<"),
        tiff_of_shorts(counts_16_bit(), ">"),
        encode(Image.fromarray(counts_16_bit().astype(np.int32)), "PPM"),
    ],
    ids=["png", "tiff", "tiff-lzw", "tiff-little-endian", "tiff-big-endian", "pgm"],
)
def test_sixteen_bits_are_not_squashed(data: bytes) -> None:
    counts = counts_16_bit()
    decoded = decode_image(data)
    assert decoded.bit_depth == 16
    assert decoded.native.dtype == np.uint16
    assert np.array_equal(decoded.native, counts)
    # What is looked at uses its own range in full.
    assert decoded.rgb.min() == 0
    assert decoded.rgb.max() == 255
    assert decoded.rgb[np.unravel_index(counts.argmax(), counts.shape)].tolist() == [255, 255, 255]
    statistics = channel_statistics(decoded)
    assert statistics["mean_r"] == pytest.approx(counts.mean())
    assert statistics["std_r"] == pytest.approx(counts.std())
    assert (statistics["minimum"], statistics["maximum"]) == (counts.min(), counts.max())


def test_sixteen_bit_colour_keeps_its_lower_bytes() -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(np.uint16)
    rgba = decode_image(png_of_bytes(values, color_type=6))
    assert rgba.alpha is not None
    assert np.array_equal(rgba.native, values[:, :, :3])
    assert np.array_equal(rgba.alpha, values[:, :, 3])
    la = decode_image(png_of_bytes(values[:, :, :2], color_type=4))
    assert la.alpha is not None
    assert np.array_equal(la.native, values[:, :, 0])
    assert np.array_equal(la.alpha, values[:, :, 1])
    for data in (
        png_of_bytes(values[:, :, :3], 2),
        tiff_of_shorts(values[:, :, :3], "<"),
        tiff_of_shorts(values[:, :, :3], ">"),
    ):
        rgb = decode_image(data)
        assert rgb.bit_depth == 16
        assert np.array_equal(rgb.native, values[:, :, :3])


def test_float_tiff_keeps_temperatures_and_reports_missing_ones() -> None:
    celsius = (counts_16_bit() / 100.0 - 60.0).astype(np.float32)
    celsius[3, 4] = np.nan
    decoded = decode_image(encode(Image.fromarray(celsius), "TIFF"))
    assert np.array_equal(decoded.native, celsius, equal_nan=True)
    assert [code for code, _ in decoded.problems] == ["not_finite"]
    statistics = channel_statistics(decoded)
    assert statistics["mean_r"] == pytest.approx(np.nanmean(celsius.astype(np.float64)))
    assert statistics["saturated_fraction"] is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_exif_orientation_turns_picture_levels_and_alpha_alike(orientation: int, file_format: str) -> None:
    image = RGB.copy()
    image.putalpha(ALPHA)
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode_image(encode(image, file_format, exif=exif))
    # The definition of the tag: which side of the scene the stored first row and first column are.
    first_row_is_side = orientation >= 5
    expected = {
        1: colours(), 2: colours()[:, ::-1], 3: colours()[::-1, ::-1], 4: colours()[::-1],
        5: colours().transpose(1, 0, 2), 6: np.rot90(colours(), -1), 7: np.rot90(colours().transpose(1, 0, 2), 2),
        8: np.rot90(colours(), 1),
    }[orientation]  # fmt: skip
    assert decoded.rgb.shape[:2] == ((WIDTH, HEIGHT) if first_row_is_side else (HEIGHT, WIDTH))
    assert np.array_equal(decoded.rgb, expected)
    assert np.array_equal(decoded.native, expected)
    assert decoded.alpha is not None
    assert decoded.alpha.shape == decoded.rgb.shape[:2]
    assert decoded.alpha[tuple(np.argwhere((expected == colours()[0, 0]).all(axis=2))[0])] == grey_levels(1)[0, 0]


def test_exif_orientation_of_a_jpeg() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = decode_image(encode(GREY, "JPEG", quality=95))
    turned = decode_image(encode(GREY, "JPEG", quality=95, exif=exif))
    assert np.array_equal(turned.native, np.rot90(upright.native, -1))


def test_modes_without_a_way_to_rgb_say_so() -> None:
    assert problem_of(encode(RGB.convert("LAB"), "TIFF")).code == "unsupported_mode"


def test_further_pictures_of_a_file_are_mentioned() -> None:
    decoded = decode_image(encode(GREY, "TIFF", save_all=True, append_images=[ALPHA]))
    assert np.array_equal(decoded.native, grey_levels())
    assert [code for code, _ in decoded.problems] == ["more_frames"]


def test_mpo_gives_its_first_picture() -> None:
    data = encode(RGB, "MPO", save_all=True, append_images=[GREY.convert("RGB")])
    decoded = decode_image(data)
    assert (decoded.format, decoded.problems) == ("MPO", [])
    assert np.array_equal(decoded.rgb, decode_image(encode(RGB, "JPEG")).rgb)


def test_radiometric_payloads_are_seen() -> None:
    plain = encode(RGB, "JPEG")
    exif = jpeg_segment(0xE1, b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00 DJI")
    thermal = jpeg_segment(0xE3, bytes(WIDTH * HEIGHT * 2))
    assert decode_image(plain).radiometric == "none"
    flir = with_segments(plain, jpeg_segment(0xE1, b"FLIR\x00\x01\x00\x00FFF\x00"))
    assert decode_image(flir).radiometric == "present, not read"
    assert decode_image(with_segments(plain, exif, thermal)).radiometric == "present, not read"
    assert decode_image(with_segments(plain, exif)).radiometric == "none"
    assert decode_image(with_segments(plain, thermal)).radiometric == "none"
    # A preview inside a segment has an end marker of its own, which must not pass for the picture's.
    assert problem_of(with_segments(plain, jpeg_segment(0xE1, plain))[: len(plain) + 200]).code == "truncated"


def test_real_radiometric_files_decode_or_are_explained(shared_dir: Path) -> None:
    outcomes = {}
    with ZipFile(shared_dir / "data" / "radiometric_samples.zip") as archive:
        for name in archive.namelist():
            if name.endswith("/"):
                continue
            try:
                decoded = decode_image(archive.read(name))
            except ImageProblem as problem:
                outcomes[Path(name).name] = problem.code
            else:
                outcomes[Path(name).name] = f"{decoded.format} {decoded.width}x{decoded.height} {decoded.radiometric}"
    assert outcomes == {
        "SOURCE.md": "not_an_image",
        "FlirImageExtractor__ax8.jpg": "JPEG 640x480 read",
        "FlirImageExtractor__flir_example.jpg": "JPEG 480x640 read",
        "FlirImageExtractor__zenmuse_xtr.jpg": "JPEG 640x512 read",
        "thermal_parser__H20T__DJI_0001_R.JPG": "MPO 640x512 present, not read",
        "thermal_parser__H20T__DJI_0002_R.JPG": "MPO 640x512 present, not read",
        "thermal_parser__M3T__DJI_0001_R.JPG": "MPO 640x512 present, not read",
        "thermal_parser__M3T__DJI_0002_R.JPG": "MPO 640x512 present, not read",
        "thermal_parser__XTS__DJI_0001_R.jpg": "truncated",  # its end is missing indeed
        "thermal_parser__XTS__DJI_0002_R.jpg": "JPEG 640x512 present, not read",
    }
