"""Where the pixels of a picture lie on its temperature scale: the measure behind apparent temperatures.

A position of 0 is the cold end of the scale and 1 its hot end. What temperatures the ends have, the picture does not
say: an annotation or the profile does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.decoded_image import DecodedImage
from thermal_assets.imaging.level_distribution import distribution
from thermal_assets.imaging.palette_inversion import NOTHING_HIDDEN, grey_error, invert
from thermal_assets.imaging.palettes import GREY, UNKNOWN
from thermal_assets.imaging.structure import off_palette_cells


def palette_levels(image: DecodedImage) -> dict[str, object] | None:
    """Columns of table ``palette_levels`` for a picture whose palette is known; None where it has no scale.

    A grey picture is its own scale, white-hot: of 8 bits the levels 0..255, of more bits (and of floats) the
    picture's own smallest to largest level, which ``level_low`` and ``level_high`` keep. Graphics drawn into the
    picture are no temperatures and left out, as far as they can be told (see ``overlays``): colours off the palette,
    and the lines of a scale bar from one side to the other.
    """
    palette, kind = image.palette.name, image.palette.kind
    if palette == UNKNOWN or image.bit_depth == 1:
        return None
    low, high = 0.0, 255.0
    hidden = NOTHING_HIDDEN if image.bit_depth != 8 or image.native.dtype != np.uint8 else image.structure.hidden()
    if image.native.ndim == 2:
        if image.bit_depth != 8 or image.native.dtype != np.uint8:
            finite = image.native[np.isfinite(image.native)]
            if finite.size < image.native.size:
                return None  # what is not finite is drawn black and would count as cold
            low, high = float(finite.min()), float(finite.max())
        counts, weight, distance, error = _grey_counts(image, hidden), 1, 0.0, grey_error(image.noise)
        left_out = 1.0 - float(counts.sum()) / (image.width * image.height)
    elif image.native.dtype != np.uint8:
        return None  # deep colour: no camera writes a palette so
    elif palette == GREY and (image.level_counts == image.level_counts[1]).all():
        counts, weight, distance, error = _grey_counts(image, hidden), 1, 0.0, grey_error(image.noise)
        left_out = 1.0 - float(counts.sum()) / (image.width * image.height)
    else:
        found = invert(image.rgb, palette, kind, image.noise, off_palette_cells(image), hidden)
        counts, weight = found.counts, found.pixels_per_count
        distance, error, left_out = found.distance, found.error, found.left_out
    return {
        "palette_kind": kind,
        "palette_distance": distance,
        "level_low": low,
        "level_high": high,
        "pixels_per_count": weight,
        "inversion_error": error,
        "left_out_fraction": left_out,
        **distribution(counts, weight),
    }


def _grey_counts(image: DecodedImage, hidden: tuple[int, int, int, int]) -> NDArray[np.int64]:
    """int64 [256]: pixels of each level outside the rectangle ``hidden`` (top, bottom, left, right)."""
    counts = image.level_counts[0].astype(np.int64)
    top, bottom, left, right = hidden
    if bottom > top:
        counts -= np.bincount(image.rgb[top:bottom, left:right, 0].reshape(-1), minlength=256)
    return counts
