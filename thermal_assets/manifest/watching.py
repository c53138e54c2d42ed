"""Noticing that a class folder changed, without reading its files.

Two looks: a quick one at the modification times of its folders, which sees files added, removed or
renamed, and a full one at the name, size and time of every file, which also sees files overwritten
in place. The full look is spread over many calls, since a million files take seconds.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote_to_bytes

from thermal_assets.manifest.scanning import list_files


def quick_state(image_root: Path, class_name: str) -> str:
    """Hash of the folders of a class and their modification times; '' if the class folder is gone."""
    top = os.path.join(os.fsencode(image_root), unquote_to_bytes(class_name))
    digest = hashlib.blake2b(digest_size=8)
    pending = [top]
    while pending:
        folder = pending.pop()
        try:
            status = os.stat(folder)
            digest.update(folder + b"\0%d\n" % status.st_mtime_ns)
            # A folder has two links and one more for each folder in it: most class folders end here, unlisted.
            if status.st_nlink != 2:
                with os.scandir(folder) as entries:
                    pending += sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            if folder == top:
                return ""
            digest.update(folder + b"\0gone\n")
    return digest.hexdigest()


def full_state(image_root: Path, class_name: str) -> str:
    """Hash of the name, size and modification time of every file of a class; '' if its folder is gone."""
    folder = unquote_to_bytes(class_name)
    if not os.path.isdir(os.path.join(os.fsencode(image_root), folder)):
        return ""
    return files_state((seen.image_id, seen.size_bytes, seen.mtime_ns) for seen in list_files(image_root, folder))


def files_state(files: Iterable[tuple[str, int, int]]) -> str:
    """Hash of (image_id, size in bytes, modification time in ns) of files, whatever their order."""
    total = 0
    count = 0
    for image_id, size_bytes, mtime_ns in files:
        line = f"{image_id}\0{size_bytes}\0{mtime_ns}".encode()
        # A sum does not depend on the order in which the file system lists the files.
        total += int.from_bytes(hashlib.blake2b(line, digest_size=8).digest(), "little")
        count += 1
    return f"{count}-{total & (2**64 - 1):016x}"
