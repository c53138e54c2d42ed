"""Level 1 per content hash: the numbers of an image and its small picture, or why it cannot be decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from thermal_assets.embedding.chunk_files import ChunkDirectory
from thermal_assets.embedding.stats_packing import pack_pictures, record_frame, unpack_pictures
from thermal_assets.embedding.stats_records import StatsRecord
from thermal_assets.errors import UserError
from thermal_assets.imaging.version import STATS_VERSION

_RECORDS, _PICTURES = ".records", ".pictures"
_DECODED, _UNREADABLE = 1, 2

_PROBLEMS = {"content_hash": pl.String, "code": pl.String, "message": pl.String}


__all__ = ["StatsRecord", "StatsStore"]


class StatsStore:
    """All such records of one version of the statistics, below ``root/stats-<version>/``."""

    def __init__(self, root: Path, version: str = STATS_VERSION) -> None:
        self._files = ChunkDirectory(Path(root) / f"stats-{version}", (_RECORDS, _PICTURES))

    @property
    def directory(self) -> Path:
        """Where the chunks lie."""
        return self._files.root

    def missing(self, hashes: Sequence[str]) -> set[str]:
        """Those of ``hashes`` that have no record yet."""
        return self._files.missing(hashes)

    def unreadable(self, hashes: Sequence[str]) -> set[str]:
        """Those of ``hashes`` that are known to be undecodable."""
        self._files.refresh()
        return {hashes[i] for i in np.flatnonzero(self._files.flags(hashes) == _UNREADABLE).tolist()}

    def write_chunk(self, records: Sequence[StatsRecord]) -> None:
        """Store records durably as one chunk."""
        if not records:
            return
        buffer = io.BytesIO()
        record_frame(records).write_ipc(buffer, compression="zstd")
        flags = bytes(_UNREADABLE if record.statistics is None else _DECODED for record in records)
        parts = {_RECORDS: buffer.getvalue(), _PICTURES: pack_pictures(records)}
        self._files.commit([record.content_hash for record in records], parts, flags)

    def statistics(self, hashes: Sequence[str]) -> pl.DataFrame:
        """One row per different decodable hash: content_hash and its statistics. Pictures are not read."""
        frames = [frame.filter(pl.Series(known == _DECODED)).drop("problems") for frame, known in self._records(hashes)]
        frames = [frame for frame in frames if frame.height]
        if not frames:
            return pl.DataFrame(schema={"content_hash": pl.String})
        return pl.concat(frames, how="diagonal_relaxed")

    def problems(self, hashes: Sequence[str]) -> pl.DataFrame:
        """One row per different hash and problem: content_hash, code, message, unreadable (bool)."""
        frames = [
            frame.select("content_hash", "problems", unreadable=pl.Series(known == _UNREADABLE))
            .filter(pl.col("problems").list.len() > 0)
            .explode("problems")
            .unnest("problems")
            for frame, known in self._records(hashes)
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema=_PROBLEMS | {"unreadable": pl.Boolean})

    def pictures(self, hashes: Sequence[str], block: int = 1024) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(histograms uint32[n, 3, 256], canvases uint8[n, 64, 64, 3]) of the decodable images, in no set order.

        A hash given twice is yielded twice, because two files with equal bytes are two images.
        ``n`` is at most ``block``; one chunk at a time is in memory.
        """
        for chunk, _, rows in self._wanted(hashes):
            found = self._files.chunks[chunk]
            positions, histograms, canvases = unpack_pictures(found.stem.with_suffix(_PICTURES), found.rows)
            picked = positions[rows]
            picked = picked[picked >= 0]
            for start in range(0, len(picked), block):
                part = picked[start : start + block]
                yield histograms[part], canvases[part]

    def _wanted(self, hashes: Sequence[str]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """(chunk, positions in hashes, rows in the chunk), chunk by chunk; hashes not stored are left out."""
        self._files.refresh()
        chunk, row = self._files.locate(hashes)
        order = np.lexsort((row, chunk))
        order = order[chunk[order] >= 0]
        bounds = np.flatnonzero(np.diff(chunk[order], prepend=-1, append=-1))
        for start, end in pairwise(bounds):
            wanted = order[start:end]
            yield int(chunk[wanted[0]]), wanted, row[wanted]

    def _records(self, hashes: Sequence[str]) -> Iterator[tuple[pl.DataFrame, np.ndarray]]:
        for chunk, wanted, rows in self._wanted(hashes):
            distinct, first = np.unique(rows, return_index=True)
            path = self._files.chunks[chunk].stem.with_suffix(_RECORDS)
            try:
                frame = pl.read_ipc(path)[distinct]
            except pl.exceptions.PolarsError as error:
                raise UserError(f"{path}: the file is damaged on disk; delete it and run again") from error
            yield frame, self._files.flags([hashes[i] for i in wanted[first]])
