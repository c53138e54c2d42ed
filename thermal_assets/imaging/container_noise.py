"""How far lossy compression moved the levels of a picture, by what the file says about itself."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from PIL import ImageFile

_DETAIL = 4.0  # levels: sensor noise of 0.05 to 0.3 K on a scale of 10 to 40 K


def container_noise(image: ImageFile.ImageFile, file_format: str, data: bytes) -> float:
    """Levels of 0..255 within which compression left 95 % of the pixels; 0.0 for containers that lose nothing."""
    tables = getattr(image, "quantization", None)
    if tables:
        first = next(iter(tables.values()))
        return noise_of_steps(bytes(first)) if max(first) < 256 else jpeg_noise(first)
    if file_format == "WEBP":
        return 0.0 if data[12:16] == b"VP8L" else 2 * _DETAIL  # the others are, or may hold, lossy pictures
    return 2 * _DETAIL if image.info.get("compression") in ("jpeg", "webp") else 0.0


@lru_cache(maxsize=256)
def noise_of_steps(steps: bytes) -> float:
    """``jpeg_noise`` of 64 steps of one byte each, in any order."""
    return jpeg_noise(sorted(steps))


def jpeg_noise(quantization: ArrayLike) -> float:
    """The same from the 64 quantisation steps of a JPEG's luminance.

    A coefficient rounded to steps of q errs by q / sqrt(12) (root mean square); one that is dropped errs by its own
    size, which in the fine detail of a thermal picture is about ``_DETAIL``. The transform is orthonormal, so the
    root mean square over the coefficients is that of the pixels; 95 % lie within twice that.
    """
    steps = np.asarray(quantization, dtype=np.float64)
    return 2.0 * float(np.sqrt(np.mean(np.minimum(np.square(steps) / 12.0, _DETAIL**2))))
