"""Images that may not be divided between training and test: what is linked, directly or over others, is one group."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from thermal_assets.exporting.published import lens_in_force, near_copy_limits
from thermal_assets.warehouse.near_copies import near_copy_pairs, silent_classes

LINKS = ("session", "frame", "file", "pixels", "near")
_COLUMNS = {"session": "session_id", "frame": "frame_id", "file": "content_hash", "pixels": "pixel_hash"}


def independent_groups(connection: duckdb.DuckDBPyConnection, images: pl.DataFrame) -> NDArray[np.int64]:
    """int64 [n]: number of the group of each row of ``images``, ascending by first row.

    Rows are linked by an equal session_id, frame_id, content_hash or pixel_hash, and where table duplicates takes them
    for near copies; ``images`` has these columns and image_key. Links are followed as far as
    they lead, also where table duplicates keeps its groups small: two near copies never end in two groups.
    Near copies are seen among the ten nearest neighbours of an image.
    """
    joints = [link_codes(images, link) for link in _COLUMNS]
    return linked(images.height, joints, near_pairs(connection, images))


def linked(
    count: int, joints: Iterable[NDArray[np.int64]], pairs: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """int64 [count]: number of the connected component of each row, ascending by first row.

    ``joints``: int64 [count] codes, rows with an equal code are linked, negative = no link;
    ``pairs``: int64 [p, 2] rows that are linked.
    """
    rows, ends, total = [], [], count
    for codes in joints:
        with_code = np.flatnonzero(codes >= 0)
        if len(with_code):
            rows.append(with_code)
            ends.append(total + codes[with_code])
            total += int(codes.max()) + 1
    if pairs is not None and len(pairs):
        rows.append(pairs[:, 0])
        ends.append(pairs[:, 1])
    if not rows:
        return np.arange(count, dtype=np.int64)
    row, end = np.concatenate(rows), np.concatenate(ends)
    graph = coo_array((np.ones(len(row), dtype=np.int8), (row, end)), shape=(total, total)).tocsr()
    labels = connected_components(graph, directed=False)[1][:count]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first, kind="stable")] = np.arange(len(first))
    return order[inverse]


def near_pairs(connection: duckdb.DuckDBPyConnection, images: pl.DataFrame) -> NDArray[np.int64]:
    """int64 [p, 2]: rows of ``images`` (image_key) that are near copies, by the limits of table duplicates."""
    lens = lens_in_force(connection, "L2")
    if lens is None:
        return np.empty((0, 2), dtype=np.int64)
    limits = near_copy_limits(connection)
    near = near_copy_pairs(connection, lens[0], limits, silent_classes(connection, limits.bits))
    rows = images.select("image_key", pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    joined = near.join(rows, on="image_key").join(
        rows.rename({"image_key": "neighbor_key", "row": "other"}), on="neighbor_key"
    )
    return joined.select("row", "other").to_numpy().astype(np.int64, copy=False)


def link_codes(images: pl.DataFrame, link: str) -> NDArray[np.int64]:
    """int64 [n]: a number for each session, frame, content or picture of ``images``; -1 where it has none."""
    return _codes(images[_COLUMNS[link]])


def _codes(series: pl.Series) -> NDArray[np.int64]:
    ranks = series.rank("dense").cast(pl.Int64) - 1
    return ranks.fill_null(-1).to_numpy().astype(np.int64, copy=False)
