"""Where the pixels of a picture lie on its temperature scale: the measure behind apparent temperatures.

A position of 0 is the cold end of the scale and 1 its hot end. What temperatures the ends have, the picture does not
say: an annotation or the profile does.
"""

from __future__ import annotations

import numpy as np

from thermal_assets.imaging.decode import DecodedImage
from thermal_assets.imaging.level_distribution import distribution
from thermal_assets.imaging.palette_inversion import grey_error, invert
from thermal_assets.imaging.palettes import GREY, UNKNOWN


def palette_levels(image: DecodedImage) -> dict[str, object] | None:
    """Columns of table ``palette_levels`` for a picture whose palette is known; None where it has no scale.

    A grey picture is its own scale, white-hot: of 8 bits the levels 0..255, of more bits (and of floats) the
    picture's own smallest to largest level, which ``level_low`` and ``level_high`` keep.
    """
    palette, kind = image.palette.name, image.palette.kind
    if palette == UNKNOWN or image.bit_depth == 1:
        return None
    low, high = 0.0, 255.0
    if image.native.ndim == 2:
        if image.bit_depth != 8 or image.native.dtype != np.uint8:
            finite = image.native[np.isfinite(image.native)]
            if finite.size < image.native.size:
                return None  # what is not finite is drawn black and would count as cold
            low, high = float(finite.min()), float(finite.max())
        counts, weight, distance, error = image.level_counts[0].astype(np.int64), 1, 0.0, grey_error(image.noise)
    elif image.native.dtype != np.uint8:
        return None  # deep colour: no camera writes a palette so
    elif palette == GREY and (image.level_counts == image.level_counts[1]).all():
        counts, weight, distance, error = image.level_counts[1].astype(np.int64), 1, 0.0, grey_error(image.noise)
    else:
        found = invert(image.rgb, palette, kind, image.noise)
        counts, weight = found.counts, found.pixels_per_count
        distance, error = found.distance, found.error
    return {
        "palette_kind": kind,
        "palette_distance": distance,
        "level_low": low,
        "level_high": high,
        "pixels_per_count": weight,
        "inversion_error": error,
        **distribution(counts, weight),
    }
