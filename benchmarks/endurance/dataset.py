"""The small data sets of the endurance runs, and what happens to their folders meanwhile."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from PIL import Image, ImageOps

from thermal_assets.synthetic.dataset import write_sample_dataset


def sample_images(folder: Path, images: int, seed: int, classes: int | None = None) -> Path:
    """The image root of a sample data set of ``images``, with the ``classes`` largest of its 20 classes only."""
    write_sample_dataset(folder, images, seed)
    root = folder / "images"
    sizes = sorted(((len(list(path.iterdir())), path) for path in root.iterdir() if path.is_dir()), reverse=True)
    for _, path in sizes[classes:] if classes else []:
        shutil.rmtree(path)
    for path in root.iterdir():
        if path.is_file():
            path.unlink()
    return root


class Changes:
    """Random adds, edits, renames, moves and deletes of images, and whole folders that come and go."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root, self.chance = root, chance
        self.log: list[str] = []

    def one(self) -> str:
        """Change something; returns what, in words."""
        kind = self.chance.choice((self._add, self._edit, self._rename, self._move, self._delete, self._folder))
        told = kind(len(self.log))
        self.log.append(told)
        return told

    def _classes(self) -> list[Path]:
        return sorted(path for path in self.root.iterdir() if path.is_dir())

    def _images(self, least: int = 4) -> tuple[Path, list[Path]]:
        """A class that keeps enough images whatever happens to it, and its images."""
        candidates = [(path, sorted(path.glob("*.png"))) for path in self._classes()]
        return self.chance.choice([(path, images) for path, images in candidates if len(images) > least])

    def _add(self, number: int) -> str:
        folder, images = self._images()
        for index, path in enumerate(self.chance.sample(images, 3)):
            _mirrored(path, folder / f"added_{number}_{index}.png")
        return f"3 images added to {folder.name}"

    def _edit(self, number: int) -> str:
        folder, images = self._images()
        path = self.chance.choice(images)
        _mirrored(path, path)
        return f"an image of {folder.name} edited in place"

    def _rename(self, number: int) -> str:
        folder, images = self._images()
        self.chance.choice(images).rename(folder / f"renamed_{number}.png")
        return f"an image of {folder.name} renamed"

    def _move(self, number: int) -> str:
        folder, images = self._images()
        target = self.chance.choice([path for path in self._classes() if path != folder])
        self.chance.choice(images).rename(target / f"moved_{number}.png")
        return f"an image of {folder.name} moved to {target.name}"

    def _delete(self, number: int) -> str:
        folder, images = self._images(least=8)
        for path in self.chance.sample(images, 2):
            path.unlink()
        return f"2 images of {folder.name} deleted"

    def _folder(self, number: int) -> str:
        extra = [path for path in self._classes() if path.name.startswith("extra_")]
        if extra:
            shutil.rmtree(extra[0])
            return f"class {extra[0].name} removed"
        _, images = self._images()
        target = self.root / f"extra_{number}"
        target.mkdir()
        for path in images[:12]:
            shutil.copy(path, target / path.name)
        return f"class {target.name} added"


def _mirrored(source: Path, target: Path) -> None:
    """Write the mirror image of ``source`` to ``target``, which may be ``source`` itself."""
    with Image.open(source) as picture:
        mirrored = ImageOps.mirror(picture.convert("RGB"))
    mirrored.save(target, "PNG")
