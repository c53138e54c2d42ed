"""Looking at every file of a class folder in parts, so that no look takes longer than it may.

The names are listed anew each time, which is quick; their sizes and times are asked for in the
order of the names, and where one look ends the next goes on.
"""

from __future__ import annotations

import os
import stat
import time
from bisect import bisect_right
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
# Begins what a sweep remembers of a file in the folder of annotations; no path below the images begins so.
_ELSEWHERE = b"/"


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
    after, number = unquote_to_bytes(sweep.after), 0
    for elsewhere, below, names in _lists(root, folder, annotations):
        if after.startswith(_ELSEWHERE) and not elsewhere:
            continue
        begun = after.startswith(_ELSEWHERE) == elsewhere
        start = bisect_right(names, after.removeprefix(_ELSEWHERE)) if begun else 0
        for position in range(start, len(names)):
            if number >= _AT_LEAST and number % _BETWEEN_CLOCKS == 0 and time.monotonic() > deadline:
                last = names[position - 1] if position else b""
                sweep.after = escape(_ELSEWHERE + last if elsewhere else last)
                return None
            name = names[position]
            shown = name.rstrip(b"/")
            label = ANNOTATIONS if elsewhere else IMAGES if is_annotation(shown) else ""
            sweep.total += file_mark(label + escape(shown), *_size_and_time(below + name))
            sweep.count += 1
            number += 1
    for file in shared_files(image_root, annotations):  # few: looked at together, at the end
        sweep.total += file_mark(file.source_file, file.size_bytes, file.mtime_ns)
        sweep.count += 1
    return state_of(sweep.count, sweep.total)


def _lists(root: bytes, folder: bytes, annotations: Path | None) -> Iterator[tuple[bool, bytes, list[bytes]]]:
    """(elsewhere, what goes before a name, sorted names): the class folder, then its folder of annotations elsewhere."""
    yield False, os.path.join(root, b""), sorted(_names(root, folder))
    if annotations is not None:
        other = os.fsencode(annotations)
        if os.path.isdir(os.path.join(other, folder)):
            yield True, os.path.join(other, b""), sorted(_names(other, folder))


def _names(root: bytes, folder: bytes) -> list[bytes]:
    """Paths below ``root`` of what ``scanning.list_files`` lists; a folder that cannot be listed ends in a slash."""
    found: list[bytes] = []
    pending = [folder]
    while pending:
        relative = pending.pop()
        inside = relative + b"/"
        try:
            with os.scandir(os.path.join(root, relative)) as entries:
                for entry in entries:
                    (pending if entry.is_dir(follow_symlinks=False) else found).append(inside + entry.name)
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
