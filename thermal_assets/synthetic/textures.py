"""Random fields with structure on several scales: emissivity, rust, wind, water."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating]  # float32 wherever it is made here


def layered_noise(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    cells: float = 3.0,
    octaves: int = 4,
    fall: float = 0.55,
    stretch: float = 1.0,
) -> Field:
    """float32[height, width], mean about 0 and deviation about 1: smooth noise summed over octaves.

    ``cells`` is the number of lumps along the longer side in the coarsest octave, each further octave has twice as
    many and ``fall`` times the strength. ``stretch`` > 1 draws the lumps out sideways.
    """
    total = np.zeros((height, width), dtype=np.float32)
    longest, strength, energy = max(height, width), 1.0, 0.0
    for octave in range(octaves):
        count = cells * 2**octave
        if count > longest:
            break
        shape = (max(2, round(count * height / longest) + 1), max(2, round(count * width / longest / stretch) + 1))
        lumps = rng.standard_normal(shape, dtype=np.float32)
        total += strength * np.asarray(Image.fromarray(lumps).resize((width, height), Image.Resampling.BICUBIC))
        energy += strength**2
        strength *= fall
    # Interpolating between lumps takes away about half of their variance.
    return total * np.float32(1.4 / np.sqrt(energy)) if energy else total
