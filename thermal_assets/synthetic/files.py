"""A file of the data set, planned: its name, its picture, and what was done to it. And its bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from thermal_assets.synthetic.chance import Chance
from thermal_assets.synthetic.palettes import colours
from thermal_assets.synthetic.picture import Picture, draw_picture
from thermal_assets.synthetic.plants.damage import How, damaged

NOTE = b"This file carries the extension of a picture and holds only this line of text.\n"
UNREADABLE = frozenset({"truncated", "empty", "text", "half_jpeg"})


@dataclass(slots=True)
class PlannedFile:
    """One file. Two files with equal picture, mode and treatment have equal bytes.

    ``treatment``: '' as drawn; 'level_noise', 'shift' or 'jpeg' make a near copy; 'truncated', 'empty', 'text' and
    'half_jpeg' make a file that no reader can open; 'name:strength' does a damage of plants/damage.py.
    ``annotation``: '' tells the truth; else a fault of plants/bad_annotations.py. ``recorded`` is the picture first
    taken under this name, which the annotation speaks of: a copy shows another.
    """

    class_name: str
    name: str
    picture: Picture
    mode: str
    treatment: str = ""
    annotation: str = ""
    recorded: Picture | None = None

    def __post_init__(self) -> None:
        self.recorded = self.recorded or self.picture

    @property
    def path(self) -> str:
        """Path below the image root, POSIX."""
        return f"{self.class_name}/{self.name}"


def pixels_of(file: PlannedFile) -> NDArray[np.uint8]:
    """uint8[H, W, 3]: the picture after its treatment."""
    rgb = draw_picture(file.picture)
    if file.treatment == "level_noise":
        rng = Chance(file.picture.seed, "level_noise", file.path).generator("noise")
        rgb = np.clip(rgb.astype(np.int16) + rng.integers(-1, 2, rgb.shape), 0, 255).astype(np.uint8)
    elif file.treatment == "shift":
        rgb = np.pad(rgb[:, :-1], ((0, 0), (1, 0), (0, 0)), mode="edge")
    elif ":" in file.treatment:
        damage, strength = file.treatment.split(":")
        rng = Chance(file.picture.seed, "damage", file.path).generator("place")
        rgb = damaged(rgb, damage, float(strength), How(rng, colours(file.picture.session.palette)))
    return rgb


def file_bytes(file: PlannedFile) -> tuple[bytes, bytes]:
    """(bytes of the file, its RGB pixels in shape-prefixed bytes, b'' if it cannot be opened)."""
    if file.treatment == "empty":
        return b"", b""
    if file.treatment == "text":
        return NOTE, b""
    rgb = pixels_of(file)
    buffer = io.BytesIO()
    if file.treatment in ("jpeg", "half_jpeg"):
        Image.fromarray(rgb).save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        if file.mode == "RGBA":
            rgba = np.full((*rgb.shape[:2], 4), 255, dtype=np.uint8)
            rgba[..., :3] = rgb
            image = Image.fromarray(rgba)
        else:
            image = Image.fromarray(rgb)
        image.save(buffer, "PNG", compress_level=1)
    data = buffer.getvalue()
    if file.treatment == "truncated":
        return data[: len(data) * 6 // 10], b""
    if file.treatment == "half_jpeg":
        return data[: len(data) // 2], b""
    return data, repr(rgb.shape).encode() + rgb.tobytes()
