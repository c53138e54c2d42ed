"""Damage and graphics put into real thermal pictures, so that it is known what has to be found."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from thermal_assets.imaging.channel_stats import channel_statistics
from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.palettes import palette_table
from thermal_assets_tests.imaging.pictures import encode

Levels = NDArray[np.uint8]


def real_pictures(shared_dir: Path, name: str, count: int, side: int = 0) -> list[Levels]:
    """Grey levels of ``count`` pictures of a real data set, evenly drawn; cut to ``side`` from its middle."""
    with zipfile.ZipFile(shared_dir / "data" / f"{name}.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.lower().endswith((".jpg", ".png")))
        picked = names[:: max(1, len(names) // count)][:count]
        found = [np.asarray(Image.open(io.BytesIO(archive.read(n))).convert("L")) for n in picked]
    if side:
        found = [p[(p.shape[0] - side) // 2 :, (p.shape[1] - side) // 2 :][:side, :side] for p in found]
    return found


def statistics_of(levels: NDArray[np.uint8], palette: str = "grey", quality: int | None = None) -> dict[str, object]:
    """channel_stats of levels [H, W] (or of colours [H, W, 3]) as a PNG, or a JPEG of this quality."""
    rgb = palette_table(palette)[levels] if levels.ndim == 2 and palette != "grey" else levels
    data = encode(Image.fromarray(rgb)) if quality is None else encode(Image.fromarray(rgb), "JPEG", quality=quality)
    return channel_statistics(decode_image(data))


def with_column(levels: Levels, kind: str, strength: int, rng: np.random.Generator) -> Levels:
    """A column that is 'constant' or 'equal' to its neighbour, or 'offset' by ``strength`` levels."""
    planted = levels.copy()
    at = int(rng.integers(3, levels.shape[1] - 3))
    if kind == "constant":
        planted[:, at] = (int(np.median(levels[:, at])) + 128) % 256
    elif kind == "equal":
        planted[:, at] = planted[:, at - 1]
    else:
        side = strength if levels[:, at].mean() < 128 else -strength
        planted[:, at] = np.clip(levels[:, at].astype(np.int16) + side, 0, 255)
    return planted


def with_dead_pixels(levels: Levels, count: int, strength: int, rng: np.random.Generator) -> Levels:
    """``count`` pixels, apart from each other, ``strength`` levels away from their true level."""
    planted = levels.copy()
    places = [(y, x) for y in range(4, levels.shape[0] - 4, 6) for x in range(4, levels.shape[1] - 4, 6)]
    for index in rng.choice(len(places), min(count, len(places)), replace=False):
        y, x = places[int(index)]
        level = int(planted[y, x])
        planted[y, x] = level + strength if level < 128 else level - strength
    return planted


def with_bar(levels: Levels, side: str, width: int, length: float) -> Levels:
    """A scale bar, hot end on top or right, with a margin of 4 pixels to its side of the picture."""
    planted = levels.copy() if side in ("left", "right") else levels.T.copy()
    height = planted.shape[0]
    run = round(length * height)
    top = (height - run) // 2
    ramp = np.rint(np.linspace(255, 0, run)).astype(np.uint8)
    first = 4 if side in ("left", "top") else planted.shape[1] - 4 - width
    planted[top : top + run, first : first + width] = ramp[:, None]
    return planted if side in ("left", "right") else planted.T.copy()
