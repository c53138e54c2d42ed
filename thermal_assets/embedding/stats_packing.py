"""Records of level 1 as columns, and their histograms and small pictures as compressed planes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from thermal_assets.embedding.by_products import record_types
from thermal_assets.embedding.stats_records import StatsRecord
from thermal_assets.errors import UserError
from thermal_assets.warehouse.access import empty_frame

_SIDE, _PLANES = 64, (3, 1)
_CODEC = "zstd"  # at its fastest level a third of the time of zlib's fastest, and smaller files
_PROBLEMS = pl.List(pl.Struct({"code": pl.String, "message": pl.String}))


@cache
def _types() -> dict[str, pl.DataType]:
    return dict(empty_frame("channel_stats").schema)


def record_frame(records: Sequence[StatsRecord]) -> pl.DataFrame:
    """One row per record: content_hash, problems, then the columns of its statistics and a struct per by-product.

    Made column by column: rows of Python objects, one by one, would take longer than measuring a small picture.
    """
    kinds = {tuple(record.statistics): None for record in records if record.statistics is not None}
    names = tuple(dict.fromkeys(name for kind in kinds for name in kind))
    nothing = dict.fromkeys(names)
    rows = [
        nothing
        if record.statistics is None
        else record.statistics
        if len(record.statistics) == len(names)
        else nothing | record.statistics
        for record in records
    ]
    columns = [
        pl.Series("content_hash", [record.content_hash for record in records], dtype=pl.String),
        _nested(
            "problems",
            [[{"code": code, "message": message} for code, message in record.problems] for record in records],
            _PROBLEMS,
        ),
    ]
    structs = record_types()
    for name, values in zip(names, _columns(rows, names), strict=True):
        if name in structs:
            columns.append(_nested(name, values, structs[name]))
        else:
            columns.append(pl.Series(name, values, dtype=_types().get(name)))
    return pl.DataFrame(columns)


def _columns(rows: Sequence[dict[str, Any]], names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    if len(names) < 2:
        return [tuple(row[name] for row in rows) for name in names]
    return list(zip(*map(itemgetter(*names), rows), strict=True))


def _nested(name: str, values: Sequence[Any], kind: pl.DataType) -> pl.Series:
    """A column of lists or structs; pyarrow makes it in one call, polars from one Python object after the other."""
    series = pl.from_arrow(pa.array(values, type=_arrow_type(kind)))
    assert isinstance(series, pl.Series)
    return series.alias(name)


@cache
def _arrow_type(kind: pl.DataType) -> pa.DataType:
    return pl.Series("", [], dtype=kind).to_arrow(compat_level=pl.CompatLevel.oldest()).type


def pack_pictures(records: Sequence[StatsRecord]) -> bytes:
    """Number of planes of each record (uint8: 0, 1 or 3); then those with three, then those with one, where a grey
    picture's one stands for all three: histograms uint32[n, planes, 256] and canvases uint8[n, 64, 64, planes].
    """
    for record in records:
        if record.statistics is not None and (record.histogram is None or record.canvas is None):
            raise ValueError(f"{record.content_hash}: a decodable image has a histogram and a canvas")
    planes = [0 if record.canvas is None else record.canvas.shape[2] for record in records]
    raw = np.empty(len(records) + sum(planes) * (256 * 4 + _SIDE * _SIDE), np.uint8)
    raw[: len(records)] = planes
    offset = len(records)
    for channels in _PLANES:
        of_kind = [record for record, count in zip(records, planes, strict=True) if count == channels]
        end = offset + len(of_kind) * channels * 256 * 4
        histograms = raw[offset:end].view("<u4").reshape(-1, channels, 256)
        offset, end = end, end + len(of_kind) * channels * _SIDE * _SIDE
        canvases = raw[offset:end].reshape(-1, _SIDE, _SIDE, channels)
        offset = end
        for record, histogram, differences in zip(of_kind, histograms, canvases, strict=True):
            assert record.histogram is not None
            assert record.canvas is not None
            histogram[:] = record.histogram[:channels]
            # Each pixel minus its left neighbour (PNG's filter 'Sub'): smooth pictures become small numbers.
            differences[:, 0] = record.canvas[:, 0]
            np.subtract(record.canvas[:, 1:], record.canvas[:, :-1], out=differences[:, 1:])
    return raw.nbytes.to_bytes(8, "little") + pa.compress(raw, codec=_CODEC, asbytes=True)


def unpack_pictures(path: Path, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(position of each of ``rows`` records in the two others, int64, -1 for the undecodable; histograms
    uint32[n, 3, 256]; canvases uint8[n, 64, 64, 3])."""
    packed = path.read_bytes()
    try:
        data = pa.decompress(packed[8:], int.from_bytes(packed[:8], "little"), codec=_CODEC, asbytes=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise UserError(f"{path}: the file is damaged on disk; delete it and run again to compute it anew") from error
    planes = np.frombuffer(data, np.uint8, rows)
    positions = np.full(rows, -1, np.int64)
    count, offset = int(np.count_nonzero(planes)), rows
    histograms, canvases = np.empty((count, 3, 256), np.uint32), np.empty((count, _SIDE, _SIDE, 3), np.uint8)
    place = 0
    for channels in _PLANES:
        of_kind = np.flatnonzero(planes == channels)
        end = place + len(of_kind)
        positions[of_kind] = np.arange(place, end)
        stored = np.frombuffer(data, "<u4", len(of_kind) * channels * 256, offset)
        histograms[place:end] = stored.reshape(-1, channels, 256)
        offset += stored.nbytes
        differences = np.frombuffer(data, np.uint8, len(of_kind) * channels * _SIDE * _SIDE, offset)
        offset += differences.nbytes
        canvases[place:end] = np.cumsum(differences.reshape(-1, _SIDE, _SIDE, channels), axis=2, dtype=np.uint8)
        place = end
    return positions, histograms, canvases
