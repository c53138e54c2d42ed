"""Which pseudo-colour palette a picture was rendered with.

A palette is a curve through the RGB cube. A picture rendered with it has all its colours on that
curve, give or take the colour noise of JPEG; a photograph fills a volume. So a palette is judged by the
share of pixels whose colour lies within a stated distance of its curve.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

GREY = "grey"
UNKNOWN = "unknown"
# Distances in RGB levels. JPEG halves the resolution of colour, which moves pixels at edges off the curve
# by tens of levels; grey files have no colour to lose, and much of a photograph is nearly grey.
TOLERANCE = 32.0
GREY_TOLERANCE = 12.0
# A palette is named when it explains this share of the pixels, ...
NAMED_FROM = 0.75
# ... when at least this share of them has a colour that grey does not explain as well (nearly black pixels
# lie on most palettes and prove none), ...
COLOURED_FROM = 0.10
# ... when the pixels lie, on average, within half the tolerance of it (closeness 1 = on the curve, 0 = at the
# tolerance or beyond), and closer by one level than to the next palette: some share whole stretches.
CLOSE_FROM = 0.5
LEAD = 1.0 / TOLERANCE
SAMPLE = 4096  # pixels, at most

_CELLS = 32  # cells along each axis of the RGB cube
_SHIFT = 3  # 256 levels / 32 cells = 2 ** 3
_LANE_UNITS = np.array([[1.0], [1.0 / 15.0], [1.0]])  # closeness is counted in fifteenths

# Own control points as hex colours, evenly spaced along the palette from cold to hot and joined by straight
# lines. Cameras of several makers use one name for slightly different curves, so a name may have several.
# "inferno", "viridis", "hot" and "jet" follow matplotlib's curves of that name; the second and third iron and
# the second rainbow follow the colours in a few real camera files; the rest is drawn from general knowledge.
CURVES: dict[str, tuple[str, ...]] = {
    GREY: ("000000 ffffff",),
    "iron": (
        # The usual ironbow: black, indigo, purple, red, orange, yellow, white.
        "000000 1e0069 5a0096 96009b c81982 e44641 f3700f fc9b00 ffc60c ffeb50 fffffa",
        # The same in the limited range of video levels.
        "001c26 2c0e76 5c0a98 8a0fa2 b22391 ce3c69 e15a41 ee7d1c f49e09 f3c31a edde5f e2eeee",
        # Kept dark and saturated for longer, with an early red.
        "080032 28015a 5a0378 96068e c81c5f e63723 f85a02 fb8200 fda800 ffcd02 fff00f ffff96",
    ),
    "rainbow": (
        # Blue to red through every hue, white at the hot end.
        "000000 3c006e 1400be 003ceb 0096dc 00c878 3cd714 bee100 fabe00 fa6400 eb140a f5827d ffffff",
        # The high-contrast kind that runs through magenta and dark green.
        "101010 781078 d410d4 6c10b6 0f1e9b 0e84ba 0dc8c2 0d865a 2b670f 8aa60b cdc208 a0620b 801212 a82626 "
        "ce4444 de9896 e9e6e4",
    ),
    "inferno": (
        "000004 0c0826 240c4f 420a68 5d126e 781c6d 932667 ae305c c73e4c dd513a ed6925 f8850f fca50a fac62d "
        "f2e661 fcffa4",
    ),
    "hot": ("0a0000 5c0000 ae0000 ff0000 ff5500 ffaa00 ffff00 ffff7f ffffff",),
    "jet": ("000080 0000ff 0080ff 00ffff 80ff80 ffff00 ff8000 ff0000 800000",),
    "arctic": (
        # Cold: black to white through blue and cyan.
        "000000 000080 0000ff 0080ff 00ffff 80ffff ffffff",
        # Blue for cold, gold for hot.
        "00003c 0028a0 146ee1 5ab4eb 96bebe bea564 e19628 fabe32 ffeb96",
    ),
    "viridis": (
        "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 54c568 7ad151 a5db36 "
        "d2e21b fde725",
    ),
}
NAMES: tuple[str, ...] = tuple(CURVES)


def palette_curve(name: str, kind: int = 0, points: int = 256) -> NDArray[np.float64]:
    """float64 [points, 3]: colours of a palette from cold to hot, levels 0..255; ``kind`` counts its variants."""
    control = _control_points(name, kind)
    where = np.linspace(0, len(control) - 1, points)
    return np.stack([np.interp(where, np.arange(len(control)), control[:, c]) for c in range(3)], axis=1)


def _control_points(name: str, kind: int) -> NDArray[np.float64]:
    return np.array([list(bytes.fromhex(colour)) for colour in CURVES[name][kind].split()], dtype=np.float64)


def identify_palette(rgb: NDArray[np.uint8]) -> tuple[str, float]:
    """(name, confidence) for uint8 [H, W, 3]; name 'unknown' where no palette explains enough.

    ``confidence`` is the share of pixels that the named palette explains, 0..1; for 'unknown' the share
    that the best one explains. Judged on an even grid of at most ``SAMPLE`` pixels. White-hot and
    black-hot pictures are both 'grey'. A crop whose few colours lie on two palettes alike is 'unknown'.
    """
    height, width = rgb.shape[:2]
    step = 1
    while -(-height // step) * -(-width // step) > SAMPLE:
        step += 1
    cells = (rgb[::step, ::step].reshape(-1, 3) >> _SHIFT).astype(np.intp)
    index = (cells[:, 0] * _CELLS + cells[:, 1]) * _CELLS + cells[:, 2]
    explained, closeness, coloured = _sums(index) / len(index)
    if explained[0] >= NAMED_FROM and closeness[0] >= CLOSE_FROM:
        return GREY, float(explained[0])  # a picture without colour is grey, whatever else would allow for it
    best, second = np.argsort(-closeness, kind="stable")[:2]
    named = (
        explained[best] >= NAMED_FROM
        and coloured[best] >= COLOURED_FROM
        and closeness[best] >= CLOSE_FROM
        and closeness[best] - closeness[second] >= LEAD
    )
    return (NAMES[best], float(explained[best])) if named else (UNKNOWN, float(explained.max()))


def _sums(index: NDArray[np.intp]) -> NDArray[np.float64]:
    """float64 [3, palettes]: pixels explained, closeness summed, coloured pixels explained."""
    totals = np.array([lane.take(index).sum() for lane in _lookup()], dtype="<u8").view("<u2").astype(np.float64)
    return (totals.reshape(3, 8) * _LANE_UNITS)[:, : len(NAMES)]


@cache
def _lookup() -> NDArray[np.uint64]:
    """uint64 [6, 32768]: per cell of the RGB cube, four palettes to a word of four 16-bit counters.

    Sums over up to 4,096 pixels of values up to 15 stay inside a counter, so one addition serves four
    palettes. Rows 0-1: explained (0 or 1); 2-3: closeness 0..15; 4-5: explained and not grey (0 or 1).
    """
    levels = (np.arange(_CELLS, dtype=np.float32) + 0.5) * (256 / _CELLS) - 0.5
    centres = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    distances = np.stack([_distance_to(centres, name) for name in NAMES], axis=1)
    tolerance = np.where(np.array(NAMES) == GREY, GREY_TOLERANCE, TOLERANCE)
    explained = distances <= tolerance
    closeness = np.rint(15.0 * np.clip(1.0 - distances / TOLERANCE, 0.0, 1.0))
    coloured = explained & (distances[:, :1] > TOLERANCE)
    lanes = np.zeros((3, len(centres), 8), dtype="<u2")
    for row, values in enumerate((explained, closeness, coloured)):
        lanes[row, :, : len(NAMES)] = values
    words = lanes.view("<u8")  # [3, cells, 2]
    return np.ascontiguousarray(words.transpose(0, 2, 1).reshape(6, -1))


def _distance_to(centres: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """float32 [cells]: Euclidean RGB distance of each cell's centre to the nearest curve of a palette."""
    nearest = np.full(len(centres), np.inf, dtype=np.float32)
    for kind in range(len(CURVES[name])):
        for start, end in pairwise(_control_points(name, kind).astype(np.float32)):
            leg = end - start
            along = np.clip(((centres - start) @ leg) / (leg @ leg), 0.0, 1.0)
            np.minimum(nearest, np.square(centres - start - along[:, None] * leg).sum(axis=1), out=nearest)
    return np.sqrt(nearest)
