"""Feature vectors in content-addressed files, read through memory maps."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from thermal_assets.embedding.chunk_files import TEMPORARY, ChunkDirectory
from thermal_assets.errors import UserError
from thermal_assets.temporary import temporary_prefix

_VECTORS = ".vectors"
_MADE_BY = "made_by"


class VectorStore:
    """The vectors of one lens, by content hash, below ``root/<lens_id>/``.

    A chunk's vectors are raw little-endian float32[rows, dimensions]. Any number of processes may write
    and read at the same time; see `chunk_files` for what a crash leaves behind.
    """

    def __init__(self, root: Path, lens_id: str, dimensions: int | None = None) -> None:
        """``dimensions`` of the lens; None: as the stored vectors have it (for reading only).

        Raises:
            UserError: the store holds vectors of another length.
        """
        if sys.byteorder != "little":
            raise NotImplementedError("vector files are little-endian and are mapped as they are")
        self.lens_id = lens_id
        self._files = ChunkDirectory(Path(root) / lens_id, (_VECTORS,))
        stored = self._stored_dimensions()
        if dimensions is not None and stored is not None and stored != dimensions:
            raise UserError(
                f"{self.directory} holds vectors of {stored} numbers where lens {lens_id} makes {dimensions}: "
                "move the folder away and run again"
            )
        self.dimensions = dimensions if dimensions is not None else stored or 0

    @property
    def directory(self) -> Path:
        """Where the chunks lie."""
        return self._files.root

    def _stored_dimensions(self) -> int | None:
        if not self._files.chunks:
            return None
        chunk = self._files.chunks[0]
        return chunk.stem.with_suffix(_VECTORS).stat().st_size // (4 * chunk.rows)

    @property
    def made_by(self) -> str | None:
        """Precision and device of the vectors in the store (``mixed cpu``), None where nothing says so."""
        try:
            return (self.directory / _MADE_BY).read_text("utf-8").strip() or None
        except OSError:
            return None

    @made_by.setter
    def made_by(self, kind: str) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        temporary = self.directory / f"{temporary_prefix(TEMPORARY)}{_MADE_BY}"
        temporary.write_text(kind + "\n", "utf-8")
        temporary.replace(self.directory / _MADE_BY)

    def missing(self, hashes: Sequence[str]) -> set[str]:
        """Those of ``hashes`` that have no vector yet."""
        return self._files.missing(hashes)

    def write_chunk(self, hashes: Sequence[str], vectors: np.ndarray) -> None:
        """Store float32[n, dimensions] durably, one row for each hash."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if vectors.shape != (len(hashes), self.dimensions):
            raise ValueError(f"expected [{len(hashes)}, {self.dimensions}] vectors, got {list(vectors.shape)}")
        if len(hashes):
            self._files.commit(hashes, {_VECTORS: vectors.data.cast("B")})

    def gather(self, hashes: Sequence[str], out: np.ndarray | None = None) -> np.ndarray:
        """float32[n, dimensions] in the order of ``hashes``, written into ``out`` if given (it may be a memory map).

        Reads chunk by chunk and row by row upwards, one mapping at a time. Raises KeyError if any is missing.
        """
        self._files.refresh()
        chunk, row = self._files.locate(hashes)
        absent = np.flatnonzero(chunk < 0)
        if len(absent):
            raise KeyError(f"{len(absent)} of {len(hashes)} images have no vector of lens {self.lens_id}")
        result = np.empty((len(hashes), self.dimensions), np.float32) if out is None else out
        order = np.lexsort((row, chunk))
        bounds = np.flatnonzero(np.diff(chunk[order], prepend=-1, append=-1))
        for start, end in pairwise(bounds):
            wanted = order[start:end]
            found = self._files.chunks[chunk[wanted[0]]]
            shape = (found.rows, self.dimensions)
            mapped = np.memmap(found.stem.with_suffix(_VECTORS), np.float32, mode="r", shape=shape)
            result[wanted] = mapped[row[wanted]]
        return result

    def iter_blocks(self, hashes: Sequence[str], block: int = 4096) -> Iterator[np.ndarray]:
        """The vectors of ``hashes`` in their order, float32[at most block, dimensions] at a time."""
        for start in range(0, len(hashes), block):
            yield self.gather(hashes[start : start + block])
