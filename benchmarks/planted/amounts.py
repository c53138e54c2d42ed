"""How many files must be wrong before the detectors of names and pixel modes say so, and whether they name them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.planted.pipeline import l1_home, run_l1
from benchmarks.planted.scoring import told_images
from thermal_assets.synthetic.dataset import write_sample_dataset

AMOUNTS = (1, 3, 10, 30, 100)
_CLASS = "ship_normal"


def _with_alpha(path: Path) -> Path:
    with Image.open(path) as picture:
        other = picture.convert("RGBA" if picture.mode != "RGBA" else "RGB")
    other.save(path)
    return path


def _renamed(pattern: str, other: str) -> Callable[[Path], Path]:
    def change(path: Path) -> Path:
        return path.rename(path.with_name(re.sub(pattern, other, path.name)))

    return change


@dataclass(frozen=True)
class Fault:
    """What is done to a file, and which detector must tell it; ``whole``: it judges the data set, not each file."""

    what: str
    detector: str
    change: Callable[[Path], Path]
    whole: bool = False


FAULTS = (
    Fault("a name without its distance", "names_invalid", _renamed(r"_D[\d.]+_", "_")),
    Fault("a date that does not exist", "names_invalid", _renamed(r"\d\d\.\d\d\.\d\d", "20.13.45")),
    Fault(
        "a session that ends before it begins", "names_invalid", _renamed(r"([AP]\d{4})-([AP]\d{4})", r"P2359-A0001")
    ),
    Fault("a distance of 200 m", "outside_declared_ranges", _renamed(r"_D[\d.]+_", "_D200_")),
    Fault("a date after the collection", "outside_declared_ranges", _renamed(r"\d\d\.\d\d\.\d\d", "21.03.15")),
    Fault("the other pixel mode", "channel_mix", _with_alpha, whole=True),
)


def print_amounts(folder: Path, images: int, seed: int = 22) -> None:
    """For each fault and amount of one clean set: files named by the detector, of those made wrong, and others named.

    For a detector that judges the data set: whether it says anything.
    """
    clean = folder / "amounts"
    write_sample_dataset(clean, images, seed, clean=True)
    files = sorted((clean / "images" / _CLASS).iterdir())
    print(f"\nnumber of wrong files in class {_CLASS} ({len(files):,} images) of {images:,} drawn crops")
    for number, fault in enumerate(FAULTS):
        home = l1_home(clean / "images", folder / f"amounts-{number}", "aihub-235")
        steps = []
        for amount in (0, *(amount for amount in AMOUNTS if amount <= len(files))):
            before = {path: path.read_bytes() for path in files[:amount]}
            wrong = [fault.change(path) for path in before]
            run_l1(home, f"{amount}")
            with home.warehouse.read() as connection:
                told = told_images(connection).get(fault.detector, set())
            names = {f"{_CLASS}/{path.name}" for path in wrong}
            besides = len(told - names)
            steps.append(
                f"{amount}: {'told' if told else '-'}"
                if fault.whole
                else f"{amount}: {len(told & names)}/{amount}" + (f" and {besides} others" if besides else "")
            )
            for path in wrong:
                path.unlink()
            for path, data in before.items():
                path.write_bytes(data)
        print(f"  {fault.what:38}{fault.detector:26}{'  '.join(steps)}", flush=True)
