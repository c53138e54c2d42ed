"""One file's bytes to one picture, or to one plain reason why not."""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    _imaging,
)

from thermal_assets.imaging.container_noise import container_noise, noise_of_steps
from thermal_assets.imaging.containers import FORMATS, check_jpeg, check_png, check_tiff, sniff_format
from thermal_assets.imaging.fast_jpeg import decode_plain_jpeg
from thermal_assets.imaging.fast_png import decode_plain_png
from thermal_assets.imaging.lazy import lazy
from thermal_assets.imaging.palettes import GREY, PaletteMatch, match_palette
from thermal_assets.imaging.pixels import Pixels, displayed, extract_pixels, reopen, seen_as, sixteen_bit_colour
from thermal_assets.imaging.problems import ImageProblem, as_problem, one_line
from thermal_assets.imaging.radiometric import Radiometric, read_radiometric

if TYPE_CHECKING:
    from thermal_assets.imaging.structure import Structure

__all__ = ["DEFAULT_LIMITS", "DecodeLimits", "DecodedImage", "ImageProblem", "decode_image"]

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
_ONE_CHANNEL = PaletteMatch(GREY, 0, 1.0)
_MORE_FRAMES = frozenset({"GIF", "TIFF", "PNG", "WEBP"})  # in MPO a second picture is the rule (a preview)


@dataclass(frozen=True)
class DecodeLimits:
    """What is refused before a pixel is decoded: more than ``max_pixels`` (a frame) or ``max_bytes`` (a file)."""

    max_pixels: int = 64_000_000
    max_bytes: int = 256 * 1024 * 1024


DEFAULT_LIMITS = DecodeLimits()


@dataclass(eq=False)
class DecodedImage:
    """A decoded picture; all arrays after EXIF rotation.

    rgb: uint8 [H, W, 3] as displayed: palette expanded, alpha dropped and not composited, pictures deeper
    than 8 bits scaled by their own min..max. native: [H, W] or [H, W, 3] in native dtype without alpha.
    alpha: uint8 or uint16 [H, W], or None. mode: pixel mode of the file in Pillow's names. format: by
    content. bit_depth: bits a channel. channel_count: channels with alpha, palettes expanded.
    thermogram: the temperatures that the file carries beside its picture. noise: levels of 0..255 within which
    lossy compression left 95 % of the pixels. problems: (code, message) that did not keep it from decoding.
    Arrays may be read only. loaded: the picture as the decoder left it, where that is ``rgb``, to save a copy.
    """

    rgb: NDArray[np.uint8]
    native: NDArray[Any]
    alpha: NDArray[Any] | None
    mode: str
    format: str
    bit_depth: int
    channel_count: int
    thermogram: Radiometric = field(default_factory=Radiometric)
    noise: float = 0.0
    problems: list[tuple[str, str]] = field(default_factory=list)
    loaded: Image.Image | None = None

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])

    @property
    def radiometric(self) -> str:
        """'none', 'present, not read' or 'read'."""
        return self.thermogram.state

    @lazy
    def palette(self) -> PaletteMatch:
        """The pseudo-colour palette; a picture of one channel is grey."""
        return _ONE_CHANNEL if self.native.ndim == 2 else match_palette(self.rgb)

    @lazy
    def structure(self) -> Structure:
        """Lines, pixels and graphics that do not come from the scene; of pictures of 8 bits."""
        from thermal_assets.imaging.structure import structure_of

        return structure_of(self)

    @lazy
    def picture(self) -> Image.Image:
        """``rgb`` as a Pillow image: mode L where the picture is grey in the file, else RGB."""
        if self.loaded is not None:
            return self.loaded
        if self.native.ndim == 2:
            return Image.fromarray(
                self.native if self.native.dtype == np.uint8 and self.bit_depth == 8 else self.rgb[:, :, 0]
            )
        return Image.fromarray(self.rgb)

    @lazy
    def level_counts(self) -> NDArray[np.uint32]:
        """uint32 [3, 256]: how many pixels of ``rgb`` have each level, per channel."""
        return self._scan[0][:3]

    @property
    def luminance_counts(self) -> NDArray[np.uint32]:
        """uint32 [256]: how many pixels of ``luminance`` have each level."""
        return self._scan[0][3]

    @property
    def luminance(self) -> NDArray[np.uint8]:
        """uint8 [H, W]: ITU-R BT.601 of ``rgb``, as Pillow's conversion to L; the levels themselves where grey."""
        return self._scan[1]

    @lazy
    def _scan(self) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        if self.native.ndim == 2:
            from thermal_assets.imaging.plane_kernels import count_levels

            plain = self.native.dtype == np.uint8 and self.bit_depth == 8
            levels = np.ascontiguousarray(self.native if plain else self.rgb[:, :, 0])
            one = np.zeros(256, np.uint32)
            count_levels(levels, one)
            return seen_as(one, (4, 256), (0, 4)), levels
        from thermal_assets.imaging.colour_kernels import scan_colours

        counts, luminance = np.zeros((4, 256), np.uint32), np.empty((self.height, self.width), np.uint8)
        scan_colours(np.ascontiguousarray(self.rgb), counts, luminance)
        return counts, luminance


def decode_image(data: bytes, limits: DecodeLimits = DEFAULT_LIMITS) -> DecodedImage:
    """Decode the bytes of one file (its first frame).

    Raises ``ImageProblem`` and nothing else, whatever the bytes: see ``problems.PROBLEM_CODES``.
    """
    if not data:
        raise ImageProblem("empty_file", "The file has no bytes")
    if len(data) > limits.max_bytes:
        raise ImageProblem("too_large_file", f"{len(data):,} bytes; at most {limits.max_bytes:,} are read")
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
    elif file_format == "JPEG":
        jpeg = check_jpeg(data)
        _check_size(jpeg.width, jpeg.height, limits)
        levels = decode_plain_jpeg(data, jpeg) if jpeg.steps is not None else None
        if levels is not None and jpeg.steps is not None:
            return _plain("JPEG", levels, None, problems, noise_of_steps(jpeg.steps))
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
