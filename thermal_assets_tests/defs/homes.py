"""Small homes with few, simple pictures, for running the real jobs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from thermal_assets.home.layout import Home, create_home
from thermal_assets.home.settings import HomeSettings, LensSettings


def write_class(folder: Path, images: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    for number in range(images):
        pixels = chance.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


def small_home(folder: Path, classes: dict[str, int], lens: LensSettings | None = None) -> Home:
    """A home of ``classes`` (name -> images) below ``folder``."""
    for seed, (name, images) in enumerate(classes.items()):
        write_class(folder / "images" / name, images, seed)
    settings = HomeSettings(
        image_root=str(folder / "images"), lens=lens or LensSettings(name="random-mobilenet_v2"), workers=1
    )
    return create_home(folder / "home", settings)
