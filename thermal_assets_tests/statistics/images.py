"""Frames of images with made-up tokens, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

TYPES: dict[str, Any] = {
    "image_id": pl.String,
    "image_key": pl.Int64,
    "class_name": pl.String,
    "object_code": pl.String,
    "state": pl.String,
    "pair": pl.String,
    "session_id": pl.String,
    "frame_id": pl.String,
    "batch_id": pl.String,
    "distance_m": pl.Float64,
    "captured_on": pl.Date,
    "site_code": pl.String,
}


def image_frame(
    class_names: Sequence[str],
    sessions: Sequence[str | None] | None = None,
    distances: Sequence[float | None] | None = None,
    days: Sequence[date | None] | None = None,
    codes: Sequence[str | None] | None = None,
) -> pl.DataFrame:
    """A frame with every column of the common input; tokens not given are NULL."""
    n = len(class_names)
    nothing = [None] * n
    sessions = list(sessions) if sessions is not None else nothing
    distances = list(distances) if distances is not None else nothing
    keys = np.random.default_rng(1).integers(-(2**62), 2**62, n)
    columns: dict[str, Any] = dict.fromkeys(TYPES, nothing) | {
        "image_id": [f"{name}/{index:06d}.png" for index, name in enumerate(class_names)],
        "image_key": keys.tolist(),
        "class_name": list(class_names),
        "object_code": list(codes) if codes is not None else nothing,
        "pair": [name.split("_")[0] if "_" in name else None for name in class_names],
        "session_id": sessions,
        "batch_id": [None if s is None else f"{s}|{d}" for s, d in zip(sessions, distances, strict=True)],
        "distance_m": distances,
        "captured_on": list(days) if days is not None else nothing,
    }
    return pl.DataFrame(columns, schema=TYPES)


def unit(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """float32 rows of length 1."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def empty() -> tuple[pl.DataFrame, NDArray[np.float32]]:
    return pl.DataFrame(schema=TYPES), np.zeros((0, 8), dtype=np.float32)
