"""Seeded pseudo-images that stand in for pictures wherever a network has to be calibrated or checked without any."""

from __future__ import annotations

import numpy as np
from PIL import Image

OCTAVES = (2, 4, 8, 16, 64)
SMOOTH_SIDE, FAINT = 24, 0.3  # small thermal crops are this coarse, and often this flat


def faint_images(images: np.ndarray) -> np.ndarray:
    """uint8[n, side, side, 3]: the same without what is finer than a crop of 24 pixels, at 0.3 of their contrast.

    On flat pictures the rounding of a network's weights shows most, and thermal crops are flat.
    """
    found = np.empty_like(images)
    for index, image in enumerate(images):
        small = Image.fromarray(image).resize((SMOOTH_SIDE, SMOOTH_SIDE), Image.Resampling.BOX)
        smooth = np.asarray(small.resize(image.shape[1::-1], Image.Resampling.BICUBIC), dtype=np.float32)
        level = smooth.mean(axis=(0, 1))
        found[index] = np.clip(np.round(level + FAINT * (smooth - level)), 0, 255).astype(np.uint8)
    return found


def pseudo_images(count: int, side: int, seed: int) -> np.ndarray:
    """Smooth random fields over several octaves, half of them grey, at contrasts from faint to strong.

    The fields have the falling spectrum of natural pictures, so the activations they cause resemble
    those of real images closely enough to estimate channel means and rounding errors.

    Returns uint8[count, side, side, 3]; the same numbers for the same arguments on every machine.
    """
    generator = np.random.default_rng(seed)
    images = np.empty((count, side, side, 3), np.uint8)
    for index in range(count):
        channels = 1 if index % 2 else 3
        field = np.zeros((side, side, channels))
        for octave in OCTAVES:
            coarse = generator.standard_normal((octave, octave, channels)).astype(np.float32)
            for channel in range(channels):
                plane = Image.fromarray(coarse[:, :, channel]).resize((side, side), Image.Resampling.BICUBIC)
                field[:, :, channel] += np.asarray(plane) / np.sqrt(octave)
        contrast = generator.uniform(0.05, 0.4)
        level = generator.uniform(0.1, 0.9, channels)
        picture = level + contrast * field / field.std()
        images[index] = np.clip(np.round(picture * 255), 0, 255).astype(np.uint8)
    return images
