"""Frozen references: equal numbers of images a class, drawn by a salted hash of image_key.

The distance to the k nearest of n images shrinks as n grows, so classes are compared against references of equal
size. A draw depends on the key, the salt and the number of the draw alone: a new image displaces at most one
other of its class, and the same images give the same draw on every machine.
"""

from __future__ import annotations

import numpy as np

from thermal_assets.neighbors.exact import DEFAULT_MEMORY_MB, nearest_between
from thermal_assets.neighbors.space import Metric, Precision

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def draw_references(
    image_keys: np.ndarray, groups: np.ndarray, m: int, draws: int = 5, salt: int = 0
) -> list[np.ndarray]:
    """``draws`` arrays of rows, int64 ascending, each with the same number of images of every group.

    image_keys  int64 [n], unique
    groups      class of each image, [n], integers or strings; only classes present are drawn from
    m           images a class; the smallest class sets the limit, so what is drawn is min(m, its size)
    """
    keys = np.asarray(image_keys, dtype=np.int64)
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    if len(keys) != len(codes):
        raise ValueError(f"{len(keys)} image keys for {len(codes)} groups")
    if m < 1 or draws < 1:
        raise ValueError(f"m and draws must be 1 or more, not {m} and {draws}")
    if len(keys) == 0:
        return [np.empty(0, dtype=np.int64) for _ in range(draws)]
    size = np.bincount(codes)
    m = min(m, int(size.min()))
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    drawn = []
    for draw in range(draws):
        order = np.lexsort((keys, salted_hash(keys, salt, draw), codes))
        rank = np.arange(len(keys)) - starts[codes[order]]
        drawn.append(np.sort(order[rank < m]))
    return drawn


def salted_hash(keys: np.ndarray, salt: int, draw: int = 0) -> np.ndarray:
    """uint64 [n]: SplitMix64 of each key, started from the salt and the draw.

    Source: G. Steele, D. Lea and C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    start = _mixed(np.array([salt & (2**64 - 1)], dtype=np.uint64))
    start = _mixed(start ^ np.array([draw], dtype=np.uint64))
    return _mixed(np.asarray(keys, dtype=np.int64).view(np.uint64) ^ start)


def _mixed(values: np.ndarray) -> np.ndarray:
    """One output of SplitMix64 for each state; arithmetic modulo 2^64."""
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def mean_distance_to(
    queries: np.ndarray,
    reference: np.ndarray,
    k: int = 10,
    *,
    query_keys: np.ndarray | None = None,
    reference_keys: np.ndarray | None = None,
    query_sessions: np.ndarray | None = None,
    reference_sessions: np.ndarray | None = None,
    metric: Metric = "euclidean",
    memory_mb: float = DEFAULT_MEMORY_MB,
    precision: Precision | None = None,
) -> np.ndarray:
    """float32 [q]: mean distance to the k nearest of ``reference`` float32 [r, d]; NaN where fewer than k are left.

    query_keys, reference_keys          image keys, int64: an image is not compared with itself
    query_sessions, reference_sessions  int codes, negative = none: nor with images of its own session

    An image without a session is left out of nothing but itself.
    """
    for one, other in ((query_sessions, reference_sessions), (query_keys, reference_keys)):
        if (one is None) != (other is None):
            raise ValueError("give keys, or sessions, of both queries and reference, or of neither")
    by_key = query_keys is not None and reference_keys is not None
    found = nearest_between(
        queries,
        reference,
        k + 1 if by_key else k,
        query_groups=query_sessions,
        candidate_groups=reference_sessions,
        metric=metric,
        memory_mb=memory_mb,
        precision=precision,
    )
    distances = found.distances.astype(np.float64)
    if distances.shape[1] and query_keys is not None and reference_keys is not None:
        # The image itself may stand anywhere among its copies, so it is taken out by its key.
        itself = np.asarray(reference_keys)[found.indices] == np.asarray(query_keys)[:, None]
        distances = np.sort(np.where(itself & (found.indices >= 0), np.inf, distances), axis=1)
    if distances.shape[1] < k:
        return np.full(len(distances), np.nan, dtype=np.float32)
    means = distances[:, :k].mean(axis=1)
    return np.where(np.isfinite(means), means, np.nan).astype(np.float32)
