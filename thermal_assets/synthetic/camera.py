"""From temperatures to the levels of a thermal camera: haze, blur, sensor noise, automatic range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from thermal_assets.synthetic.textures import Field

# How far above the warmest tenth the automatic range reaches: a small hot spot saturates rather than turning all
# the rest black.
HEADROOM_K = 24.0
LEAST_C = -20.0  # the camera measures from here on


@dataclass(frozen=True)
class Camera:
    """Settings of one picture.

    blur_px       deviation of the point spread, pixels
    haze          optical depth of the air between camera and object
    noise_k       noise-equivalent temperature difference, kelvin
    stripes_k     fixed pattern of the columns, kelvin
    least_span_k  the automatic range never gets narrower than this, kelvin
    margin_low, margin_high  share of the range left free below and above, because the frame shows more than the crop
    """

    blur_px: float
    haze: float
    noise_k: float
    stripes_k: float
    least_span_k: float
    margin_low: float
    margin_high: float


@dataclass(frozen=True)
class Exposure:
    """uint8[H, W] levels; level 0 is ``low_c``, level 255 is ``high_c`` (degrees Celsius), linear between."""

    levels: NDArray[np.uint8]
    low_c: float
    high_c: float


def expose(
    temperature: Field,
    ambient: float,
    camera: Camera,
    noise: np.random.Generator,
    stripes: np.random.Generator,
) -> Exposure:
    """What the camera makes of a temperature field float32[H, W] in degrees Celsius."""
    seen = np.float32(ambient) + (temperature - np.float32(ambient)) * np.float32(np.exp(-camera.haze))
    seen = gaussian_filter(seen, camera.blur_px, mode="nearest", truncate=3.0)
    low, broad, high = (float(value) for value in np.percentile(seen, [0.5, 90, 99.7]))
    high = min(high, broad + HEADROOM_K)
    span = max(high - low, camera.least_span_k)
    middle = (low + high) / 2
    bottom = max(LEAST_C, middle - span / 2 - max(0.0, camera.margin_low) * span)
    top = middle + span / 2 + max(0.0, camera.margin_high) * span
    seen += np.float32(camera.noise_k) * noise.standard_normal(seen.shape, dtype=np.float32)
    seen += np.float32(camera.stripes_k) * stripes.standard_normal((1, 640), dtype=np.float32)[:, : seen.shape[1]]
    levels = (seen - np.float32(bottom)) * np.float32(255 / (top - bottom))
    return Exposure(np.clip(np.rint(levels), 0, 255).astype(np.uint8), bottom, top)
