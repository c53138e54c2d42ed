"""Distances from differences, and their order where rounding could decide it.

A product gives the distance of two near vectors as the small difference of large numbers; a sum of
squared differences has no such loss. It is taken in float32 for all candidates and again in float64
for those whose order float32 cannot tell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.neighbors.space import Space
from thermal_assets.neighbors.threads import in_parallel

if TYPE_CHECKING:
    import torch

_ELEMENTS_IN_CACHE = 1 << 17  # gathered, subtracted and summed before they leave the cache
_SHORT_SUM = 64
_UNIT_FLOAT32 = 2.0**-24


def candidate_scores(queries: Space, rows: torch.Tensor, candidates: Space, columns: torch.Tensor) -> torch.Tensor:
    """Scores float64 [b, K] of ``columns`` int64 [b, K] (infinity where -1), accurate to ``_tolerance``."""
    import torch

    b, picks = columns.shape
    safe = columns.clamp(min=0)
    scores = torch.empty((b, picks), dtype=torch.float64)
    row_indices, wanted, result = rows.numpy(), safe.numpy(), scores.numpy()
    d = candidates.dimensions
    at_once = max(1, _ELEMENTS_IN_CACHE // max(1, picks * d))

    def measure(span: slice) -> None:
        near = np.empty((at_once * picks, d), dtype=np.float32)
        own = np.empty((at_once, d), dtype=np.float32)
        for start in range(span.start, span.stop, at_once):
            piece = slice(start, min(start + at_once, span.stop))
            count = piece.stop - piece.start
            difference = near[: count * picks]
            candidates.take(wanted[piece].reshape(-1), difference)
            queries.take(row_indices[piece], own[:count])
            apart = difference.reshape(count, picks, d)
            apart -= own[:count, None, :]
            result[piece] = _squared_lengths(difference).reshape(count, picks)

    if picks:
        in_parallel(measure, b)
    scores /= 2
    _mark_zero_vectors(scores, queries, rows[:, None], candidates, safe)
    scores[columns < 0] = math.inf
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


def pair_scores(queries: Space, rows: torch.Tensor, candidates: Space, columns: torch.Tensor) -> torch.Tensor:
    """Scores float64 [p] of the pairs (rows, columns), int64 [p] each, from float64 differences."""
    import torch

    scores = torch.empty(len(rows), dtype=torch.float64)
    one, other, result = rows.numpy(), columns.numpy(), scores.numpy()

    def measure(span: slice) -> None:
        step = max(1, _ELEMENTS_IN_CACHE // max(1, candidates.dimensions))
        for start in range(span.start, span.stop, step):
            piece = slice(start, min(start + step, span.stop))
            difference = candidates.take_float64(other[piece])
            difference -= queries.take_float64(one[piece])
            result[piece] = np.vecdot(difference, difference) / 2

    if len(rows):
        in_parallel(measure, len(rows))
    _mark_zero_vectors(scores, queries, rows, candidates, columns)
    return scores


def _mark_zero_vectors(
    scores: torch.Tensor, queries: Space, rows: torch.Tensor, candidates: Space, columns: torch.Tensor
) -> None:
    """A zero vector has no direction: cosine 0 with everything, so distance 1."""
    if queries.metric == "cosine" and (bool(queries.is_zero.any()) or bool(candidates.is_zero.any())):
        scores[queries.is_zero[rows] | candidates.is_zero[columns]] = 1.0


def sorted_candidates(
    queries: Space,
    rows: torch.Tensor,
    candidates: Space,
    columns: torch.Tensor,
    also_near: float | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """``columns`` int64 [b, K] nearest first, equal scores by column, and their scores float64 [b, K].

    Scores closer together than float32 differences can tell apart, or that close to ``also_near``
    (a score that decides something), are taken again in float64.
    """
    import torch

    # In the order of rows in memory: the gather reads forward, and a stable sort then breaks ties by row.
    columns = torch.from_numpy(np.sort(columns.numpy(), axis=1))
    scores = candidate_scores(queries, rows, candidates, columns)
    columns, scores = _by_score(columns, scores)
    doubtful = torch.zeros_like(columns, dtype=torch.bool)
    tolerance = _tolerance(scores, candidates)
    close = (scores[:, 1:] - scores[:, :-1] <= tolerance[:, 1:] + tolerance[:, :-1]) & scores[:, 1:].isfinite()
    if candidates.metric == "euclidean":
        close &= scores[:, 1:] > 0  # a difference of zero is exact: these vectors are equal
    doubtful[:, 1:] |= close
    doubtful[:, :-1] |= close
    if also_near is not None:
        doubtful |= (scores - also_near).abs() <= tolerance
    if bool(doubtful.any()):
        at, slot = torch.nonzero(doubtful, as_tuple=True)
        scores[at, slot] = pair_scores(queries, rows[at], candidates, columns[at, slot])
        touched = doubtful.any(dim=1)
        by_column = columns[touched].sort(dim=1)
        again = _by_score(by_column.values, scores[touched].gather(1, by_column.indices))
        columns[touched], scores[touched] = again
    return columns, scores


def _by_score(columns: torch.Tensor, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both [b, K], each row sorted by score; equal scores stay in the order they are in."""
    import torch

    given, places, value = columns.numpy(), columns.numpy().copy(), scores.numpy().copy()

    def sort(span: slice) -> None:
        order = np.argsort(value[span], axis=1, kind="stable")
        places[span] = np.take_along_axis(given[span], order, axis=1)
        value[span] = np.take_along_axis(value[span], order, axis=1)

    in_parallel(sort, len(given))
    return torch.from_numpy(places), torch.from_numpy(value)


def _tolerance(scores: torch.Tensor, space: Space) -> torch.Tensor:
    """Bound of the error of ``candidate_scores``: sums of 64 squares, and unit length rounded to float32."""
    relative = 2 * (_SHORT_SUM + 4) * _UNIT_FLOAT32
    absolute = 8 * _UNIT_FLOAT32 if space.metric == "cosine" else 0.0
    return relative * scores + absolute * (2 * scores).sqrt() + absolute**2


def to_distances(scores: torch.Tensor, space: Space) -> torch.Tensor:
    """float32 distances of scores: |x - y|, or 1 - cosine."""
    if space.metric == "cosine":
        return scores.float()
    return ((2 * scores).sqrt() / space.scale).float()


def to_score(distance: float, space: Space) -> float:
    """The score of a distance."""
    return distance if space.metric == "cosine" else (distance * space.scale) ** 2 / 2
