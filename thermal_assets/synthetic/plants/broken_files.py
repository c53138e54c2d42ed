"""Files that cannot be opened, and files that are no pictures."""

from __future__ import annotations

from pathlib import Path

from thermal_assets.synthetic.plants.plant import Plant, Pool, scaled

_KINDS = {
    "truncated": ("truncated_png", "PNG files that break off after 60 % of their bytes."),
    "empty": ("empty_file", "Files of 0 bytes with the name of a picture."),
    "text": ("text_named_png", "A line of text in a file named .png."),
    "half_jpeg": ("half_written_jpeg", "JPEG files of which only the first half was written."),
}
# Files that other programs leave behind: (path below the image root, bytes).
STRAYS = {
    "switchboard_normal/Thumbs.db": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504),
    ".DS_Store": b"\0\0\0\1Bud1" + bytes(248),
}


def plant_unreadable(pool: Pool) -> list[Plant]:
    """Four ways in which a picture cannot be opened."""
    plants = []
    for treatment, (name, description) in _KINDS.items():
        plant = Plant(name, description, ("image_problems",), ("unreadable_files",))
        for _ in range(scaled(pool.plan, 2)):
            plant.files += pool.take_anywhere()
        for file in plant.files:
            file.treatment = treatment
            if treatment == "half_jpeg":
                file.name = file.name.removesuffix(".png") + ".jpg"
        if not plant.files:
            plant.left_out = "the classes have too few images"
        plants.append(plant)
    return plants


def strays_record() -> dict[str, object]:
    """The entry of truth.json for the files that are no pictures; they do not count as images."""
    return {
        "name": "stray_files",
        "description": "A Thumbs.db in a class folder, and a hidden .DS_Store beside the class folders.",
        "planted": True,
        "tables": ["image_problems", "stray_files"],
        "detectors": ["unreadable_files", "stray_files"],
        "count": len(STRAYS),
        "images": sorted(STRAYS),
    }


def write_strays(image_root: Path) -> None:
    """Write them."""
    for path, data in STRAYS.items():
        (image_root / path).write_bytes(data)
