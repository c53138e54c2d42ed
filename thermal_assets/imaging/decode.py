"""One file's bytes to one picture, or to one plain reason why not."""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    _imaging,
)

from thermal_assets.imaging.container_noise import container_noise, noise_of_steps
from thermal_assets.imaging.containers import FORMATS, check_jpeg, check_png, check_png_data, check_tiff, sniff_format
from thermal_assets.imaging.decoded_image import DecodedImage
from thermal_assets.imaging.fast_jpeg import check_jpeg_data, decode_plain_jpeg
from thermal_assets.imaging.fast_png import decode_plain_png
from thermal_assets.imaging.pixels import Pixels, displayed, extract_pixels, reopen, sixteen_bit_colour
from thermal_assets.imaging.problems import ImageProblem, as_problem, one_line
from thermal_assets.imaging.radiometric import Radiometric, read_radiometric

# Pillow warns about odd metadata on stderr, file by file; what matters here becomes a problem instead.
# A filter set once is safe with threads, which warnings.catch_warnings around every file is not.
warnings.filterwarnings("ignore", module=r"PIL\.")
# Its loggers reach stderr too where a program has set up no logging.
logging.getLogger("PIL").addHandler(logging.NullHandler())
# libtiff writes its errors to stderr from C, and Pillow leaves that on. Found through Pillow's own extension,
# so that it is the libtiff in use; where that is linked in statically there is nothing to find, and no harm.
with contextlib.suppress(AttributeError, OSError):
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)

_ORIENTATION_TAG = 0x0112
_MORE_FRAMES = frozenset({"GIF", "TIFF", "PNG", "WEBP"})  # in MPO a second picture is the rule (a preview)


@dataclass(frozen=True)
class DecodeLimits:
    """What is refused before a pixel is decoded: more than ``max_pixels`` (a frame) or ``max_bytes`` (a file)."""

    max_pixels: int = 64_000_000
    max_bytes: int = 256 * 1024 * 1024


DEFAULT_LIMITS = DecodeLimits()


def decode_image(data: bytes, limits: DecodeLimits = DEFAULT_LIMITS) -> DecodedImage:
    """Decode the bytes of one file (its first frame).

    Raises ``ImageProblem`` and nothing else, whatever the bytes: see ``problems.PROBLEM_CODES``.
    """
    if not data:
        raise ImageProblem("empty_file", "The file has no bytes")
    if len(data) > limits.max_bytes:
        raise ImageProblem("too_large_file", f"More than the {limits.max_bytes:,} bytes that are read of one file")
    file_format = sniff_format(data)
    if file_format is None:
        raise ImageProblem("not_an_image", f"The content is none of {', '.join(FORMATS)}")
    try:
        return _decode(data, file_format, limits)
    except Exception as error:
        raise as_problem(error, file_format) from error


