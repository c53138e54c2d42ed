"""Parsed annotation files by content hash, so that no file is parsed twice.

The rows of many small files lie together in chunks; a large file (COCO) is a chunk of its own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from thermal_assets.annotations.parsing import PROBLEM_COLUMNS, ROW_COLUMNS, ParsedFile
from thermal_assets.embedding.chunk_files import ChunkDirectory
from thermal_assets.errors import UserError

PARSER_VERSION = "1"  # raise it when the same bytes give other rows

_TEXT = {"image_ref", "category", "supercategory", "licence", "code", "field", "message", "found"}
_WHOLE = {"image_number", "object_number", "frame_width", "frame_height"}


def _type(name: str) -> pl.DataType:
    if name in _TEXT:
        return pl.String()
    if name in _WHOLE:
        return pl.Int64()
    return pl.Datetime("us") if name == "captured_at" else pl.Float64()


ROW_SCHEMA = pl.Schema({name: _type(name) for name in ROW_COLUMNS})
PROBLEM_SCHEMA = pl.Schema({name: _type(name) for name in PROBLEM_COLUMNS})
FILE_SCHEMA = pl.Schema({"format": pl.String, "images": pl.Int64})
_PARTS = {".rows": ROW_SCHEMA, ".problems": PROBLEM_SCHEMA, ".files": FILE_SCHEMA}


class AnnotationStore:
    """All parsed files of one version of the parser, below ``root/parsed-<version>/``."""

    def __init__(self, root: Path, version: str = PARSER_VERSION) -> None:
        self._chunks = ChunkDirectory(Path(root) / f"parsed-{version}", tuple(_PARTS))

    def missing(self, hashes: Sequence[str]) -> set[str]:
        """Those of ``hashes`` that are not stored yet."""
        return self._chunks.missing(hashes)

    def write_chunk(self, parsed: Sequence[tuple[str, ParsedFile]]) -> None:
        """Store (content_hash, what it says) of some files durably, together."""
        if not parsed:
            return
        tables = {
            ".rows": [(i, *row) for i, (_, file) in enumerate(parsed) for row in file.rows],
            ".problems": [(i, *row) for i, (_, file) in enumerate(parsed) for row in file.problems],
            ".files": [(i, file.format, file.images) for i, (_, file) in enumerate(parsed)],
        }
        parts = {}
        for suffix, schema in _PARTS.items():
            frame = pl.DataFrame(tables.pop(suffix), schema={"entry": pl.UInt32(), **schema}, orient="row")
            buffer = io.BytesIO()
            frame.write_ipc(buffer, compression="zstd")
            parts[suffix] = buffer.getvalue()
        self._chunks.commit([content_hash for content_hash, _ in parsed], parts)

    def rows(self, hashes: Sequence[str]) -> pl.DataFrame:
        """content_hash and the columns of ``ROW_SCHEMA``: every row of the files with these hashes."""
        return self._read(hashes, ".rows")

    def problems(self, hashes: Sequence[str]) -> pl.DataFrame:
        """content_hash and the columns of ``PROBLEM_SCHEMA``."""
        return self._read(hashes, ".problems")

    def files(self, hashes: Sequence[str]) -> pl.DataFrame:
        """content_hash, format and number of images of each stored hash."""
        return self._read(hashes, ".files")

    def _read(self, hashes: Sequence[str], suffix: str) -> pl.DataFrame:
        frames = list(self._frames(list(dict.fromkeys(hashes)), suffix))
        if not frames:
            return pl.DataFrame(schema={"content_hash": pl.String(), **_PARTS[suffix]})
        return pl.concat(frames)

    def _frames(self, hashes: list[str], suffix: str) -> Iterator[pl.DataFrame]:
        self._chunks.refresh()
        chunk, row = self._chunks.locate(hashes)
        for number in np.unique(chunk[chunk >= 0]).tolist():
            wanted = np.flatnonzero(chunk == number)
            names = pl.DataFrame(
                {"entry": row[wanted].astype(np.uint32), "content_hash": [hashes[i] for i in wanted.tolist()]}
            )
            path = self._chunks.chunks[number].stem.with_suffix(suffix)
            try:
                frame = pl.read_ipc(path)
            except (OSError, pl.exceptions.PolarsError) as error:
                raise UserError(f"{path}: the file is damaged on disk; delete it and run again") from error
            yield frame.join(names, on="entry", how="inner", maintain_order="left").select(
                "content_hash", *_PARTS[suffix]
            )
