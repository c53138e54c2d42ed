"""Exact k nearest neighbours: recall 1 against brute force in float64, equal distances by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.neighbors.copies import nearest_copies
from thermal_assets.neighbors.distances import to_distances
from thermal_assets.neighbors.search import Progress, Rule, ScoreBlock, Search, run_search
from thermal_assets.neighbors.space import Metric, Precision, Space

if TYPE_CHECKING:
    import torch

DEFAULT_MEMORY_MB = 384.0


@dataclass(frozen=True)
class Neighbors:
    """k nearest neighbours of m queries.

    indices     int64 [m, k], rows of the candidates, nearest first; -1 where there are fewer than k
    distances   float32 [m, k], infinity where there are fewer than k
    candidates  int64 [m]: how many vectors each query was compared with
    method      always 'exact'
    arithmetic  'bfloat16' or 'float32': the products that proposed candidates. It changes the speed, not the result.
    """

    indices: np.ndarray
    distances: np.ndarray
    candidates: np.ndarray
    method: str = "exact"
    arithmetic: str = "float32"


def picks_for(k: int) -> int:
    """How many candidates to measure for k neighbours: a margin that certifies most rows at once."""
    return k + max(8, k // 3)


def nearest(
    vectors: np.ndarray,
    k: int,
    *,
    queries: np.ndarray | None = None,
    metric: Metric = "euclidean",
    progress: Progress | None = None,
    memory_mb: float = DEFAULT_MEMORY_MB,
    precision: Precision | None = None,
) -> Neighbors:
    """The k nearest other vectors of each vector.

    vectors    float32 [n, d], an array or a memory map; other number types are converted to float32 first
    k          1 or more; min(k, n - 1) are returned
    queries    rows to search for, None = all. A row is never its own neighbour; copies of it are, at distance 0
    metric     'euclidean' |x - y|, or 'cosine' 1 - cos(x, y), where a zero vector is at distance 1 from everything
    progress   called with (queries done, queries)
    memory_mb  bound for one block of scores. Besides: the vectors, and their operand of 2 bytes a value (4 in float32)
    precision  'bfloat16' or 'float32' products; None = bfloat16 where the CPU has it. The result is the same

    Equal distances are ordered by row. Raises ValueError for NaN or infinite values and for k below 1.
    """
    import torch

    space = Space(vectors, metric)
    rows = _rows(queries, space.count)
    k = _checked_k(k, space.count - 1)
    columns, scores = _empty(len(rows), k)
    place = _places(rows, space.count)

    def work(search: Search, block: ScoreBlock, chunk: torch.Tensor) -> torch.Tensor:
        found, score, is_open = search.settle(block, chunk, k, picks_for(k), Rule())
        columns[place[chunk]], scores[place[chunk]] = found, score
        return is_open

    unique = torch.unique(rows)
    if k > 0:
        unique = _without_copies(space, unique, k, columns, scores, place)
    used = run_search(
        space, space, unique, work, picks=picks_for(k), precision=precision, memory_mb=memory_mb, progress=progress
    ) if k > 0 else "float32"
    return Neighbors(
        columns[place[rows]].numpy(),
        to_distances(scores[place[rows]], space).numpy(),
        np.full(len(rows), max(space.count - 1, 0), dtype=np.int64),
        arithmetic=used,
    )


def nearest_between(
    queries: np.ndarray,
    candidates: np.ndarray,
    k: int,
    *,
    query_groups: np.ndarray | None = None,
    candidate_groups: np.ndarray | None = None,
    metric: Metric = "euclidean",
    progress: Progress | None = None,
    memory_mb: float = DEFAULT_MEMORY_MB,
    precision: Precision | None = None,
) -> Neighbors:
    """The k nearest of ``candidates`` float32 [n, d] of each of ``queries`` float32 [m, d].

    ``query_groups`` int [m], ``candidate_groups`` int [n]: candidates of the query's own group do not count;
    negative = in no group. A query with fewer than k candidates left is padded with -1 and infinity.
    Everything else as in ``nearest``; nothing is excluded as "self": give each image a group of its own for that.
    """
    import torch

    space = Space(candidates, metric)
    asked = Space(queries, metric, like=space)
    if (query_groups is None) != (candidate_groups is None):
        raise ValueError("give groups of both queries and candidates, or of neither")
    k = _checked_k(k, space.count)
    columns, scores = _empty(asked.count, k)
    rule = Rule()
    counts = np.full(asked.count, space.count, dtype=np.int64)
    if query_groups is not None and candidate_groups is not None:
        own, theirs = _small_codes(_codes(query_groups, asked.count), _codes(candidate_groups, space.count))
        rule = Rule(torch.from_numpy(own), torch.from_numpy(theirs))
        counts -= members(own, theirs)

    def work(search: Search, block: ScoreBlock, chunk: torch.Tensor) -> torch.Tensor:
        rule.apply(block, chunk)
        columns[chunk], scores[chunk], is_open = search.settle(block, chunk, k, picks_for(k), rule)
        return is_open

    used: Precision = "float32"
    if k > 0:
        used = run_search(
            asked, space, torch.arange(asked.count), work,
            picks=picks_for(k), precision=precision, memory_mb=memory_mb, progress=progress,
        )
    return Neighbors(columns.numpy(), to_distances(scores, space).numpy(), counts, arithmetic=used)


def members(groups: np.ndarray, among: np.ndarray) -> np.ndarray:
    """int64 [m]: how many of ``among`` share the group (>= 0) of each of ``groups``."""
    ordered = np.sort(among[among >= 0])
    count = np.searchsorted(ordered, groups, side="right") - np.searchsorted(ordered, groups, side="left")
    return np.where(groups < 0, 0, count)


def _without_copies(
    space: Space, rows: torch.Tensor, k: int, columns: torch.Tensor, scores: torch.Tensor, place: torch.Tensor
) -> torch.Tensor:
    """Settle rows that have k or more copies (their neighbours are copies, lowest rows first); the other rows."""
    import torch

    if space.metric != "euclidean":
        return rows
    settled, found = nearest_copies(space.vectors, k)
    mine = torch.isin(rows, settled)
    if bool(mine.any()):
        where = torch.searchsorted(settled, rows[mine])
        columns[place[rows[mine]]], scores[place[rows[mine]]] = found[where], 0.0
    return rows[~mine]


def _rows(queries: np.ndarray | None, count: int) -> torch.Tensor:
    import torch

    if queries is None:
        return torch.arange(count)
    rows = np.asarray(queries, dtype=np.int64).reshape(-1)
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise ValueError(f"queries must be rows 0 to {count - 1}")
    return torch.from_numpy(rows.copy())


def _places(rows: torch.Tensor, count: int) -> torch.Tensor:
    """int64 [count]: where the answer for a row is kept."""
    import torch

    place = torch.full((count,), -1, dtype=torch.int64)
    place[rows] = torch.arange(len(rows))
    return place


def _empty(rows: int, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    return (
        torch.full((rows, k), -1, dtype=torch.int64),
        torch.full((rows, k), float("inf"), dtype=torch.float64),
    )


def _checked_k(k: int, available: int) -> int:
    if k < 1:
        raise ValueError(f"k must be 1 or more, not {k}")
    return max(0, min(k, available))


def _small_codes(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both renumbered together from 0 (negative = -1): any int64 may come in, a block compares in 32 bits."""
    both = np.concatenate([one, other])
    codes = np.full(len(both), -1, dtype=np.int64)
    codes[both >= 0] = np.unique(both[both >= 0], return_inverse=True)[1]
    return codes[: len(one)], codes[len(one) :]


def _codes(groups: np.ndarray, count: int) -> np.ndarray:
    codes = np.asarray(groups, dtype=np.int64).reshape(-1)
    if len(codes) != count:
        raise ValueError(f"{len(codes)} group codes for {count} vectors")
    return codes
