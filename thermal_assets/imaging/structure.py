"""What in a picture does not come from the scene: damaged lines and pixels, graphics drawn into it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.decode import DecodedImage
from thermal_assets.imaging.level_plane import level_plane, position_of_level
from thermal_assets.imaging.overlays import colour_bar, overlay_fraction
from thermal_assets.imaging.palettes import PaletteMatch
from thermal_assets.imaging.pixel_defects import dead_pixels, stuck_lines

_PERCENTILES = (1.0, 99.0)


def eight_bit_structure(image: DecodedImage, match: PaletteMatch) -> dict[str, object]:
    """Columns ``stuck_rows`` to ``colour_bar`` of ``channel_stats`` for a picture with this palette."""
    plane = level_plane(image.rgb, image.luminance, match)
    grey = image.native.ndim == 2
    return {
        **_defects(plane),
        "overlay_fraction": None if grey else overlay_fraction(image.rgb, match, image.noise > 0),
        "colour_bar": colour_bar(plane, position_of_level(match.name, match.kind)),
    }


def deep_structure(luminance: NDArray[Any], counts: bool) -> dict[str, object]:
    """The same for levels [H, W] of more than 8 bits, where graphics are not looked for.

    ``counts``: sensor levels of up to 16 bits, taken as they are; others (temperatures) are spread so that
    their 1st to 99th percentile is 256 levels. Levels that are not finite become the median.
    """
    known = np.isfinite(luminance)
    levels = np.where(known, luminance, np.median(luminance[known])) if not known.all() else luminance
    if not counts:
        low, high = np.percentile(levels, _PERCENTILES).tolist()
        with np.errstate(over="ignore"):
            levels = (levels - low) * (255.0 / (high - low) if high > low else 0.0)
        levels = np.clip(levels, -1e6, 1e6)
    return {**_defects(levels), "overlay_fraction": None, "colour_bar": None}


def no_structure() -> dict[str, object]:
    """The same where nothing can be judged."""
    return dict.fromkeys(("stuck_rows", "stuck_columns", "dead_pixels", "overlay_fraction", "colour_bar"))


def _defects(plane: NDArray[Any]) -> dict[str, object]:
    rows, columns = stuck_lines(plane) or (None, None)
    return {"stuck_rows": rows, "stuck_columns": columns, "dead_pixels": dead_pixels(plane)}
