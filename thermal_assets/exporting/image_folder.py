"""ImageFolder: links to the kept images, one folder a part of the split and below it one a class.

Nothing is copied: torchvision.datasets.ImageFolder, and everything else that reads a folder a class, follows the links.
"""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from thermal_assets.exporting.names import relative_bytes


def write_image_folder(folder: Path, images: pl.DataFrame, image_root: Path) -> int:
    """Make ``folder``/split/<path below the image root> a link to each of ``images`` (image_id, split).

    A path below the image root begins with the class folder, so each part is a folder a class. Returns how many.
    """
    root = os.fsencode(image_root)
    made: set[bytes] = set()
    for image_id, part in images.select("image_id", "split").iter_rows():
        relative = relative_bytes(image_id)
        link = os.path.join(os.fsencode(folder), part.encode(), relative)  # noqa: PTH118  names are bytes
        parent = os.path.dirname(link)  # noqa: PTH120
        if parent not in made:
            os.makedirs(parent, exist_ok=True)  # noqa: PTH103
            made.add(parent)
        os.symlink(os.path.join(root, relative), link)  # noqa: PTH118, PTH211
    return images.height
