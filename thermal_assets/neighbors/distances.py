"""Distances from differences, and their order where rounding could decide it.

A product gives the distance of two near vectors as the small difference of large numbers; a sum of
squared differences has no such loss. It is taken in float32 for all candidates and again in float64
for those whose order float32 cannot tell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from thermal_assets.neighbors.space import Space

if TYPE_CHECKING:
    import torch

_ELEMENTS_AT_ONCE = 1 << 20  # 4 MB of float32: gathered, subtracted and summed inside the cache
_UNIT_FLOAT32 = 2.0**-24


def candidate_scores(queries: Space, rows: torch.Tensor, candidates: Space, columns: torch.Tensor) -> torch.Tensor:
    """Scores float64 [b, K] of ``columns`` int64 [b, K] (infinity where -1), accurate to float32 differences."""
    import torch

    b, picks = columns.shape
    scores = torch.full((b, picks), math.inf, dtype=torch.float64)
    if b == 0 or picks == 0:
        return scores
    step = max(1, _ELEMENTS_AT_ONCE // (picks * candidates.dimensions))
    safe = columns.clamp(min=0)
    for start in range(0, b, step):
        stop = min(start + step, b)
        near = candidates.rows(safe[start:stop].reshape(-1)).view(stop - start, picks, -1)
        near -= queries.rows(rows[start:stop])[:, None, :]
        scores[start:stop] = torch.linalg.vector_norm(near, dim=2).double().square_() / 2
    _mark_zero_vectors(scores, queries, rows[:, None], candidates, safe)
    scores[columns < 0] = math.inf
    return scores


def pair_scores(queries: Space, rows: torch.Tensor, candidates: Space, columns: torch.Tensor) -> torch.Tensor:
    """Scores float64 [p] of the pairs (rows, columns), int64 [p] each, from float64 differences."""
    import torch

    scores = torch.empty(len(rows), dtype=torch.float64)
    step = max(1, _ELEMENTS_AT_ONCE // (2 * max(candidates.dimensions, 1)))
    for start in range(0, len(rows), step):
        span = slice(start, start + step)
        near = candidates.rows_float64(columns[span])
        near -= queries.rows_float64(rows[span])
        scores[span] = near.square_().sum(dim=1) / 2
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
    columns = columns.sort(dim=1).values
    scores = candidate_scores(queries, rows, candidates, columns)
    scores, order = scores.sort(dim=1, stable=True)
    columns = columns.gather(1, order)
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
        again = scores[touched].gather(1, by_column.indices).sort(dim=1, stable=True)
        scores[touched] = again.values
        columns[touched] = by_column.values.gather(1, again.indices)
    return columns, scores


def _tolerance(scores: torch.Tensor, space: Space) -> torch.Tensor:
    """Bound of the error of ``candidate_scores``: a sum of d squares, and unit length rounded to float32."""
    relative = 2 * (space.dimensions + 4) * _UNIT_FLOAT32
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
