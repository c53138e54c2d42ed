"""Listing what lies in an image root: class folders, their files, and what belongs to neither."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thermal_assets.errors import UserError
from thermal_assets.manifest.identity import escape


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A directory entry that is not a folder. ``problem`` is (code, message) if it cannot be used."""

    image_id: str
    path: bytes
    size_bytes: int
    mtime_ns: int
    problem: tuple[str, str] | None = None


@dataclass(frozen=True)
class Catalog:
    """The class folders of an image root, by class name, and the files beside them."""

    classes: tuple[str, ...]
    strays: tuple[SeenFile, ...]


def is_annotation(path: bytes) -> bool:
    """True for files that hold annotations (JSON): they lie beside images, but are none."""
    return path[-5:].lower() == b".json"


def require_image_root(image_root: Path) -> Path:
    """``image_root`` if it is a readable folder.

    Raises:
        UserError: it is not.
    """
    if not image_root.exists():
        raise UserError(f"there is no folder {image_root}: give the folder that holds one folder per class")
    if not image_root.is_dir():
        raise UserError(f"{image_root} is a file: give the folder that holds one folder per class")
    if not os.access(image_root, os.R_OK | os.X_OK):
        raise UserError(f"{image_root} cannot be read: check its access rights")
    return image_root


def read_catalog(image_root: Path) -> Catalog:
    """List the class folders of ``image_root`` (every folder in it) and the files that lie beside them."""
    root = os.fsencode(require_image_root(image_root))
    classes, strays = [], []
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.is_dir():  # a link to a folder is a class folder too: data sets are often assembled from links
                classes.append(escape(entry.name))
            elif not is_annotation(entry.name):
                seen = _seen(entry, escape(entry.name))
                strays.append(
                    SeenFile(
                        seen.image_id,
                        seen.path,
                        seen.size_bytes,
                        seen.mtime_ns,
                        ("outside_class_folder", "lies beside the class folders: move it into one of them"),
                    )
                )
    return Catalog(tuple(sorted(classes)), tuple(sorted(strays, key=lambda seen: seen.image_id)))


def list_files(image_root: Path, class_folder: bytes) -> Iterator[SeenFile]:
    """Every file below one class folder, nested folders included, in no particular order.

    What cannot be used (a folder without rights, a link that leads nowhere, a pipe) comes as a
    ``SeenFile`` with its problem. Links to folders inside a class are reported, not followed: they
    may lead in circles.
    """
    pending = [class_folder]
    root = os.fsencode(image_root)
    while pending:
        relative = pending.pop()
        try:
            with os.scandir(os.path.join(root, relative)) as entries:
                for entry in entries:
                    below = relative + b"/" + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(below)
                    else:
                        yield _seen(entry, escape(below))
        except OSError as error:
            yield SeenFile(
                escape(relative),
                os.path.join(root, relative),
                0,
                0,
                ("unreadable_folder", f"the folder cannot be listed ({error.strerror}): check its access rights"),
            )


def _seen(entry: os.DirEntry[bytes], image_id: str) -> SeenFile:
    try:
        status = entry.stat()
    except OSError as error:
        if entry.is_symlink():
            return SeenFile(image_id, entry.path, 0, 0, ("broken_link", "the link leads nowhere"))
        return SeenFile(image_id, entry.path, 0, 0, ("unreadable", f"cannot be examined: {error.strerror}"))
    problem = None
    if stat.S_ISDIR(status.st_mode):
        problem = ("linked_folder", "a link to a folder inside a class is not followed: link or copy its files instead")
    elif not stat.S_ISREG(status.st_mode):
        problem = ("not_a_file", "neither a file nor a folder (a pipe, socket or device)")
    size = status.st_size if problem is None else 0
    return SeenFile(image_id, entry.path, size, status.st_mtime_ns, problem)
