"""Distances from differences, in float64, and the order they give.

A product gives the distance of two near vectors as the small difference of large numbers; a sum of
squared differences has no such loss. Taken in float64 it leaves no doubt about the order either.
"""

from __future__ import annotations

import numpy as np

from thermal_assets.neighbors.space import Space
from thermal_assets.neighbors.threads import in_parallel


def pair_scores(queries: Space, rows: np.ndarray, candidates: Space, columns: np.ndarray) -> np.ndarray:
    """Scores float64 [p] of the pairs (rows, columns), int64 [p] each."""
    from thermal_assets.neighbors.distance_kernels import measure_pairs

    scores = np.empty(len(rows))
    x, y, scale_x, scale_y = queries.array, candidates.array, queries.factors, candidates.factors

    def measure(piece: slice) -> None:
        measure_pairs(x, scale_x, rows[piece], y, scale_y, columns[piece], scores[piece])

    in_parallel(measure, len(rows), len(rows) * queries.dimensions)
    return scores


def sorted_candidates(
    queries: Space, rows: np.ndarray, candidates: Space, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """``columns`` int64 [b, K] nearest first, equal scores by column, and their scores float64 [b, K].

    Entries of -1 mean "none": they come last, with a score of infinity.
    """
    from thermal_assets.neighbors.distance_kernels import measure_and_sort

    columns = np.array(columns, dtype=np.int64, order="C")
    scores = np.empty(columns.shape)
    x, y, scale_x, scale_y = queries.array, candidates.array, queries.factors, candidates.factors

    def measure(piece: slice) -> None:
        measure_and_sort(x, scale_x, rows[piece], y, scale_y, columns[piece], scores[piece])

    if columns.shape[1]:
        in_parallel(measure, len(columns), np.count_nonzero(columns >= 0) * queries.dimensions)
    return columns, scores


def to_distances(scores: np.ndarray, space: Space) -> np.ndarray:
    """float32 distances of scores: |x - y|, or 1 - cosine."""
    if space.metric == "cosine":
        return scores.astype(np.float32)
    return (np.sqrt(2 * scores) / space.scale).astype(np.float32)


def to_score(distance: float, space: Space) -> float:
    """The score of a distance."""
    return distance if space.metric == "cosine" else (distance * space.scale) ** 2 / 2
