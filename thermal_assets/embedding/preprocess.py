"""From a decoded picture to the network's input."""

from __future__ import annotations

import numpy as np
from PIL import Image


def network_input(picture: Image.Image | np.ndarray, side: int) -> np.ndarray:
    """The whole picture, resized to ``side`` x ``side`` with antialiasing: uint8[side, side, 3].

    ``picture`` is uint8[H, W, 3], uint8[H, W] (grey) or a Pillow image of mode RGB or L.

    Bounding-box crops come in every aspect ratio. Cutting a square out of the middle, torchvision's
    default for photographs, would cut the object itself (a pipe is long and thin), and a letterbox
    would put up to nine tenths of black bars into the features, so that crops would be neighbours by
    their shape. Stretching keeps every pixel of the object and nothing else.
    """
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if image.size != (side, side):
        image = image.resize((side, side), Image.Resampling.BILINEAR)  # Pillow widens the filter when it shrinks
    pixels = np.asarray(image)
    return np.broadcast_to(pixels[:, :, None], (side, side, 3)) if pixels.ndim == 2 else pixels
