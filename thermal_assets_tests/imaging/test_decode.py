"""Every kind of picture decodes to its own levels; every damaged file gets one plain line."""

from __future__ import annotations

import pickle
import random
import struct
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from thermal_assets.imaging.channel_stats import channel_statistics
from thermal_assets.imaging.decode import DecodeLimits, ImageProblem, decode_image
from thermal_assets.imaging.problems import PROBLEM_CODES
from thermal_assets_tests.imaging.pictures import (
    HEIGHT,
    WIDTH,
    colours,
    counts_16_bit,
    encode,
    grey_levels,
    jpeg_segment,
    png_chunk,
    png_of_bytes,
    tiff_of_shorts,
    with_segments,
)

GREY = Image.fromarray(grey_levels())
RGB = Image.fromarray(colours())
ALPHA = Image.fromarray(grey_levels(1))


def problem_of(data: bytes, **limits: int) -> ImageProblem:
    with pytest.raises(ImageProblem) as caught:
        decode_image(data, DecodeLimits(**limits))
    assert caught.value.code in PROBLEM_CODES
    assert "\n" not in caught.value.message
    return caught.value


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


@pytest.mark.parametrize(
    "data",
    [
        encode(RGB),
        encode(RGB, "JPEG"),
        encode(RGB, "JPEG", progressive=True),
        encode(Image.fromarray(counts_16_bit()), "TIFF"),
        encode(RGB, "TIFF", compression="tiff_lzw"),
        encode(RGB, "BMP"),
        encode(RGB, "WEBP"),
        encode(RGB, "GIF"),
    ],
    ids=["png", "jpeg", "progressive", "tiff", "tiff-lzw", "bmp", "webp", "gif"],
)
def test_a_file_cut_anywhere_is_truncated_not_padded(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    decode_image(data)
    for length in [*range(10, len(data), 10), len(data) - 1]:
        assert problem_of(data[:length]).code == "truncated", length
    assert capfd.readouterr().err == ""


def test_content_that_is_no_picture() -> None:
    assert problem_of(b"").code == "empty_file"
    assert problem_of(b"name,temperature\nA,20\n").code == "not_an_image"
    assert problem_of(bytes(500)).code == "not_an_image"
    assert problem_of(b"%PDF-1.4 and so on").code == "not_an_image"


def test_a_flipped_bit_in_the_picture_data_of_a_png_is_seen() -> None:
    data = bytearray(encode(RGB))
    data[data.index(b"IDAT") + 40] ^= 0x10
    assert problem_of(bytes(data)).code == "corrupt"


def test_a_damaged_text_in_a_png_does_not_cost_the_picture() -> None:
    data = encode(RGB)
    text = bytearray(png_chunk(b"tEXt", b"Comment\x00made by hand"))
    text[-1] ^= 0xFF
    decoded = decode_image(data[:33] + bytes(text) + data[33:])
    assert np.array_equal(decoded.rgb, colours())
    assert [code for code, _ in decoded.problems] == ["damaged_metadata"]


def test_a_header_that_promises_a_giant_is_refused_before_decoding() -> None:
    giant = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    assert problem_of(giant + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")).code == "too_many_pixels"
    jpeg = bytearray(encode(RGB, "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    assert problem_of(bytes(jpeg)).code == "too_many_pixels"
    bmp = bytearray(encode(RGB, "BMP"))
    bmp[18:26] = struct.pack("<ii", 100_000, 100_000)
    assert problem_of(bytes(bmp)).code == "too_many_pixels"


def test_limits_are_the_callers() -> None:
    data = encode(RGB)
    decode_image(data, DecodeLimits(max_pixels=WIDTH * HEIGHT))
    assert problem_of(data, max_pixels=WIDTH * HEIGHT - 1).code == "too_many_pixels"
    assert problem_of(data, max_bytes=len(data) - 1).code == "too_large_file"


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


def test_problems_survive_the_way_between_processes() -> None:
    problem = problem_of(b"no picture")
    copy = pickle.loads(pickle.dumps(problem))
    assert (copy.code, copy.message) == (problem.code, problem.message)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """``data`` with one to four accidents: bytes changed, cut out, doubled, or the end lost."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not out:
            break
        at, length = rng.randrange(len(out)), rng.randint(1, 12)
        accident = rng.randrange(5)
        if accident == 0:
            out[at : at + length] = rng.randbytes(length)
        elif accident == 1:
            out[at] ^= 1 << rng.randrange(8)
        elif accident == 2:
            del out[at : at + length]
        elif accident == 3:
            out[at:at] = out[at : at + length]
        else:
            out[at : at + 4] = rng.choice([b"\x00" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff"])
    return bytes(out)


def test_no_accident_raises_anything_but_an_image_problem(capfd: pytest.CaptureFixture[str]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "camera"
    rgba = RGB.copy()
    rgba.putalpha(ALPHA)
    seeds = [
        encode(RGB), encode(rgba, exif=exif), encode(RGB.quantize(8), transparency=1), png_of_bytes(counts_16_bit(), 0),
        png_of_bytes(np.dstack([counts_16_bit()] * 3), 2), encode(RGB, "JPEG", exif=exif), encode(GREY, "JPEG", progressive=True),
        encode(RGB.convert("CMYK"), "JPEG"), encode(RGB, "MPO", save_all=True, append_images=[RGB]),
        tiff_of_shorts(counts_16_bit(), ">"), tiff_of_shorts(np.dstack([counts_16_bit()] * 3)),
        *(encode(RGB, "TIFF", compression=c) for c in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")),
        encode(Image.fromarray(counts_16_bit().astype(np.float32)), "TIFF"), encode(RGB, "BMP"), encode(RGB, "WEBP"),
        encode(RGB, "GIF", save_all=True, append_images=[GREY]), encode(GREY, "PPM"),
    ]  # fmt: skip
    rng = random.Random(20210315)
    codes: dict[str, int] = {}
    for round_number in range(30):
        for data in seeds:
            broken = mutated(data, rng)
            try:
                decoded = decode_image(broken, DecodeLimits(max_pixels=1_000_000))
            except ImageProblem as problem:
                codes[problem.code] = codes.get(problem.code, 0) + 1
                assert "\n" not in problem.message, round_number
            else:
                codes["decoded"] = codes.get("decoded", 0) + 1
                channel_statistics(decoded)
                assert decoded.rgb.shape[:2] == decoded.native.shape[:2]
    assert sum(codes.values()) == 30 * len(seeds)
    assert set(codes) <= PROBLEM_CODES | {"decoded"}
    assert min(codes["decoded"], codes["truncated"], codes["corrupt"]) > 20
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the sample archive of the shared folder")
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
        "FlirImageExtractor__ax8.jpg": "JPEG 640x480 present, not read",
        "FlirImageExtractor__flir_example.jpg": "JPEG 480x640 present, not read",
        "FlirImageExtractor__zenmuse_xtr.jpg": "JPEG 640x512 present, not read",
        "thermal_parser__H20T__DJI_0001_R.JPG": "MPO 640x512 present, not read",
        "thermal_parser__H20T__DJI_0002_R.JPG": "MPO 640x512 present, not read",
        "thermal_parser__M3T__DJI_0001_R.JPG": "MPO 640x512 present, not read",
        "thermal_parser__M3T__DJI_0002_R.JPG": "MPO 640x512 present, not read",
        "thermal_parser__XTS__DJI_0001_R.jpg": "truncated",  # its end is missing indeed
        "thermal_parser__XTS__DJI_0002_R.jpg": "JPEG 640x512 present, not read",
    }
