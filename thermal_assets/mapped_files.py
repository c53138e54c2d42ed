"""Memory maps of large files, and giving back what was read of them."""

from __future__ import annotations

import mmap

import numpy as np


def release_pages(array: np.ndarray) -> None:
    """Give what was read of a mapped ``array`` back to the system, which keeps it as file cache; nothing for others.

    The pages of a map count as memory of the process until someone else needs them, however long ago they were read.
    """
    base: object = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    mapped = getattr(base, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