def _decode(data: bytes, file_format: str, limits: DecodeLimits) -> DecodedImage:
    problems: list[tuple[str, str]] = []
    thermogram = Radiometric()
    sixteen_bit_png = False
    if file_format == "PNG":
        png = check_png(data)
        _check_size(png.width, png.height, limits)
        data = png.data
        sixteen_bit_png = png.bit_depth == 16 and png.color_type != 0
        if png.damaged:
            names = ", ".join(sorted(set(png.damaged)))
            problems.append(
                ("damaged_metadata", f"Chunk {names} has a wrong checksum and was left out; the picture is whole")
            )
        plain = decode_plain_png(png)
        if plain is not None:
            return _plain("PNG", *plain, problems)
        check_png_data(png)
    elif file_format == "JPEG":
        jpeg = check_jpeg(data)
        _check_size(jpeg.width, jpeg.height, limits)
        levels = decode_plain_jpeg(data, jpeg) if jpeg.steps is not None else None
        if levels is not None and jpeg.steps is not None:
            return _plain("JPEG", levels, None, problems, noise_of_steps(jpeg.steps))
        damage = check_jpeg_data(data)
        if damage is not None:
            problems.append(damage)
        thermogram = read_radiometric(data, jpeg, limits.max_pixels)
        if thermogram.problem is not None:
            problems.append(thermogram.problem)
    elif file_format == "TIFF":
        check_tiff(data)
    image = _OPENERS[file_format](io.BytesIO(data))
    _check_size(*image.size, limits)
    mode = image.mode
    pixels = None
    if sixteen_bit_png or (file_format in ("TIFF", "PPM") and _cut_to_bytes(image)):
        pixels = sixteen_bit_colour(image, reopen(data, _OPENERS[file_format]))
        if pixels is None:
            problems.append(
                ("depth_reduced", "More than 8 bits a colour; only the upper 8 were read, grey files keep all")
            )
    if pixels is None:
        image.load()
        pixels = extract_pixels(image, file_format)
    turned = _upright(pixels, image, file_format, problems)
    as_loaded = image.mode in ("L", "RGB") and pixels.bit_depth == 8 and not turned
    if file_format in _MORE_FRAMES and _has_more_frames(image):
        problems.append(("more_frames", "The file holds several pictures; only the first was read"))
    if pixels.native.dtype.kind == "f" and (lost := int(np.count_nonzero(~np.isfinite(pixels.native)))):
        problems.append(("not_finite", f"{lost:,} pixels are NaN or infinite; they are left out of the statistics"))
    return DecodedImage(
        rgb=displayed(pixels.native if pixels.bit_depth > 1 else pixels.native * np.uint8(255)),
        native=pixels.native,
        alpha=pixels.alpha,
        mode=mode,
        format=image.format or file_format,
        bit_depth=pixels.bit_depth,
        channel_count=pixels.channel_count,
        thermogram=thermogram,
        noise=container_noise(image, file_format, data),
        problems=problems,
        loaded=image if as_loaded else None,
    )


def _plain(
    file_format: str,
    native: NDArray[np.uint8],
    alpha: NDArray[np.uint8] | None,
    problems: list[tuple[str, str]],
    noise: float = 0.0,
) -> DecodedImage:
    mode = "L" if native.ndim == 2 else "RGB" if alpha is None else "RGBA"
    return DecodedImage(
        rgb=displayed(native),
        native=native,
        alpha=alpha,
        mode=mode,
        format=file_format,
        bit_depth=8,
        channel_count=len(mode),
        noise=noise,
        problems=problems,
    )


def _check_size(width: int, height: int, limits: DecodeLimits) -> None:
    if width * height > limits.max_pixels:
        raise ImageProblem(
            "too_many_pixels", f"{width:,} x {height:,} pixels; at most {limits.max_pixels:,} are decoded"
        )


def _cut_to_bytes(image: ImageFile.ImageFile) -> bool:
    """A colour picture of more than 8 bits a channel, which Pillow would cut to 8."""
    if image.mode not in ("RGB", "RGBA", "CMYK"):
        return False
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(258)
        return bits is not None and max(bits) > 8
    tile = image.tile[0]
    return tile.codec_name.startswith("ppm") and isinstance(tile.args, tuple) and int(tile.args[1]) > 255


def _has_more_frames(image: ImageFile.ImageFile) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # damage behind the first frame, which is whole
        return True


def _upright(pixels: Pixels, image: ImageFile.ImageFile, file_format: str, problems: list[tuple[str, str]]) -> bool:
    """Turn the arrays as the EXIF or XMP orientation says, and say whether; Pillow has done so already for TIFF."""
    if file_format == "TIFF" or not image.info.keys() & {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}:
        return False
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception as error:
        problems.append(("bad_exif", f"EXIF unreadable, the picture is shown as stored ({one_line(error, 80)})"))
        return False
    if turn is not None:
        pixels.native = np.ascontiguousarray(turn(pixels.native))
        pixels.alpha = None if pixels.alpha is None else np.ascontiguousarray(turn(pixels.alpha))
    return turn is not None


# EXIF 2.3, tag 0x0112: where row 0 and column 0 of the stored picture belong.
_TURNS: dict[Any, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


def _open_jpeg(stream: io.BytesIO) -> ImageFile.ImageFile:
    try:
        return JpegImagePlugin.jpeg_factory(stream)
    except (AssertionError, KeyError, ValueError):  # a damaged index of further pictures; the first may be whole
        stream.seek(0)
        return JpegImagePlugin.JpegImageFile(stream)


# The plugins directly: Image.open would try others on failure, hide why, and warn about sizes.
_OPENERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": _open_jpeg,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "PPM": PpmImagePlugin.PpmImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}
