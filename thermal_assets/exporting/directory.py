"""A folder that is there whole or not at all, and that never takes the place of anything but an older export."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from thermal_assets.errors import UserError

MANIFEST = "export.json"
FORMAT = "thermal-assets export"


def check_target(target: Path, image_root: Path, home: Path, force: bool) -> Path:
    """``target`` as an absolute path, if an export may be written there.

    Raises:
        UserError: it lies in the image root or is (or holds) the image root or the home; or it exists already and is
            not an empty folder, nor, with ``force``, an older export.
    """
    path = Path(os.path.abspath(target))  # noqa: PTH100  a link at its end is looked at below, not followed
    real = path.parent.resolve() / path.name
    if real.is_symlink():
        raise UserError(f"{target} is a link: give the folder itself")
    root, home = image_root.resolve(), home.resolve()
    if real == root or root in real.parents:
        raise UserError(f"{target} lies inside the image folder {image_root}, which is only read: choose another --to")
    for kept, name in ((root, "the image folder"), (home, "the home")):
        if real == kept or real in kept.parents:
            raise UserError(f"{target} is or holds {name} {kept}: choose a new folder for --to")
    if real.is_dir():
        if any(real.iterdir()):
            if not is_export(real):
                raise UserError(f"{target} holds other files and no export: choose an empty or new folder")
            if not force:
                raise UserError(f"{target} holds an export already: give another --to, or --force to replace it")
    elif real.exists():
        raise UserError(f"{target} is a file: an export is a folder")
    return real


def is_export(path: Path) -> bool:
    """Whether ``path`` is a folder that an export wrote."""
    try:
        written = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(written, dict) and written.get("format") == FORMAT


@contextlib.contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` that takes its place when the block ends well, and leaves no trace when not.

    What ``target`` held is deleted only after the new folder is in its place; links in it are never followed.

    Raises:
        UserError: it cannot be written.
    """
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    old = beside.with_name(f"{beside.name}.old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        yield beside
        if target.exists():
            target.rename(old)
        try:
            beside.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    except OSError as error:
        raise UserError(f"could not write {target}: {error.strerror or error}; what was there before stays") from error
    finally:
        for leftover in (beside, old):
            if leftover.exists() and target.exists() | (leftover == beside):
                shutil.rmtree(leftover, ignore_errors=True)
