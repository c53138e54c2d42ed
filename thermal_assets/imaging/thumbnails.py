"""Small pictures for reports."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from thermal_assets.imaging.decode import DEFAULT_LIMITS, DecodeLimits, decode_image
from thermal_assets.imaging.decoded_image import DecodedImage
from thermal_assets.imaging.problems import ImageProblem


def thumbnail_png(
    source: DecodedImage | bytes | Path, side: int, limits: DecodeLimits = DEFAULT_LIMITS
) -> bytes | None:
    """PNG of the picture as displayed, shrunk into a square of ``side`` pixels, aspect ratio kept.

    ``source`` is a decoded image, the bytes of a file, or its path; any depth, radiometric files too.
    Smaller pictures keep their size. None for a file that cannot be read or decoded; never raises for one.
    """
    if isinstance(source, DecodedImage):
        image = source
    else:
        try:
            image = decode_image(source.read_bytes() if isinstance(source, Path) else source, limits)
        except (ImageProblem, OSError):
            return None
    picture = image.picture
    width, height = picture.size
    scale = min(1.0, side / max(width, height))
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = picture.resize(size, Image.Resampling.BOX, reducing_gap=None)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
