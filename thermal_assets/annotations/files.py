"""Where the annotation files of a class lie.

Beside the images, in a tree of the same folders (``<annotations>/<class>/...``), or as files for many images
at the top of the annotations or of the images.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from thermal_assets.manifest.identity import escape
from thermal_assets.manifest.scanning import SeenFile, is_annotation, list_files

IMAGES, ANNOTATIONS = "images/", "annotations/"


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """One file that may annotate images of a class.

    ``source_file`` is its path, with 'images/' for the image root and 'annotations/' for the folder of the
    annotations. ``shared``: it lies above the class folders, so it may speak of every class. ``problem`` is
    (code, message) if it cannot be used.
    """

    source_file: str
    path: bytes
    size_bytes: int
    mtime_ns: int
    shared: bool
    problem: tuple[str, str] | None = None


def annotation_files(image_root: Path, class_name: str, annotations: Path | None) -> list[AnnotationFile]:
    """All annotation files of a class, by source_file. ``annotations`` is a folder, one file, or None."""
    folder = unquote_to_bytes(class_name)
    found: list[AnnotationFile] = []
    if (image_root / os.fsdecode(folder)).is_dir():
        beside = (seen for seen in list_files(image_root, folder) if is_annotation(seen.path))
        found += [_file(IMAGES, seen, shared=False) for seen in beside]
    found += elsewhere(image_root, class_name, annotations)
    return sorted(found, key=lambda file: file.source_file)


def elsewhere(image_root: Path, class_name: str, annotations: Path | None) -> Iterator[AnnotationFile]:
    """Those annotation files of a class that do not lie in its image folder."""
    yield from shared_files(image_root, annotations)
    folder = unquote_to_bytes(class_name)
    if annotations is not None and (annotations / os.fsdecode(folder)).is_dir():
        yield from (_file(ANNOTATIONS, seen, shared=False) for seen in list_files(annotations, folder))


def shared_files(image_root: Path, annotations: Path | None) -> Iterator[AnnotationFile]:
    """The annotation files above the class folders."""
    yield from (_file(IMAGES, seen, shared=True) for seen in _top(image_root))
    if annotations is not None and annotations.is_file():
        yield from (_file(ANNOTATIONS, seen, shared=True) for seen in _top(annotations.parent, annotations.name))
    elif annotations is not None:
        yield from (_file(ANNOTATIONS, seen, shared=True) for seen in _top(annotations))


def _file(root: str, seen: SeenFile, *, shared: bool) -> AnnotationFile:
    problem = seen.problem
    if problem is None and not is_annotation(seen.path):
        problem = ("other_format", "no .json file: only AI Hub and COCO JSON are read")
    return AnnotationFile(root + seen.image_id, seen.path, seen.size_bytes, seen.mtime_ns, shared, problem)


def _top(root: Path, only: str | None = None) -> list[SeenFile]:
    """The JSON files directly in ``root``, or the one called ``only``; none if it cannot be listed."""
    found = []
    try:
        with os.scandir(os.fsencode(root)) as entries:
            for entry in entries:
                wanted = is_annotation(entry.path) if only is None else entry.name == os.fsencode(only)
                if wanted and entry.is_file():
                    status = entry.stat()
                    found.append(SeenFile(escape(entry.name), entry.path, status.st_size, status.st_mtime_ns))
    except OSError:
        return []
    return found
