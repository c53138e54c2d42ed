"""The share of damaged pictures that is found, as the damage grows; on drawn and on real crops."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.planted.pipeline import l1_home, run_l1
from benchmarks.planted.scoring import told_images
from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.palettes import UNKNOWN, match_palette, palette_table
from thermal_assets.synthetic.plants.damage import How, damaged

# damage: (detector, strengths from hardly visible to ruined)
LADDER: dict[str, tuple[str, tuple[float, ...]]] = {
    "dark": ("image_quality", (0.3, 0.5, 0.7, 0.8, 0.9)),
    "bright": ("image_quality", (0.3, 0.5, 0.7, 0.8, 0.9)),
    "flat": ("image_quality", (0.3, 0.5, 0.7, 0.8, 0.9)),
    "coarse": ("image_quality", (16, 8, 5, 3, 2)),
    "blurred": ("image_quality", (0.5, 1, 2, 3, 5)),
    "clipped": ("image_quality", (0.05, 0.1, 0.2, 0.3, 0.5)),
    "stuck_rows": ("pixel_defects", (1, 1, 2, 3, 4)),
    "stuck_columns": ("pixel_defects", (1, 1, 2, 3, 4)),
    "dead_pixels": ("pixel_defects", (1, 2, 3, 6, 12)),
    "overlay": ("overlays", (8, 10, 12, 16, 20)),
    "white_overlay": ("overlays", (8, 10, 12, 16, 20)),
    "colour_bar": ("overlays", (0.03, 0.05, 0.08, 0.1, 0.12)),
}
LEVELS = 5
EACH = 12  # pictures a damage and strength
_REAL = {"hit_uav_crops": 300, "solar_modules": 300}  # pictures a class that are copied


@dataclass
class Curves:
    """damage -> found out of EACH for every strength; ``before``: images told by detector when nothing was damaged."""

    found: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    wrong: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    before: dict[str, int] = field(default_factory=dict)
    images: int = 0


def strength_curves(source: Path, profile: str, folder: Path, each: int = EACH) -> Curves:
    """Damage copies of the pictures below ``source`` (a folder a class), step by step, and look who tells them.

    One home serves all steps, so that only damaged and restored files are read again. The pictures of a step are
    spread over the classes, at most a tenth of a class at once.
    """
    root = folder / "images"
    shutil.copytree(source, root, ignore=shutil.ignore_patterns("*.md"))
    home = l1_home(root, folder / "home", profile)
    curves = Curves()
    run_l1(home, "untouched")
    with home.warehouse.read() as connection:
        curves.before = {name: len(images) for name, images in told_images(connection).items()}
        untouched = told_images(connection)
        # Drawn by hash and dealt class by class, so that every class gives its share; marked ones are left alone.
        usable = connection.execute(
            "SELECT image_id FROM channel_stats WHERE least(width, height) >= 16 "
            "ORDER BY row_number() OVER (PARTITION BY class_name ORDER BY hash(image_id)), class_name"
        ).fetchall()
    marked = set().union(*untouched.values()) if untouched else set()
    order = [image for (image,) in usable if image not in marked]
    curves.images = sum(1 for path in root.rglob("*") if path.is_file())
    for level in range(LEVELS):
        places: dict[str, str] = {}
        for index, damage in enumerate(LADDER):
            for image in order[index * each : (index + 1) * each]:
                places[image] = damage
        for image, damage in places.items():
            _damage_file(root / image, (source / image).read_bytes(), damage, LADDER[damage][1][level])
        run_l1(home, f"level {level}")
        with home.warehouse.read() as connection:
            told = told_images(connection)
        for damage, (detector, _) in LADDER.items():
            mine = {image for image, name in places.items() if name == damage}
            curves.found[damage].append(len(mine & told.get(detector, set())))
            curves.wrong[damage] = [len(mine)]
        sound = {image for images in told.values() for image in images} - set(places) - marked
        curves.wrong["sound"].append(len(sound))
        for image in places:
            shutil.copyfile(source / image, root / image)
    return curves


def print_curves(name: str, curves: Curves) -> None:
    """One line a damage."""
    told = ", ".join(f"{key} {n}" for key, n in sorted(curves.before.items())) or "nothing"
    print(f"\n{name}: {curves.images:,} images; told before any damage: {told}")
    for damage, (detector, strengths) in LADDER.items():
        whole = curves.wrong[damage][0]
        steps = "  ".join(f"{s:g}: {n}/{whole}" for s, n in zip(strengths, curves.found[damage], strict=True))
        print(f"  {damage:15}{detector:15}{steps}")
    print(f"  sound pictures told for the first time, step by step: {curves.wrong['sound']}", flush=True)


def real_crops(folder: Path) -> list[tuple[str, Path]]:
    """(name, folder a class) of parts of the real data sets beside this checkout; none where they are not there."""
    import zipfile

    data = Path(__file__).resolve().parents[3] / "shared" / "data"
    found = []
    for name, most in _REAL.items():
        archive = data / f"{name}.zip"
        if not archive.is_file():
            print(f"{archive} is not there: no curve on real crops of {name}")
            continue
        target = folder / name
        with zipfile.ZipFile(archive) as stored:
            by_class: dict[str, list[str]] = defaultdict(list)
            for member in sorted(stored.namelist()):
                if member.lower().endswith((".png", ".jpg", ".jpeg", ".tif", ".tiff")):
                    by_class[member.rsplit("/", 2)[-2]].append(member)
            for class_name, members in by_class.items():
                (target / class_name).mkdir(parents=True, exist_ok=True)
                members.sort(key=lambda member: hashlib.blake2b(member.encode()).digest())
                for member in members[:most]:
                    (target / class_name / member.rsplit("/", 1)[-1]).write_bytes(stored.read(member))
        found.append((f"{name} (real)", target))
    return found


def _damage_file(path: Path, data: bytes, damage: str, strength: float) -> None:
    """Write the damaged picture in the mode it had, grey files as grey where the damage brings no colour."""
    image = decode_image(data)
    match = match_palette(image.rgb)
    palette = palette_table("grey" if match.name == UNKNOWN else match.name, match.kind)
    seed = int.from_bytes(hashlib.blake2b(f"{path.name}{damage}".encode(), digest_size=8).digest(), "big")
    rgb = damaged(image.rgb, damage, strength, How(np.random.default_rng(seed), palette))
    picture = Image.fromarray(rgb)
    if image.mode == "L" and (rgb == rgb[..., :1]).all():
        picture = picture.convert("L")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
