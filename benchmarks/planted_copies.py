"""Which copies of a picture are found, as they differ more and more from it?

    python -m benchmarks.planted_copies [--each 10] [--folder DIR] [--lens-weights FILE]

Copies of real crops (../shared/data; without them, of drawn ones) are put beside their originals, every second one
under another class, and ``thermal-assets diagnose`` runs over all. A copy is found if table ``duplicates`` holds it in
one group with its original. Shown are the groups of originals as well, told without any copy among them: real data
holds such. Besides, a twin that must stay quiet: the originals alone, faint, each under one overlay (scale bar, texts,
crosshair), so that different pictures have most of their contrast in common. The network is the ImageNet MobileNetV2
of ../shared/lenses where it is there, else the one in the package.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from PIL import Image, ImageDraw

from benchmarks.planted.strengths import real_crops
from benchmarks.real_vectors import WEIGHTS
from thermal_assets.synthetic.dataset import write_sample_dataset

Change = Callable[[Image.Image, float, np.random.Generator], Image.Image]
SMALLEST = 24  # pixels: of smaller pictures nothing is left to crop


def _noisy(picture: Image.Image, levels: float, random: np.random.Generator) -> Image.Image:
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float64)
    grey = picture.mode == "L"
    noise = random.normal(0, levels, (*pixels.shape[:2], 1 if grey else 3))
    changed = Image.fromarray(np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8))
    return changed.convert("L") if grey else changed


def _brighter(picture: Image.Image, percent: float, random: np.random.Generator) -> Image.Image:
    return picture.point(lambda level: min(255, round(level * (1 + percent / 100))))


def _jpeg(picture: Image.Image, quality: float, random: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    picture.convert("L" if picture.mode == "L" else "RGB").save(buffer, "JPEG", quality=int(quality))
    return Image.open(io.BytesIO(buffer.getvalue()))


def _smaller(picture: Image.Image, percent: float, random: np.random.Generator) -> Image.Image:
    width, height = (max(8, round(side * percent / 100)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BILINEAR)


def _cropped(picture: Image.Image, percent: float, random: np.random.Generator) -> Image.Image:
    left, top = (max(1, round(side * percent / 200)) for side in picture.size)
    return picture.crop((left, top, picture.width - left, picture.height - top))


@dataclass(frozen=True)
class Treatment:
    """How a copy differs, by strengths from hardly visible on."""

    what: str
    change: Change | None  # None: the bytes as they are (0), or the same pixels packed otherwise (1)
    strengths: tuple[float, ...]


TREATMENTS = (
    Treatment("same bytes (0), same pixels (1)", None, (0, 1)),
    Treatment("noise, levels of 255", _noisy, (0.5, 1, 2, 4, 8)),
    Treatment("brighter, per cent", _brighter, (1, 2, 5, 10, 20)),
    Treatment("JPEG, quality", _jpeg, (95, 90, 80, 60, 40)),
    Treatment("smaller, per cent of the side", _smaller, (95, 90, 75, 50, 33)),
    Treatment("border cut off, per cent", _cropped, (2, 5, 10, 20, 30)),
)


@dataclass(frozen=True)
class Copy:
    """A planted copy and its original (class/file), the treatment and its strength."""

    image: str
    original: str
    treatment: str
    strength: float


def plant(source: Path, target: Path, each: int) -> list[Copy]:
    """Put ``source`` (a folder a class) and the copies below ``target``; no picture is copied twice."""
    shutil.copytree(source, target)
    classes = sorted(path.name for path in source.iterdir() if path.is_dir())
    files = sorted(
        (path for name in classes for path in (source / name).iterdir()),
        key=lambda path: hashlib.blake2b(path.name.encode()).digest(),
    )
    usable = (path for path in files if min(_size(path)) >= SMALLEST)
    random = np.random.default_rng(0)
    copies = []
    for treatment in TREATMENTS:
        for strength in treatment.strengths:
            for number in range(each):
                path = next(usable, None)
                if path is None:
                    raise SystemExit(f"{source} has too few pictures for {each} copies a treatment: lower --each")
                place = path.parent.name
                if number % 2:
                    place = classes[(classes.index(place) + 1) % len(classes)]
                copy = target / place / f"copy{len(copies):04d}{path.suffix}"
                copy.write_bytes(_treated(path, treatment, strength, random))
                copies.append(Copy(f"{place}/{copy.name}", f"{path.parent.name}/{path.name}", treatment.what, strength))
    return copies


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def _treated(path: Path, treatment: Treatment, strength: float, random: np.random.Generator) -> bytes:
    if treatment.change is None and strength == 0:
        return path.read_bytes()
    with Image.open(path) as picture:
        picture.load()
        if treatment.change is None and path.suffix.lower() != ".png":
            return path.read_bytes() + b"\0"  # bytes behind the end of the picture are nobody's pixels
        changed = picture if treatment.change is None else treatment.change(picture, strength, random)
        buffer = io.BytesIO()
        if path.suffix.lower() == ".png":
            changed.save(buffer, "PNG", compress_level=1)
        else:
            changed.save(buffer, "JPEG", quality=100, subsampling=0)
        return buffer.getvalue()


def under_one_overlay(source: Path, target: Path) -> None:
    """The pictures of ``source`` at 0.3 of their contrast, with the same scale bar, texts and crosshair on each."""
    for path in sorted(source.rglob("*.*")):
        with Image.open(path) as opened:
            picture = opened.convert("L").point(lambda level: round(70 + 0.3 * level))
        draw, (width, height) = ImageDraw.Draw(picture), picture.size
        for row in range(height // 6, height - height // 6):
            draw.line((width * 15 // 16, row, width, row), fill=255 - 255 * row // height)
        draw.rectangle((0, 0, width // 3, height // 12), fill=255)
        draw.rectangle((0, height - height // 12, width // 4, height), fill=0)
        draw.line((width // 2, height * 3 // 8, width // 2, height * 5 // 8), fill=255)
        draw.line((width * 3 // 8, height // 2, width * 5 // 8, height // 2), fill=255)
        place = target / path.parent.name
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"{path.stem}.png")


def diagnose(images: Path, home: Path, lens: list[str]) -> None:
    """A diagnosis by the command line, as a user starts it."""
    program = Path(sys.executable).with_name("thermal-assets")
    command = [program, "diagnose", images, "--profile", "folders", "--home", home, *lens]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"diagnose failed on {images}:\n{done.stdout}\n{done.stderr}")


def report(home: Path, copies: list[Copy], images: int) -> None:
    """How many of each treatment and strength are in one group with their original, and of which kind."""
    connection = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    try:
        rows = connection.execute("SELECT group_id, kind, image_id FROM duplicates").fetchall()
    finally:
        connection.close()
    groups_of: dict[str, dict[str, str]] = defaultdict(dict)
    members: dict[str, set[str]] = defaultdict(set)
    for group, kind, image in rows:
        groups_of[image][group] = kind
        members[group].add(image)
    planted = {copy.image for copy in copies}
    for treatment in TREATMENTS:
        steps = []
        for strength in treatment.strengths:
            mine = [one for one in copies if (one.treatment, one.strength) == (treatment.what, strength)]
            shared = [groups_of[one.image].keys() & groups_of[one.original].keys() for one in mine]
            kinds = {groups_of[one.image][group] for one, groups in zip(mine, shared, strict=True) for group in groups}
            steps.append(f"{strength:g}: {sum(map(bool, shared))}/{len(mine)} {'+'.join(sorted(kinds))}".strip())
        print(f"  {treatment.what:34}{'   '.join(steps)}")
    besides = [group for group, inside in members.items() if not inside & planted]
    print(f"  of {images:,} originals, groups without any copy: {len(besides)}", flush=True)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=10, help="copies a treatment and strength (default 10)")
    parser.add_argument("--folder", type=Path, help="where data and homes go; left out: a temporary folder")
    parser.add_argument("--lens-weights", type=Path, default=WEIGHTS, help="weights of a MobileNetV2")
    options = parser.parse_args()
    lens = ["--lens", "thermal_mobilenet"]
    if options.lens_weights.is_file():
        lens = ["--lens", "mobilenet_v2", "--lens-weights", str(options.lens_weights), "--lens-mean", "0.5"]
        lens += ["--lens-std", "0.5"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sources = real_crops(folder)
        if not sources:
            write_sample_dataset(folder / "drawn", 1600, 21, clean=True)
            sources = [("drawn crops", folder / "drawn" / "images")]
        for name, source in sources:
            place = name.split()[0]
            copies = plant(source, folder / f"{place}-copies", options.each)
            home = folder / f"{place}-home"
            diagnose(folder / f"{place}-copies", home, lens)
            images = sum(1 for path in source.rglob("*") if path.is_file())
            print(f"\n{name}: {images:,} originals, {len(copies)} copies; found, and as what")
            report(home, copies, images)
            under_one_overlay(source, folder / f"{place}-overlay")
            diagnose(folder / f"{place}-overlay", folder / f"{place}-overlay-home", lens)
            connection = duckdb.connect(str(folder / f"{place}-overlay-home" / "warehouse.duckdb"), read_only=True)
            near = connection.execute("SELECT count(*) FROM duplicates WHERE kind = 'near' AND NOT keeper").fetchall()
            connection.close()
            print(f"  twin, all under one overlay: {near[0][0]} near copies told", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
