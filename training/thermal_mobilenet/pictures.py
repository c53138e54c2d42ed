"""The training pictures: grey levels and what is known about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg")
#: Longest side kept; nothing larger reaches an input of 96 px.
LONGEST = 160
CROPS_A_FRAME = 4
#: A folder with more pictures gives a sample: no class should outweigh the others in the cache.
MOST_OF_A_FOLDER = 1000


@dataclass(frozen=True)
class Picture:
    """``levels`` uint8[h, w]; ``label`` joins pictures that should lie together, None: only its own views do."""

    levels: np.ndarray
    label: str | None


def gather(data: Path, synthetic: Path, held_out: str, seed: int) -> list[Picture]:
    """Every training picture except those of the data set that is ``held_out`` (``solar_modules`` or ``hit_uav``)."""
    rng = np.random.default_rng(seed)
    pictures = list(_folders(synthetic / "images", "synthetic", rng))
    if held_out != "hit_uav":
        crops = _folders(data / "hit_uav_crops", "hit_uav", rng)
        pictures += [picture for picture in crops if picture.label != "hit_uav/DontCare"]
        pictures += _frame_crops(data / "hit_uav_frames", rng)
    if held_out != "solar_modules":
        pictures += _folders(data / "solar_modules", "solar_modules", rng)
    return pictures


def grey(path: Path) -> Image.Image | None:
    """The picture as grey levels, at most LONGEST pixels a side; None where it cannot be read."""
    try:
        with Image.open(path) as image:
            picture = image.convert("L")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    picture.thumbnail((LONGEST, LONGEST))
    return picture if min(picture.size) >= 4 else None


def _folders(root: Path, data_set: str, rng: np.random.Generator) -> Iterator[Picture]:
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        if len(paths) > MOST_OF_A_FOLDER:
            paths = [paths[i] for i in np.sort(rng.permutation(len(paths))[:MOST_OF_A_FOLDER])]
        for path in paths:
            if (picture := grey(path)) is not None:
                yield Picture(np.asarray(picture), f"{data_set}/{folder.name}")


def _frame_crops(root: Path, rng: np.random.Generator) -> Iterator[Picture]:
    """Pieces of whole frames, 40 to 260 px, of any shape: what a scene holds besides the annotated objects."""
    for path in sorted(root.glob("*/*.jpg")):
        with Image.open(path) as image:
            frame = np.asarray(image.convert("L"))
        for _ in range(CROPS_A_FRAME):
            side, aspect = np.exp(rng.uniform(np.log(40), np.log(260))), np.exp(rng.uniform(-0.5, 0.5))
            height, width = min(frame.shape[0], int(side * aspect)), min(frame.shape[1], int(side / aspect))
            top, left = rng.integers(0, frame.shape[0] - height + 1), rng.integers(0, frame.shape[1] - width + 1)
            piece = Image.fromarray(frame[top : top + height, left : left + width])
            piece.thumbnail((LONGEST, LONGEST))
            yield Picture(np.asarray(piece), None)
