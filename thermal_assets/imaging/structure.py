"""What in a picture does not come from the scene: damaged lines and pixels, graphics drawn into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.decoded_image import DecodedImage
from thermal_assets.imaging.level_plane import level_plane, position_of_level
from thermal_assets.imaging.overlays import ColourBar, colour_bar, off_palette, overlay_fraction
from thermal_assets.imaging.palette_inversion import NOTHING_HIDDEN
from thermal_assets.imaging.pixel_defects import count_defects, scan, scan_found

_PERCENTILES = (1.0, 99.0)
_COLUMNS = ("stuck_rows", "stuck_columns", "dead_pixels", "overlay_fraction", "colour_bar")


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Findings in one picture of 8 bits.

    laplacian, plane_laplacian: sum and sum of squares of the Laplacian of its luminance and of ``plane``. defects:
    stuck rows, stuck columns and dead pixels, None where it is too small. overlay: share of colours that are no
    temperature, None where that cannot be judged. bar: its scale bar. plane: uint8 [H, W] of levels that grow with
    temperature.
    """

    laplacian: tuple[int, int]
    plane_laplacian: tuple[int, int]
    defects: tuple[int, int, int] | None
    overlay: float | None
    bar: ColourBar | None
    plane: NDArray[np.uint8]

    def columns(self) -> dict[str, object]:
        """Columns ``stuck_rows`` to ``colour_bar`` of ``channel_stats``."""
        bar = None if self.bar is None else self.bar.side
        return dict(zip(_COLUMNS, (*(self.defects or (None,) * 3), self.overlay, bar), strict=True))

    def hidden(self) -> tuple[int, int, int, int]:
        """(top, bottom, left, right) of the lines of the scale bar, the ends excluded; without a pixel where none is."""
        return NOTHING_HIDDEN if self.bar is None else self.bar.rectangle(*self.plane.shape)


def structure_of(image: DecodedImage) -> Structure:
    """Lines, pixels and graphics of a picture of up to 8 bits."""
    from thermal_assets.imaging.plane_kernels import laplacian_sums

    match = image.palette
    plane = np.ascontiguousarray(level_plane(image.rgb, image.luminance, match))
    scale = position_of_level(match.name, match.kind)
    found = scan_found(image.luminance, plane, scale)
    grey = image.native.ndim == 2
    laplacian = found[0], found[1]
    return Structure(
        laplacian=laplacian,
        plane_laplacian=laplacian if plane is image.luminance else laplacian_sums(plane),
        defects=count_defects(plane, found),
        overlay=None if grey else overlay_fraction(image.rgb, match, image.noise > 0),
        bar=colour_bar(plane, scale, bool(found[5]), bool(found[6]), image.noise > 0) if found[5] or found[6] else None,
        plane=plane,
    )


def off_palette_cells(image: DecodedImage) -> NDArray[np.uint8]:
    """uint8 [32768]: 1 for the cells of the RGB cube whose colours count as graphics in this picture."""
    return off_palette(image.palette, image.noise > 0)


def deep_structure(luminance: NDArray[Any], counts: bool) -> dict[str, object]:
    """``Structure.columns`` for levels [H, W] of more than 8 bits, where graphics are not looked for.

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
    return no_structure() | dict(zip(_COLUMNS, scan(levels) or (None,) * 3, strict=False))


def no_structure() -> dict[str, object]:
    """The same where nothing can be judged."""
    return dict.fromkeys(_COLUMNS)
