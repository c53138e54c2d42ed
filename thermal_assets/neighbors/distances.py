"""Distances from differences, and their order where rounding could decide it.

A product gives the distance of two near vectors as the small difference of large numbers; a sum of
squared differences has no such loss. It is taken in float32 for all candidates and again in float64
for those whose order float32 cannot tell.
"""

from __future__ import annotations

import numpy as np

from thermal_assets.neighbors.space import UNIT_FLOAT32, Space
from thermal_assets.neighbors.threads import in_parallel

_ELEMENTS_IN_CACHE = 1 << 17  # gathered, subtracted and summed before they leave the cache
_SHORT_SUM = 64


def candidate_scores(queries: Space, rows: np.ndarray, candidates: Space, columns: np.ndarray) -> np.ndarray:
    """Scores float64 [b, K] of ``columns`` int64 [b, K] (infinity where -1), accurate to ``_tolerance``."""
    b, picks = columns.shape
    scores = np.empty((b, picks))
    d = candidates.dimensions
    at_once = max(1, _ELEMENTS_IN_CACHE // max(1, picks * d))

    def measure(span: slice) -> None:
        near = np.empty((at_once * picks, d), dtype=np.float32)
        own = np.empty((at_once, d), dtype=np.float32)
        for start in range(span.start, span.stop, at_once):
            piece = slice(start, min(start + at_once, span.stop))
            count = piece.stop - piece.start
            difference = near[: count * picks]
            candidates.take(columns[piece].reshape(-1), difference)
            queries.take(rows[piece], own[:count])
            apart = difference.reshape(count, picks, d)
            apart -= own[:count, None, :]
            scores[piece] = _squared_lengths(difference).reshape(count, picks) / 2

    if picks:
        in_parallel(measure, b)
    _mark_zero_vectors(scores, queries, rows[:, None], candidates, columns)
    scores[columns < 0] = np.inf
    return scores


def _squared_lengths(rows: np.ndarray) -> np.ndarray:
    """float64 [m] of float32 [m, d]: short sums in float32, their sum in float64, so that rounding stays small."""
    width = rows.shape[1]
    whole = width // _SHORT_SUM * _SHORT_SUM
    parts = rows[:, :whole].reshape(len(rows), -1, _SHORT_SUM)
    total = np.vecdot(parts, parts).sum(axis=1, dtype=np.float64)
    if whole < width:
        total += np.vecdot(rows[:, whole:], rows[:, whole:])
    return total


def pair_scores(queries: Space, rows: np.ndarray, candidates: Space, columns: np.ndarray) -> np.ndarray:
    """Scores float64 [p] of the pairs (rows, columns), int64 [p] each, from float64 differences."""
    scores = np.empty(len(rows))
    step = max(1, _ELEMENTS_IN_CACHE // max(1, candidates.dimensions))

    def measure(span: slice) -> None:
        for start in range(span.start, span.stop, step):
            piece = slice(start, min(start + step, span.stop))
            difference = candidates.take_float64(columns[piece])
            difference -= queries.take_float64(rows[piece])
            scores[piece] = np.vecdot(difference, difference) / 2

    in_parallel(measure, len(rows))
    _mark_zero_vectors(scores, queries, rows, candidates, columns)
    return scores


def _mark_zero_vectors(
    scores: np.ndarray, queries: Space, rows: np.ndarray, candidates: Space, columns: np.ndarray
) -> None:
    """A zero vector has no direction: cosine 0 with everything, so distance 1."""
    if queries.has_zero or candidates.has_zero:
        scores[queries.is_zero[rows] | candidates.is_zero[columns]] = 1.0


def sorted_candidates(
    queries: Space, rows: np.ndarray, candidates: Space, columns: np.ndarray, also_near: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """``columns`` int64 [b, K] nearest first, equal scores by column, and their scores float64 [b, K].

    Scores closer together than float32 differences can tell apart, or that close to ``also_near``
    (a score that decides something), are taken again in float64.
    """
    # In the order of rows in memory: the gather reads forward, and a stable sort then breaks ties by row.
    columns = np.sort(columns, axis=1)
    scores = candidate_scores(queries, rows, candidates, columns)
    columns, scores = _by_score(columns, scores)
    doubtful = np.zeros(columns.shape, dtype=bool)
    tolerance = _tolerance(scores, candidates)
    with np.errstate(invalid="ignore"):  # infinity minus infinity, where nothing is compared
        close = scores[:, 1:] - scores[:, :-1] <= tolerance[:, 1:] + tolerance[:, :-1]
    close &= np.isfinite(scores[:, 1:])
    if candidates.metric == "euclidean":
        close &= scores[:, 1:] > 0  # a difference of zero is exact: these vectors are equal
    doubtful[:, 1:] |= close
    doubtful[:, :-1] |= close
    if also_near is not None:
        doubtful |= (np.abs(scores - also_near) <= tolerance) & np.isfinite(scores)
    at, slot = np.nonzero(doubtful)
    if len(at):
        scores[at, slot] = pair_scores(queries, rows[at], candidates, columns[at, slot])
        touched = np.unique(at)
        order = np.argsort(columns[touched], axis=1)
        columns[touched], scores[touched] = _by_score(
            np.take_along_axis(columns[touched], order, axis=1), np.take_along_axis(scores[touched], order, axis=1)
        )
    return columns, scores


def _by_score(columns: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both [b, K], each row sorted by score; equal scores stay in the order they are in."""
    order = np.argsort(scores, axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1), np.take_along_axis(scores, order, axis=1)


def _tolerance(scores: np.ndarray, space: Space) -> np.ndarray:
    """Bound of the error of ``candidate_scores``: sums of 64 squares, and unit length rounded to float32."""
    relative = 2 * (_SHORT_SUM + 4) * UNIT_FLOAT32 * scores
    if space.metric == "euclidean":
        return relative
    unit = 8 * UNIT_FLOAT32
    return relative + unit * np.sqrt(2 * scores) + unit**2


def to_distances(scores: np.ndarray, space: Space) -> np.ndarray:
    """float32 distances of scores: |x - y|, or 1 - cosine."""
    if space.metric == "cosine":
        return scores.astype(np.float32)
    return (np.sqrt(2 * scores) / space.scale).astype(np.float32)


def to_score(distance: float, space: Space) -> float:
    """The score of a distance."""
    return distance if space.metric == "cosine" else (distance * space.scale) ** 2 / 2
