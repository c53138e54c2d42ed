"""Every damaged, hostile or foreign file gets one plain line, and nothing else ever comes out."""

from __future__ import annotations

import pickle
import random
import struct
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from thermal_assets.imaging.channel_stats import channel_statistics
from thermal_assets.imaging.decode import DecodeLimits, decode_image
from thermal_assets.imaging.problems import PROBLEM_CODES, ImageProblem
from thermal_assets_tests.imaging.pictures import (
    HEIGHT,
    WIDTH,
    colours,
    counts_16_bit,
    encode,
    grey_levels,
    png_chunk,
    png_of_bytes,
    problem_of,
    tiff_of_shorts,
)

# First column and line, and the steps, of each pass of an interlaced PNG.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
GREY = Image.fromarray(grey_levels())
RGB = Image.fromarray(colours())
ALPHA = Image.fromarray(grey_levels(1))


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
    # The last bytes of a BMP may be padding and that of a GIF is a mere full stop: the picture is whole without.
    ends = [len(data) - 1] if data[:2] not in (b"BM", b"GI") else []
    for length in [*range(10, len(data) - 2, 10), *ends]:
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


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_with_fewer_lines_than_its_header_says_is_no_picture(mode: str) -> None:
    """Every checksum is right; Pillow shows the missing lines black."""
    image = Image.fromarray(counts_16_bit()) if mode == "I;16" else RGB.convert("RGB").convert(mode)
    whole = encode(image)
    width, height = struct.unpack(">II", whole[16:24])
    header = png_chunk(b"IHDR", struct.pack(">II", width, 2 * height) + whole[24:29])
    decode_image(whole)
    assert problem_of(whole[:8] + header + whole[33:]).code == "truncated"


def test_interlaced_pngs_are_whole() -> None:
    passes = [np.ascontiguousarray(colours()[y::dy, x::dx]) for x, y, dx, dy in ADAM7]
    lines = b"".join(b"\x00" + line.tobytes() for part in passes if part.size for line in part)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 1))
    for data, whole in ((lines, True), (lines[:-1], False)):
        png = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b"")
        if whole:
            assert np.array_equal(decode_image(png).rgb, colours())
        else:
            assert problem_of(png).code == "truncated"


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_with_a_part_missing_in_the_middle_is_no_picture(progressive: bool) -> None:
    """Its end is there; libjpeg fills the rest with grey, and Pillow does not say so."""
    whole = bytearray(encode(RGB, "JPEG", progressive=progressive))
    frame = whole.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    height = struct.unpack(">H", whole[frame + 5 : frame + 7])[0]
    decode_image(bytes(whole))
    whole[frame + 5 : frame + 7] = struct.pack(">H", 2 * height)
    assert problem_of(bytes(whole)).code == "truncated"


def test_a_jpeg_that_its_decoder_had_to_mend_is_kept_and_told() -> None:
    """A restart marker out of turn: libjpeg goes on with the next part, and Pillow does not pass on what it says."""
    whole = encode(RGB, "JPEG", restart_marker_blocks=1)
    assert whole.count(b"\xff\xd1") == 1
    decoded = decode_image(whole.replace(b"\xff\xd1", b"\xff\xd4"))
    assert [code for code, _ in decoded.problems] == ["damaged_picture"]


def test_bytes_behind_the_lines_of_a_jpeg_harm_nothing() -> None:
    whole = encode(RGB, "JPEG")
    decoded = decode_image(whole[:-2] + bytes(range(1, 9)) + whole[-2:])
    assert not decoded.problems
    assert np.array_equal(decoded.rgb, decode_image(whole).rgb)


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


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_no_accident_raises_anything_but_an_image_problem(capfd: pytest.CaptureFixture[str]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "camera"
    rgba = RGB.copy()
    rgba.putalpha(ALPHA)
    seeds = [
        encode(RGB), encode(rgba, exif=exif), encode(RGB.quantize(8), transparency=1), png_of_bytes(counts_16_bit(), 0),
        png_of_bytes(np.dstack([counts_16_bit()] * 3), 2),
        encode(RGB, "JPEG", exif=exif), encode(GREY, "JPEG", progressive=True),
        encode(RGB.convert("CMYK"), "JPEG"), encode(RGB, "MPO", save_all=True, append_images=[RGB]),
        tiff_of_shorts(counts_16_bit(), ">"), tiff_of_shorts(np.dstack([counts_16_bit()] * 3)),
        *(encode(RGB, "TIFF", compression=c) for c in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")),
        encode(Image.fromarray(counts_16_bit().astype(np.float32)), "TIFF"), encode(RGB, "BMP"), encode(RGB, "WEBP"),
        encode(RGB, "GIF", save_all=True, append_images=[GREY]), encode(GREY, "PPM"),
    ]  # fmt: skip
    rng = random.Random(20210315)
    codes: Counter[str] = Counter()
    messages = []
    for _ in range(30):
        for data in seeds:
            try:
                decoded = decode_image(mutated(data, rng), DecodeLimits(max_pixels=1_000_000))
            except ImageProblem as problem:
                codes[problem.code] += 1
                messages.append(problem.message)
            else:
                codes["decoded"] += 1
                channel_statistics(decoded)
                assert decoded.rgb.shape[:2] == decoded.native.shape[:2]
    assert set(codes) <= PROBLEM_CODES | {"decoded"}
    assert not any("\n" in message for message in messages)
    assert min(codes["decoded"], codes["truncated"], codes["corrupt"]) > 20
    assert capfd.readouterr().err == ""
