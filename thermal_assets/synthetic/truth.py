"""truth.json: what the data set holds and what was planted in it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import __version__ as pillow_version

from thermal_assets.errors import UserError
from thermal_assets.synthetic.files import UNREADABLE, PlannedFile
from thermal_assets.synthetic.names import session_code
from thermal_assets.synthetic.planning import Plan

GENERATOR = "thermal-assets synth"
VERSION = 3  # raise it when the same parameters give other files
FILE_NAME = "truth.json"
IMAGES = "images"


def parameters(images: int, seed: int, clean: bool) -> dict[str, Any]:
    """What decides every byte, together with VERSION and the version of Pillow."""
    return {"images": images, "seed": seed, "clean": clean}


def describe(plan: Plan, clean: bool, plants: list[dict[str, Any]], strays: list[str]) -> dict[str, Any]:
    """The content of truth.json; paths are below the image root."""
    files = plan.all_files()
    sizes = {name: len(members) for name, members in plan.files.items()}
    readable = [file for file in files if file.treatment not in UNREADABLE]
    return {
        "generator": GENERATOR,
        "version": VERSION,
        "pillow": pillow_version,
        "complete": True,
        "parameters": parameters(plan.images, plan.seed, clean),
        "profile": "aihub-235",
        "image_root": IMAGES,
        "counts": {
            "images": len(files),
            "readable": len(readable),
            "unreadable": len(files) - len(readable),
            "stray_files": len(strays),
            "by_class": sizes,
            "largest_over_smallest": round(max(sizes.values()) / min(sizes.values()), 4),
            "modes": dict(sorted(Counter("RGB" if f.treatment == "jpeg" else f.mode for f in readable).items())),
            "sessions_by_class": {n: len({f.picture.session.key for f in m}) for n, m in plan.files.items()},
        },
        "plants": plants,
        "sessions": _sessions(plan),
        "files": sorted([file.path for file in files] + strays),
    }


def _sessions(plan: Plan) -> list[dict[str, Any]]:
    """One entry a class and session: the time window as names write it, the palette, the weather."""
    by_key: dict[tuple[str, str], list[PlannedFile]] = {}
    for file in plan.all_files():
        by_key.setdefault((file.class_name, file.picture.session.key), []).append(file)
    return [
        {
            "class_name": name,
            "captured_on": members[0].picture.session.captured_on.isoformat(),
            "site_code": members[0].picture.session.site,
            "session_code": session_code(members[0].picture.session.start, members[0].picture.session.end),
            "palette": members[0].picture.session.palette,
            "air_temperature_c": round(members[0].picture.session.ambient, 1),
            "images": len(members),
        }
        for (name, _), members in by_key.items()
    ]


def write(directory: Path, truth: dict[str, Any]) -> None:
    """Write truth.json as a whole or not at all."""
    part = directory / f".{FILE_NAME}.part"
    part.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    part.replace(directory / FILE_NAME)


def existing(directory: Path, images: int, seed: int, clean: bool) -> dict[str, Any] | None:
    """The truth of the data set that is already in ``directory``; None if it has to be (or finished being) written.

    Raises:
        UserError: something else is there.
    """
    if not directory.exists():
        return None
    if not directory.is_dir():
        raise UserError(f"{directory} is a file: give a folder that is empty or does not exist yet")
    if not any(directory.iterdir()):
        return None
    try:
        truth = json.loads((directory / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        truth = None
    if not isinstance(truth, dict) or truth.get("generator") != GENERATOR:
        raise UserError(f"{directory} is not empty and holds no sample data set: choose an empty folder or a new one")
    wanted = parameters(images, seed, clean)
    if truth.get("parameters") != wanted or truth.get("version") != VERSION:
        raise UserError(
            f"{directory} already holds another sample data set ({_as_options(truth)}): choose another folder, or delete "
            "this one first"
        )
    if not truth.get("complete"):
        return None
    missing = [path for path in truth["files"] if not (directory / IMAGES / path).exists()]
    if missing:
        raise UserError(
            f"{directory} holds this sample data set, but {len(missing)} of its files are gone (such as {missing[0]}): "
            "keep it as it is, or delete the folder and run again"
        )
    return truth


def _as_options(truth: dict[str, Any]) -> str:
    found = truth.get("parameters") or {}
    text = f"--images {found.get('images')} --seed {found.get('seed')}{' --clean' if found.get('clean') else ''}"
    return text if truth.get("version") == VERSION else f"{text}, from another version of this program"
