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

_SIDE = 64
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
    """Number of planes of each record (uint8: 0, 1 or 3), histograms uint32[planes, 256], canvases [planes, 64, 64].

    Of a grey picture one plane stands for all three.
    """
    decoded = [record for record in records if record.statistics is not None]
    for record in decoded:
        if record.histogram is None or record.canvas is None:
            raise ValueError(f"{record.content_hash}: a decodable image has a histogram and a canvas")
    planes = np.array([0 if record.canvas is None else record.canvas.shape[2] for record in records], np.uint8)
    count = int(planes.sum())
    raw = np.empty(len(records) + count * (1024 + _SIDE * _SIDE), np.uint8)
    raw[: len(records)] = planes
    histograms = raw[len(records) :][: count * 1024].view("<u4").reshape(count, 256)
    canvases = raw[len(records) + count * 1024 :].reshape(count, _SIDE, _SIDE)
    place = 0
    for record in decoded:
        assert record.histogram is not None and record.canvas is not None
        end = place + record.canvas.shape[2]
        histograms[place:end] = record.histogram[: end - place]
        # Each pixel minus its left neighbour (PNG's filter 'Sub'): smooth pictures become small numbers.
        planar = record.canvas.transpose(2, 0, 1)
        canvases[place:end, :, 0] = planar[:, :, 0]
        np.subtract(planar[:, :, 1:], planar[:, :, :-1], out=canvases[place:end, :, 1:])
        place = end
    return len(raw).to_bytes(8, "little") + pa.compress(raw, codec=_CODEC, asbytes=True)


def unpack_pictures(path: Path, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(position of each of ``rows`` records among the decodable ones, int64, -1 for the others; their histograms
    uint32[n, 3, 256]; their canvases uint8[n, 64, 64, 3])."""
    packed = path.read_bytes()
    try:
        data = pa.decompress(packed[8:], int.from_bytes(packed[:8], "little"), codec=_CODEC, asbytes=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise UserError(f"{path}: the file is damaged on disk; delete it and run again to compute it anew") from error
    planes = np.frombuffer(data, np.uint8, rows).astype(np.int64)
    count = int(planes.sum())
    histograms = np.frombuffer(data, "<u4", count * 256, rows).reshape(count, 256)
    differences = np.frombuffer(data, np.uint8, offset=rows + histograms.nbytes).reshape(count, _SIDE, _SIDE)
    canvases = np.cumsum(differences, axis=2, dtype=np.uint8)
    decoded = planes > 0
    first = (np.cumsum(planes) - planes)[decoded]
    of_channel = first[:, None] + np.arange(3) * (planes[decoded, None] == 3)
    positions = np.where(decoded, np.cumsum(decoded) - 1, -1)
    return positions, histograms[of_channel], np.moveaxis(canvases[of_channel], 1, -1)
