"""Chunks: groups of content-addressed records in files that a crash can lose but never spoil.

A chunk is a few data files and one ``.keys`` file that names the content hashes inside and the size of
each data file. The keys file is renamed into place last, after everything is on disk: a chunk without
it does not count, one whose data files have other sizes does not count either, and its images are
computed again. Files are named by content, so several processes may write at the same time.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import struct
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thermal_assets.embedding.key_index import KEY_BYTES, KeyIndex, as_keys
from thermal_assets.temporary import remove_leftovers, temporary_prefix

log = logging.getLogger(__name__)

_MAGIC = b"TACHUNK1"
#: Label of files being written.
TEMPORARY = "tmp"
#: Data files whose keys never came, by which time no writer can still be between two renames.
_ORPHAN_SECONDS = 3600


@dataclass(frozen=True)
class Chunk:
    """A complete chunk: the path without suffix, and the rows it has."""

    stem: Path
    rows: int


class ChunkDirectory:
    """All chunks of one store, with an index over their keys. ``parts`` are the suffixes of the data files."""

    def __init__(self, root: Path, parts: Sequence[str]) -> None:
        self.root = Path(root)
        self.parts = tuple(parts)
        self.chunks: list[Chunk] = []
        self._keys: list[np.ndarray] = []
        self._flags: list[np.ndarray] = []
        self._loaded: set[str] = set()
        self._damaged: dict[str, int] = {}
        self._cleaned = False
        self._build()
        self.refresh()

    def refresh(self) -> None:
        """Take in chunks that appeared since; cheap when there are none."""
        if not self.root.is_dir():
            return
        entries = list(os.scandir(self.root))
        if any(entry.name.startswith(f".{TEMPORARY}-") for entry in entries):
            remove_leftovers(self.root, TEMPORARY)
        # A damaged chunk written again has the same name, being named by content, but another inode.
        found = {entry.name: entry.inode() for entry in entries if entry.name.endswith(".keys")}
        new = [name for name in found if name not in self._loaded and self._damaged.get(name) != found[name]]
        for name in sorted(new):
            if self._load(self.root / name):
                self._loaded.add(name)
            else:
                self._damaged[name] = found[name]
        if new:
            self._build()

    def locate(self, hashes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Chunk number and row of each hash, int64[n] each; -1 where it is not stored."""
        if not len(hashes):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        position = self._index.find(as_keys(hashes))
        chunk = np.searchsorted(self._starts, position, side="right") - 1
        row = position - self._starts[np.maximum(chunk, 0)] if len(self._starts) else position
        return np.where(position < 0, -1, chunk), np.where(position < 0, -1, row)

    def flags(self, hashes: Sequence[str]) -> np.ndarray:
        """The flag each hash was written with, uint8[n]; 0 where it is not stored."""
        if not len(hashes) or not len(self._index):
            return np.zeros(len(hashes), np.uint8)
        position = self._index.find(as_keys(hashes))
        return np.where(position < 0, 0, self._all_flags[np.maximum(position, 0)]).astype(np.uint8)

    def missing(self, hashes: Sequence[str]) -> set[str]:
        """Those of ``hashes`` that no complete chunk holds."""
        self.refresh()
        chunk, _ = self.locate(hashes)
        return {hashes[i] for i in np.flatnonzero(chunk < 0).tolist()}

    def commit(
        self, hashes: Sequence[str], parts: Mapping[str, bytes | memoryview], flags: bytes | None = None
    ) -> None:
        """Write one chunk durably. Returns once it would survive a power cut.

        Raises OSError (a full disk, no permission); nothing of the chunk counts then.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        if not self._cleaned:
            self._clean()
            self._cleaned = True
        sizes = struct.pack(f"<{len(self.parts)}Q", *(memoryview(parts[part]).nbytes for part in self.parts))
        keys = as_keys(hashes).tobytes()
        digest = hashlib.blake2b(keys, digest_size=16)
        for part in self.parts:
            digest.update(parts[part])
        stem = self.root / digest.hexdigest()
        for part in self.parts:
            self._put(stem.with_suffix(part), parts[part])
        _sync_directory(self.root)
        self._put(stem.with_suffix(".keys"), _MAGIC + sizes + keys + (flags or bytes(len(hashes))))
        _sync_directory(self.root)

    def _put(self, path: Path, data: bytes | memoryview) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.root, prefix=temporary_prefix(TEMPORARY))
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _load(self, path: Path) -> bool:
        try:
            data = path.read_bytes()
            header = len(_MAGIC) + 8 * len(self.parts)
            rows, rest = divmod(len(data) - header, KEY_BYTES + 1)
            whole = data.startswith(_MAGIC) and rest == 0 and rows > 0
            if whole:
                sizes = struct.unpack_from(f"<{len(self.parts)}Q", data, len(_MAGIC))
                whole = all(
                    path.with_suffix(part).stat().st_size == size for part, size in zip(self.parts, sizes, strict=True)
                )
        except OSError:
            whole = False
        if not whole:
            log.warning("%s: the chunk is damaged; its images will be computed again", path)
            return False
        keys_end = header + rows * KEY_BYTES
        self.chunks.append(Chunk(path.with_suffix(""), rows))
        self._keys.append(np.frombuffer(data, np.uint8, rows * KEY_BYTES, header).reshape(-1, KEY_BYTES))
        self._flags.append(np.frombuffer(data, np.uint8, rows, keys_end))
        return True

    def _build(self) -> None:
        self._index = KeyIndex(np.concatenate(self._keys) if self._keys else np.empty((0, KEY_BYTES), np.uint8))
        self._all_flags = np.concatenate(self._flags) if self._flags else np.empty(0, np.uint8)
        self._starts = np.cumsum([0, *(chunk.rows for chunk in self.chunks)])[:-1].astype(np.int64)

    def _clean(self) -> None:
        """Remove what dead writers left behind, among it data files whose keys never came."""
        remove_leftovers(self.root, TEMPORARY)
        now = time.time()
        for entry in os.scandir(self.root):
            with contextlib.suppress(OSError):
                path = Path(entry.path)
                old = now - entry.stat().st_mtime > _ORPHAN_SECONDS
                if old and path.suffix in self.parts and not path.with_suffix(".keys").exists():
                    path.unlink(missing_ok=True)


def _sync_directory(path: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
