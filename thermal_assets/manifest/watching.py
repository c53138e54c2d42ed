"""Noticing that a class folder changed, without reading its files.

Two looks: a quick one at the modification times of its folders, which sees files added, removed or
renamed, and a full one at the name, size and time of every file, which also sees files overwritten
in place. The full look is spread over many calls, since a million files take seconds.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import unquote_to_bytes

from thermal_assets.annotations.files import annotation_files, shared_files
from thermal_assets.manifest.scanning import is_annotation, list_files


def quick_state(image_root: Path, class_name: str, annotations: Path | None = None) -> str:
    """Hash of the folders of a class and their modification times; '' if the class folder is gone.

    The folders of its annotations count too, and the annotation files above the class folders.
    """
    digest = hashlib.blake2b(digest_size=8)
    for folder, mtime_ns in _folders(image_root, class_name):
        if mtime_ns is None:
            digest.update(folder + b"\0gone\n")
        else:
            digest.update(folder + b"\0%d\n" % mtime_ns)
    if annotations is not None and os.path.isdir(_top(annotations, class_name)):
        for folder, mtime_ns in _folders(annotations, class_name):
            digest.update(folder + b"\0%d\n" % (mtime_ns or 0))
    for file in shared_files(image_root, annotations):
        digest.update(f"{file.source_file}\0{file.size_bytes}\0{file.mtime_ns}\n".encode())
    return digest.hexdigest() if os.path.isdir(_top(image_root, class_name)) else ""


def folders_changed_at(image_root: Path, class_name: str) -> float:
    """Newest modification time of the folders of a class, unix seconds: when a file last came, went or was renamed."""
    return max((mtime_ns or 0 for _, mtime_ns in _folders(image_root, class_name)), default=0) / 1e9


def _top(image_root: Path, class_name: str) -> bytes:
    return os.path.join(os.fsencode(image_root), unquote_to_bytes(class_name))


def _folders(image_root: Path, class_name: str) -> Iterator[tuple[bytes, int | None]]:
    """The folders of a class with their modification times in ns, None where one cannot be examined."""
    pending = [_top(image_root, class_name)]
    while pending:
        folder = pending.pop()
        try:
            status = os.stat(folder)
            # A folder has two links and one more for each folder in it: most class folders end here, unlisted.
            if status.st_nlink != 2:
                with os.scandir(folder) as entries:
                    pending += sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
            yield folder, status.st_mtime_ns
        except OSError:
            yield folder, None


def full_state(image_root: Path, class_name: str, annotations: Path | None = None) -> str:
    """Hash of the name, size and modification time of every file of a class; '' if its folder is gone.

    Its annotation files count too, wherever they lie.
    """
    folder = unquote_to_bytes(class_name)
    if not os.path.isdir(os.path.join(os.fsencode(image_root), folder)):
        return ""
    images = (seen for seen in list_files(image_root, folder) if not is_annotation(seen.path))
    told = annotation_files(image_root, class_name, annotations)
    return files_state(
        chain(
            ((seen.image_id, seen.size_bytes, seen.mtime_ns) for seen in images),
            ((file.source_file, file.size_bytes, file.mtime_ns) for file in told),
        )
    )


def files_state(files: Iterable[tuple[str, int, int]]) -> str:
    """Hash of (image_id, size in bytes, modification time in ns) of files, whatever their order."""
    total = 0
    count = 0
    for image_id, size_bytes, mtime_ns in files:
        total += file_mark(image_id, size_bytes, mtime_ns)
        count += 1
    return state_of(count, total)


def file_mark(image_id: str, size_bytes: int, mtime_ns: int) -> int:
    """64-bit hash of one file; the marks of a folder are summed, since a sum does not depend on their order."""
    line = f"{image_id}\0{size_bytes}\0{mtime_ns}".encode()
    return int.from_bytes(hashlib.blake2b(line, digest_size=8).digest(), "little")


def state_of(count: int, total: int) -> str:
    """The state of ``count`` files whose marks sum up to ``total``."""
    return f"{count}-{total & (2**64 - 1):016x}"
