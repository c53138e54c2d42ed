"""Exact lists of neighbours on disk: what a later search of nearly the same images starts from."""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thermal_assets.mapped_files import release_pages
from thermal_assets.temporary import remove_leftovers, temporary_prefix

_LABEL = "neighbors"
_META = "lists.json"
_ATTEMPTS = 10
_TYPES = {
    "columns": np.int32,
    "scores": np.float64,
    "across_columns": np.int32,
    "across_scores": np.float64,
    "everything": np.bool_,
    "has_across": np.bool_,
}


@dataclass
class ListBlock:
    """Lists of neighbouring rows, each the exact beginning of its row by (score, column).

    columns, scores                int32, float64 [b, K]: -1 and infinity behind the last entry
    across_columns, across_scores  [b, K2]: the same over other sessions; empty where the plain list was enough
    everything                     bool [b, 2]: the plain list, the list across is the whole row
    has_across                     bool [b, 1]: in files, where it is not so, the list across is not to be read
    """

    columns: np.ndarray
    scores: np.ndarray
    across_columns: np.ndarray
    across_scores: np.ndarray
    everything: np.ndarray
    has_across: np.ndarray

    @classmethod
    def empty(cls, rows: int, width: int, width_across: int) -> ListBlock:
        """Lists of ``rows`` queries without an entry."""
        return cls(
            np.full((rows, width), -1, dtype=np.int32),
            np.full((rows, width), np.inf),
            np.full((rows, width_across), -1, dtype=np.int32),
            np.full((rows, width_across), np.inf),
            np.zeros((rows, 2), dtype=bool),
            np.zeros((rows, 1), dtype=bool),
        )

    def put(self, rows: np.ndarray, lists: ListBlock) -> None:
        """Lists of the rows ``rows`` int64 [b] take the place of what is there."""
        for name in ListBlock.__annotations__:
            getattr(self, name)[rows] = getattr(lists, name)

    def first(self, rows: int) -> ListBlock:
        """The first so many rows, in the same memory."""
        return ListBlock(*(getattr(self, name)[:rows] for name in ListBlock.__annotations__))


class ListFiles:
    """Lists of ``count`` rows in a folder, one file an array, read and written by blocks of rows.

    ``made`` tells them from any other lists that take their place.
    """

    def __init__(self, folder: Path, count: int, width: int, width_across: int, made: str = "") -> None:
        self.folder, self.count, self.width, self.width_across, self.made = folder, count, width, width_across, made
        self._mapped: ListBlock | None = None
        self._widths = {
            "columns": width,
            "scores": width,
            "across_columns": width_across,
            "across_scores": width_across,
            "everything": 2,
            "has_across": 1,
        }

    @classmethod
    def open(cls, folder: Path, version: str) -> ListFiles | None:
        """The lists in ``folder``, mapped; None where there are none, or of another ``version``, or not whole."""
        try:
            meta = json.loads((folder / _META).read_text())
            found = cls(
                folder, int(meta["count"]), int(meta["width"]), int(meta["width_across"]), str(meta.get("made", ""))
            )
            if meta["version"] != version:
                return None
            for name, width in found._widths.items():
                if found._path(name).stat().st_size != found.count * width * np.dtype(_TYPES[name]).itemsize:
                    return None
            found.mapped()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found

    @classmethod
    def begin(cls, target: Path, count: int, width: int, width_across: int) -> ListFiles:
        """A temporary folder beside ``target``, to be filled and then put in its place by ``finish``."""
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target.parent, _LABEL)
        folder = target.parent / f"{temporary_prefix(_LABEL)}{target.name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        lists = cls(folder, count, width, width_across)
        for name, columns in lists._widths.items():
            with lists._path(name).open("wb") as file:
                file.truncate(count * columns * np.dtype(_TYPES[name]).itemsize)
        return lists

    def unchanged(self) -> bool:
        """Whether these are still the lists of their folder: another process may have put its own there."""
        try:
            return bool(json.loads((self.folder / _META).read_text()).get("made", "") == self.made)
        except (OSError, ValueError, AttributeError):
            return False

    def finish(self, target: Path, version: str) -> None:
        """Take the place of ``target``. A kill in between leaves no lists, and the next search starts from none."""
        self.made = uuid.uuid4().hex
        meta = {
            "version": version, "count": self.count, "width": self.width, "width_across": self.width_across,
            "made": self.made,
        }  # fmt: skip
        for name in self._widths:
            with self._path(name).open("rb") as file:
                os.fsync(file.fileno())  # their size was there from the beginning: after a power cut it proves nothing
        (self.folder / _META).write_text(json.dumps(meta))
        for attempt in range(_ATTEMPTS):
            shutil.rmtree(target, ignore_errors=True)
            try:
                self.folder.replace(target)
                break
            except OSError as error:  # another process put its lists there in between
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt == _ATTEMPTS - 1:
                    raise
        self.folder = target

    def drop(self) -> None:
        """Remove them."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def mapped(self) -> ListBlock:
        """All rows, read-only, as maps of the files; they stay what they were when another process puts new ones there."""
        if self._mapped is not None:
            return self._mapped
        parts = {}
        for name, width in self._widths.items():
            if self.count * width:
                parts[name] = np.asarray(np.memmap(self._path(name), _TYPES[name], mode="r", shape=(self.count, width)))
            else:
                parts[name] = np.empty((self.count, width), dtype=_TYPES[name])
        self._mapped = ListBlock(**parts)
        return self._mapped

    def release(self) -> None:
        """Give back the memory of what was read of the maps."""
        if self._mapped is not None:
            for name in self._widths:
                release_pages(getattr(self._mapped, name))

    def write(self, rows: np.ndarray, block: ListBlock) -> None:
        """Lists of ``rows`` int64 [b], rising. Where the plain lists were enough, nothing is written of those across."""
        block.has_across[:, 0] = block.everything[:, 1]
        if self.width_across:
            block.has_across[:, 0] |= block.across_columns[:, 0] >= 0
        runs = np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1) if len(rows) else []
        for name, width in self._widths.items():
            values: np.ndarray = np.ascontiguousarray(getattr(block, name), dtype=_TYPES[name])
            with self._path(name).open("r+b", buffering=0) as file:
                for run in runs if width else []:
                    if name.startswith("across") and not block.has_across[run].any():
                        continue
                    _write_all(file.fileno(), values[run[0] : run[-1] + 1], int(rows[run[0]]) * width * values.itemsize)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.rows"


def _write_all(file: int, values: np.ndarray, offset: int) -> None:
    """``values`` as they lie in memory, at ``offset``: a disk that is nearly full takes a part and says nothing."""
    left = values.reshape(-1).view(np.uint8).data
    while len(left):
        written = os.pwrite(file, left, offset)
        left, offset = left[written:], offset + written
