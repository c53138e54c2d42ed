"""The common kinds of JPEG straight through libjpeg-turbo: of small crops a fifteenth of the time that Pillow takes.

Pillow reads headers in Python, which is most of its work on a picture of a thousand pixels. The pixels are the same,
both come from libjpeg-turbo; a test compares them. Everything else stays with Pillow: files with Exif, several
pictures or colours of another model, and every file with so much as a warning, so that there is one place which says
what is wrong with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from thermal_assets.imaging.containers import JpegFacts
from thermal_assets.imaging.problems import ImageProblem

_COLOURS = {1: "GRAY", 3: "RGB"}
_PROFILE = b"ICC_PROFILE\x00"


def decode_plain_jpeg(data: bytes, facts: JpegFacts) -> NDArray[np.uint8] | None:
    """Levels uint8 [H, W] or [H, W, 3] of a JPEG of one or three components; None where it is of another kind.

    None, too, for files with application segments that matter (Exif, several pictures, a colour model of Adobe's),
    and for those that libjpeg-turbo has anything to say about.
    """
    colours: Any = _COLOURS.get(facts.components)
    if colours is None or facts.bits != 8 or not all(_harmless(data, *segment) for segment in facts.app):
        return None
    try:
        pixels = simplejpeg.decode_jpeg(data, colours, fastdct=False, fastupsample=False)
    except (ValueError, MemoryError):
        return None
    if pixels.shape[:2] != (facts.height, facts.width):
        return None
    return pixels if facts.components == 3 else pixels[:, :, 0]


def check_jpeg_data(data: bytes) -> tuple[str, str] | None:
    """(code, message) of damage that left a picture; ``ImageProblem('truncated')`` where part of the picture is missing.

    libjpeg fills such parts with grey, and Pillow does not pass on what it says of them. An eighth of the size is
    decoded, for which all of the picture data are read.
    """
    try:
        simplejpeg.decode_jpeg(data, "GRAY", min_height=1, min_width=1, min_factor=8)
    except ValueError as warning:
        text = str(warning)
        if "premature end" in text.lower():
            raise ImageProblem("truncated", f"Part of the picture of the JPEG is missing ({text})") from None
        if text.startswith("Corrupt JPEG data") and "extraneous" not in text:
            return (
                "damaged_picture",
                f"The JPEG was read, but parts of it may be garbled ({text}): compare it with its source",
            )
    except MemoryError:
        pass  # the decoder has the last word
    return None


def _harmless(data: bytes, number: int, first: int, end: int) -> bool:
    """JFIF, and colour profiles."""
    return number == 0 or (number == 2 and data.startswith(_PROFILE, first))
