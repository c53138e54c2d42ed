"""Random views of a thermal picture: what may change while the thing in it stays the same."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from PIL import Image

from thermal_assets.synthetic.palettes import colours

PALETTES = [colours(name) for name in ("ironbow", "rainbow", "inferno")] + [
    (colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255).astype(np.uint8)
    for name in ("hot", "jet", "viridis", "magma", "gnuplot2")
]


def view(levels: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """One view of uint8[h, w] as uint8[side, side, 3].

    The box shifts a little, the camera steps back (fewer pixels on the object), the picture is mirrored, the camera's
    gain, level and response change, the detector is noisy by itself or in coarse blotches, a palette is laid over it.
    """
    image = Image.fromarray(_shifted(levels, rng))
    if rng.random() < 0.5:
        scale = np.exp(rng.uniform(np.log(16), np.log(64))) / max(image.size)
        if scale < 1:
            far = (max(6, int(image.width * scale)), max(6, int(image.height * scale)))
            image = image.resize(far, Image.Resampling.BOX)
    image = image.resize((side, side), Image.Resampling.BILINEAR)
    values = np.asarray(image, np.float32) / 255
    if rng.random() < 0.5:
        values = values[:, ::-1]
    if rng.random() < 0.3:
        values = values[::-1]
    level = values.mean()
    gain, shift = np.exp(rng.uniform(-0.7, 0.5)), rng.uniform(-0.25, 0.25)
    values = np.clip((values - level) * gain + np.clip(level + shift, 0.05, 0.95), 0, 1)
    if rng.random() < 0.3:
        values = values ** np.exp(rng.uniform(-0.4, 0.4))
    if rng.random() < 0.5:
        values = values + _noise(side, rng) * rng.uniform(0.005, 0.06)
    out = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.3:
        return np.asarray(PALETTES[rng.integers(len(PALETTES))])[out]
    return np.repeat(out[:, :, None], 3, axis=2)


def _shifted(levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = levels.shape
    kept = rng.uniform(0.75, 1) * rng.uniform(0.9, 1, 2)
    rows, columns = min(height, max(8, int(height * kept[0]))), min(width, max(8, int(width * kept[1])))
    top, left = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    return np.ascontiguousarray(levels[top : top + rows, left : left + columns])


def _noise(side: int, rng: np.random.Generator) -> np.ndarray:
    """float32[side, side] of variance about 1: pixel by pixel, or in blotches of three pixels."""
    if rng.random() < 0.5:
        return rng.normal(0, 1, (side, side)).astype(np.float32)
    coarse = Image.fromarray(rng.normal(0, 1, (side // 3, side // 3)).astype(np.float32))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BILINEAR))
