"""Lists of neighbours that a home keeps between runs, so that a few new images cost a small part of a whole search.

They are a cache: each carries the images it was made from, and where it does not fit, everything is searched anew.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.neighbors.incremental import Previous
from thermal_assets.neighbors.list_files import ListFiles

_IMAGES = "images.parquet"
_IDENTITY = ("image_key", "content_hash", "session_id", "frame_id")


class NeighborLists:
    """The lists of one class (or the data set) at one level, in ``folder``, for a search of ``images``.

    images   frame with image_key, content_hash, session_id and frame_id, in the order of the vectors
    version  of everything else that decides the lists
    """

    def __init__(self, folder: Path, images: pl.DataFrame, version: str, widths: tuple[int, int]) -> None:
        self.folder, self.version = folder, version
        self._images = images.select(_IDENTITY)
        self.images_before: pl.DataFrame | None = None  # of ``previous``, in the order of its rows
        self.previous = self._previous()
        self.files = ListFiles.begin(folder, images.height, *widths)

    def _previous(self) -> Previous | None:
        stored = ListFiles.open(self.folder, self.version)
        if stored is None:
            return None
        try:
            before = pl.read_parquet(self.folder / _IMAGES).with_row_index("old")
        except (OSError, pl.exceptions.PolarsError):
            return None
        if before.height != stored.count or not stored.unchanged():
            return None
        self.images_before = before
        old = self._images.join(before, on=_IDENTITY, how="left", nulls_equal=True, maintain_order="left")["old"]
        return Previous(stored, old.cast(pl.Int64).fill_null(-1).to_numpy())

    def keep(self) -> None:
        """Put the new lists in the place of the old ones; lists of the same level through another lens leave."""
        self._images.write_parquet(self.files.folder / _IMAGES)
        self.files.finish(self.folder, self.version)
        level = self.folder.name.partition("-")[0]
        for other in self.folder.parent.glob(f"{level}-*"):
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)

    def drop(self) -> None:
        """Forget the new lists; the old ones stay."""
        self.files.drop()


@contextlib.contextmanager
def searched_lists(
    folder: Path, images: pl.DataFrame, version: str, widths: tuple[int, int]
) -> Iterator[NeighborLists]:
    """The lists for a search inside the block: kept when it ends, dropped when it fails.

    Raises:
        UserError: they cannot be written.
    """
    lists: NeighborLists | None = None
    try:
        lists = NeighborLists(folder, images, version, widths)
        yield lists
        lists.keep()
    except BaseException as error:
        if lists is not None:
            lists.drop()
        if isinstance(error, OSError):
            raise UserError(
                f"the lists of neighbours cannot be written in {folder.parent} ({error.strerror}): free space on its "
                "disk and start again; the warehouse is as it was"
            ) from error
        raise
