"""The pseudo-colour palettes that are known, as curves through the RGB cube."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

GREY = "grey"

# Control points as hex colours from cold to hot, joined by straight lines: evenly spaced, or each with its level
# 0..255 before it. Cameras of several makers use one name for slightly different curves, so a name may have several
# (its "kinds"). Those with levels follow the published colour maps of matplotlib (OpenCV's of the same names
# agree) within 4 levels; the second and third iron and the second rainbow follow the colours in a few real camera
# files; the rest is drawn from general knowledge.
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
        "0:000004 19:0e092b 40:2f0a5b 51:420a68 64:57106e 105:982766 146:d44842 172:ef6c23 194:fa9207 201:fc9f07 "
        "209:fcae12 225:f8cd37 244:f1f179 255:fcffa4",
    ),
    "magma": (
        "0:000004 27:160f3b 48:36106b 62:4e117b 105:912b81 149:d8456c 172:f2645c 192:fc8961 216:feb67c 255:fcfdbf",
    ),
    "plasma": (
        "0:0d0887 7:20068f 31:4b03a1 65:8004a8 91:a31e9a 138:d5536f 173:ef7c51 202:fca338 224:fdc527 251:f2f227 "
        "255:f0f921",
    ),
    "viridis": (
        "0:440154 30:472a7a 58:3e4c8a 125:218e8d 153:22a884 174:3bbb75 193:60ca60 240:d8e219 246:e7e419 255:fde725",
    ),
    "turbo": (
        "0:30123b 10:3b2f80 22:4451bf 36:4776ee 48:4294ff 60:2fb2f4 74:1ad2d2 85:1ae4b6 98:38f491 122:92ff47 "
        "129:a7fc3a 137:bcf534 158:ebd339 171:fbb838 186:fe9029 206:ed5510 218:dc3b07 237:b21a01 255:7a0403",
    ),
    "jet": (
        "0:000080 28:0000ff 32:0000ff 86:00d8ff 90:02e8f4 96:16ffe1 163:eeff09 166:f8f500 169:ffea00 227:ff1300 "
        "232:e80000 255:800000",
    ),
    "hot": (
        # Black, red, yellow, white, one channel after the other.
        "0:0b0000 93:ff0000 190:fffe00 255:ffffff",
        # With a longer dark end and orange in the middle.
        "0:000000 64:800000 127:fe7e00 191:fffe7f 255:ffffff",
    ),
    "arctic": (
        # Cold: black to white through blue and cyan.
        "000000 000080 0000ff 0080ff 00ffff 80ffff ffffff",
        # Blue for cold, gold for hot.
        "00003c 0028a0 146ee1 5ab4eb 96bebe bea564 e19628 fabe32 ffeb96",
    ),
    "green": ("000000 007814 32f046 dcffdc",),
}
NAMES: tuple[str, ...] = tuple(CURVES)
VARIANTS: tuple[tuple[str, int], ...] = tuple((name, kind) for name in NAMES for kind in range(len(CURVES[name])))


def palette_curve(name: str, kind: int = 0, points: int = 256) -> NDArray[np.float64]:
    """float64 [points, 3]: colours of a palette from cold to hot, levels 0..255; ``kind`` counts its variants."""
    levels, colours = _control_points(name, kind)
    where = np.linspace(0, 255, points)
    return np.stack([np.interp(where, levels, colours[:, c]) for c in range(3)], axis=1)


@cache
def palette_table(name: str, kind: int = 0) -> NDArray[np.uint8]:
    """uint8 [256, 3], read only: the colours that a camera shows for levels 0 (cold) to 255 (hot)."""
    table = np.rint(palette_curve(name, kind)).astype(np.uint8)
    table.flags.writeable = False
    return table


def _control_points(name: str, kind: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Levels float64 [n] in 0..255 and colours float64 [n, 3] of a curve."""
    points = [point.rpartition(":") for point in CURVES[name][kind].split()]
    colours = np.array([list(bytes.fromhex(colour)) for _, _, colour in points], dtype=np.float64)
    if points[0][1]:
        return np.array([float(level) for level, _, _ in points]), colours
    return np.linspace(0, 255, len(points)), colours
