"""What was drawn into a picture after it was taken: a scale bar, text, a crosshair, a logo.

A model learns such graphics instead of the object. They are told from the scene by structure: a scale bar is a
narrow strip along a side in which the level runs evenly from one end of the scale to the other; other graphics
have colours that the palette does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermal_assets.imaging.palettes import GREY, UNKNOWN, PaletteMatch, cell_centres, distance_to, grid_step

#: RGB levels from the palette: cameras of several makers differ by up to ``palettes.TOLERANCE`` (32) under one name.
OFF_PALETTE_FROM = 56.0
#: JPEG keeps colour at half the resolution, which mixes the colours on both sides of a sharp edge.
OFF_LOSSY_FROM = 104.0
# A grey picture has no colour; JPEG leaves up to some 12 levels of it, more only where there is colour.
OFF_GREY_FROM = 32.0
GRID = 8192  # pixels at most, on an even grid

SMALLEST_BAR_SIDE = 48  # pixels; smaller pictures (crops) are not searched for a bar
# A bar lies in the outer quarter of a side, is at most this wide, runs over this share of the side, its middle third
# included, ...
BAR_ZONE, BAR_WIDTH_TO, BAR_LENGTH_FROM = 0.25, 0.12, 0.35
# ... goes through at least this many of 256 levels, and is at least as many lines wide.
BAR_LEVELS, BAR_LINES = 160, 3
BAR_NOISE = 8  # levels from line to line (JPEG, rounding to the palette)
# All lines of a bar are one line drawn again, and it ends sharply: the next line is the scene, which differs from it,
# or after JPEG, which blurs two lines, the third. A hot spot whose warmth fades along the border changes from line to
# line instead.
BAR_SAME_TO, BAR_EDGE_FROM = 4.0, 16.0
BAR_EDGE, BAR_LOSSY_EDGE = 1, 3
# Largest distance of a bar's positions from a straight line, share of its range: tables of one palette differ so much.
BAR_EVEN_TO = 0.12


def overlay_fraction(rgb: NDArray[np.uint8], match: PaletteMatch, lossy: bool = False) -> float | None:
    """Share of the pixels [H, W, 3] whose colour is not on the palette of the picture, 0..1.

    A lower bound for burnt-in graphics: those in colours of the palette itself (white on a palette that ends
    in white) are not seen, and of a ``lossy`` file only colours far from the palette count. None where that cannot
    be judged: unknown palettes, and grey pictures without any
    colour, where graphics are as grey as the scene. Regions that a camera paints over a grey picture
    (isotherms) count.
    """
    if match.name == UNKNOWN:
        return None
    from thermal_assets.imaging.colour_kernels import count_off

    height, width = rgb.shape[:2]
    step = grid_step(height, width, GRID)
    pixels = -(-height // step) * -(-width // step)
    share = count_off(np.ascontiguousarray(rgb), step, off_palette(match, lossy)) / pixels
    return share if share > 0 or match.name != GREY else None


def off_palette(match: PaletteMatch, lossy: bool) -> NDArray[np.uint8]:
    """uint8 [32768]: 1 for the cells of the RGB cube, 32 to an axis, whose colours count as graphics on a palette."""
    apart = OFF_GREY_FROM if match.name == GREY else OFF_LOSSY_FROM if lossy else OFF_PALETTE_FROM
    return _off(match.name, match.kind, apart)


@dataclass(frozen=True, slots=True)
class ColourBar:
    """A scale bar: 'left', 'right', 'top' or 'bottom', and the lines start..end (columns left and right, else rows)."""

    side: str
    start: int
    end: int

    def rectangle(self, height: int, width: int) -> tuple[int, int, int, int]:
        """(top, bottom, left, right) of its lines from one side of the picture to the other, the ends excluded."""
        if self.side in ("left", "right"):
            return 0, height, self.start, self.end
        return self.start, self.end, 0, width


def colour_bar(
    plane: NDArray[np.uint8], scale: NDArray[np.float64], vertical: bool, horizontal: bool, lossy: bool
) -> ColourBar | None:
    """The scale bar of levels uint8 [H, W], or None; ``vertical`` and ``horizontal`` say which kinds there may be.

    ``scale`` float64 [256] turns a level into its position on the palette, 0..255. A bar is a strip of at least 3
    equal lines, at most 12 % of the picture wide, in which the position runs evenly through at least 160 of 256 over
    at least 35 % of the side, the middle of the side included. Pictures below 48 pixels have none. ``lossy``: the
    container blurs its edges.
    """
    edge = BAR_LOSSY_EDGE if lossy else BAR_EDGE
    for names, lines, possible in ((("left", "right"), plane.T, vertical), (("top", "bottom"), plane, horizontal)):
        if not possible:
            continue  # most pictures need no closer look
        zone = max(BAR_LINES + 1, int(BAR_ZONE * len(lines)))
        width_to = max(BAR_LINES, int(BAR_WIDTH_TO * len(lines)))
        for start, end in _equal_lines(lines, scale):
            near = end <= zone or start >= len(lines) - zone
            drawn = near and end - start <= width_to and _is_ramp(scale[lines[(start + end) // 2]])
            first = max(0, start - edge)
            if drawn and _stands_alone(scale[lines[first : end + edge]], start - first, end - start, edge):
                return ColourBar(names[0] if end <= zone else names[1], start, end)
    return None


def _equal_lines(lines: NDArray[Any], scale: NDArray[np.float64]) -> list[list[int]]:
    """Runs [start, end) of neighbouring lines that go one way and equally so through the middle third.

    Judged by five pixels of each line, as in ``plane_kernels.may_hold_bar``, after which few pictures come here.
    """
    length = lines.shape[1]
    at = scale[lines[:, np.linspace(length // 3, length - 1 - length // 3, 5).astype(np.intp)]]
    gone = at[:, 4] - at[:, 0]
    steady = (np.diff(at, axis=1) * np.sign(gone)[:, None]).min(axis=1) >= np.abs(gone) / 10
    steady &= np.abs(gone) >= BAR_LEVELS / 4
    if np.count_nonzero(steady) < BAR_LINES:
        return []
    same = steady[1:] & steady[:-1] & (np.abs(at[1:] - at[:-1]).max(axis=1) <= BAR_NOISE)
    runs = np.flatnonzero(np.diff(same, prepend=False, append=False)).reshape(-1, 2).tolist()
    return [[start, end + 1] for start, end in runs if end + 1 - start >= BAR_LINES]


def _stands_alone(lines: NDArray[np.float64], start: int, count: int, edge: int) -> bool:
    """Whether ``count`` lines from ``start`` on are equal, and unlike the scene ``edge`` lines beyond them on either side."""
    apart = np.median(np.abs(lines - lines[start + count // 2]), axis=1)
    beyond = [apart[0]] * (start == edge) + [apart[-1]] * (len(lines) - start - count == edge)
    return bool(apart[start : start + count].max() <= BAR_SAME_TO) and bool(min(beyond) >= BAR_EDGE_FROM)


def _is_ramp(levels: NDArray[np.float64]) -> bool:
    """Whether the level runs evenly along part of a line, up or down, from one end of its range to the other."""
    low, high = levels.min(), levels.max()
    if high - low < BAR_LEVELS:
        return False
    slack = BAR_EVEN_TO * (high - low)
    for values in (levels, levels[::-1]):
        # From the last pixel at the low end to the first at the high end behind it.
        last = len(values) // 2
        lows = np.flatnonzero(values[:last] <= low + slack)
        highs = np.flatnonzero(values[last:] >= high - slack) + last
        if not len(lows) or not len(highs) or highs[0] - lows[-1] + 1 < BAR_LENGTH_FROM * len(values):
            continue
        run = values[lows[-1] : highs[0] + 1]
        if np.abs(run - np.linspace(run[0], run[-1], len(run))).max() <= slack:
            return True
    return False


@cache
def _off(name: str, kind: int, apart: float) -> NDArray[np.uint8]:
    """uint8 [32768]: 1 for the cells of the RGB cube farther than this from a palette."""
    return (distance_to(cell_centres(), name, kind) > apart).astype(np.uint8)
