"""Looking at every file of a class folder in parts, so that no look takes longer than it may.

The names are listed anew each time, which is quick; their sizes and times are asked for in the
order of the names, and where one look ends the next goes on.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from thermal_assets.annotations.files import ANNOTATIONS, IMAGES, shared_files
from thermal_assets.manifest.identity import escape
from thermal_assets.manifest.scanning import is_annotation
from thermal_assets.manifest.watching import file_mark, state_of

_BETWEEN_CLOCKS = 500
# Listing the names of a large folder may take all the time there is; it must not be listed for a handful of files.
_AT_LEAST = 5000


@dataclass
class Sweep:
    """How far a sweep of ``class_name`` has come: the last file looked at ('' none), files so far, sum of their marks.

    ``quick`` is the quick state of the folder when it began: once that moved, the sweep is void.
    """

    class_name: str
    quick: str
    after: str = ""
    count: int = 0
    total: int = 0


def sweep_on(image_root: Path, sweep: Sweep, deadline: float, annotations: Path | None = None) -> str | None:
    """Go on with ``sweep`` until ``deadline`` (``time.monotonic``).

    Returns the state of the folder, as ``watching.full_state`` gives it, once every file was looked
    at, and None before. Some files are looked at however short the time.
    """
    root, folder = os.fsencode(image_root), unquote_to_bytes(sweep.class_name)
    if not os.path.isdir(os.path.join(root, folder)):
        return ""
    after = unquote_to_bytes(sweep.after)
    files = sorted(item for item in _named_files(root, folder, annotations) if item[0] > after)
    for number, (name, path) in enumerate(files):
        if number >= _AT_LEAST and number % _BETWEEN_CLOCKS == 0 and time.monotonic() > deadline:
            sweep.after = escape(files[number - 1][0])
            return None
        sweep.total += file_mark(escape(name.rstrip(b"/")), *_size_and_time(path))
        sweep.count += 1
    for file in shared_files(image_root, annotations):  # few: looked at together, at the end
        sweep.total += file_mark(file.source_file, file.size_bytes, file.mtime_ns)
        sweep.count += 1
    return state_of(sweep.count, sweep.total)


def _named_files(root: bytes, folder: bytes, annotations: Path | None) -> Iterator[tuple[bytes, bytes]]:
    """(name, path) of every file of a class: its path for an image, ``source_file`` for an annotation."""
    for name in _names(root, folder):
        label = os.fsencode(IMAGES) + name if is_annotation(name.rstrip(b"/")) else name
        yield label, os.path.join(root, name)
    if annotations is not None:
        other = os.fsencode(annotations)
        if os.path.isdir(os.path.join(other, folder)):
            yield from ((os.fsencode(ANNOTATIONS) + name, os.path.join(other, name)) for name in _names(other, folder))


def _names(root: bytes, folder: bytes) -> list[bytes]:
    """Paths below ``root`` of what ``scanning.list_files`` lists; a folder that cannot be listed ends in a slash."""
    found: list[bytes] = []
    pending = [folder]
    while pending:
        relative = pending.pop()
        try:
            with os.scandir(os.path.join(root, relative)) as entries:
                for entry in entries:
                    below = relative + b"/" + entry.name
                    (pending if entry.is_dir(follow_symlinks=False) else found).append(below)
        except OSError:
            found.append(relative + b"/")
    return found


def _size_and_time(path: bytes) -> tuple[int, int]:
    """As in ``scanning.SeenFile``: size 0 for what is no file, and time 0 too for what cannot be examined."""
    if path.endswith(b"/"):
        return 0, 0
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0, status.st_mtime_ns
