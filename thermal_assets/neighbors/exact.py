"""Exact k nearest neighbours: recall 1 against brute force in float64, equal distances by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.neighbors.arithmetic import chosen_arithmetic, plain_picks
from thermal_assets.neighbors.bounds import Bounds
from thermal_assets.neighbors.device_search import Ask, accelerator, candidates_on_device
from thermal_assets.neighbors.distances import sorted_candidates, to_distances
from thermal_assets.neighbors.joined_search import WORTH_A_JOIN, Settled, run_joined_search, told_again
from thermal_assets.neighbors.operands import Precision
from thermal_assets.neighbors.query_join import joined_queries
from thermal_assets.neighbors.scores import ScoreBlock
from thermal_assets.neighbors.search import Rule, Search, SearchOptions, full_float32, run_search
from thermal_assets.neighbors.selection import empty_lists
from thermal_assets.neighbors.space import Metric, Progress, Space

if TYPE_CHECKING:
    import torch

DEFAULT_MEMORY_MB = 384.0
_QUERIES_AT_ONCE = 65_536


@dataclass(frozen=True)
class Neighbors:
    """k nearest neighbours of m queries.

    indices     int64 [m, k], rows of the candidates, nearest first; -1 where there are fewer than k
    distances   float32 [m, k], infinity where there are fewer than k
    candidates  int64 [m]: how many vectors each query was compared with
    method      'exact'; of other searches what they are, in words
    recall      share of the true neighbours that are found: 1, or measured on a sample
    arithmetic  'bfloat16' or 'float32': the products that proposed candidates. It changes the speed, not the result.
    means       k -> float64 [m]: mean distance to the first k of a list longer than what is kept here (NaN: none)
    """

    indices: np.ndarray
    distances: np.ndarray
    candidates: np.ndarray
    method: str = "exact"
    arithmetic: str = "float32"
    means: Mapping[int, np.ndarray] = field(default_factory=dict)
    recall: float = 1.0


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

    Where there is a GPU it finds the candidates, in float32, whatever ``precision`` and ``memory_mb`` say.

    Equal distances are ordered by row. Raises ValueError for NaN or infinite values and for k below 1.
    """
    space = Space(vectors, metric)
    wanted = _rows(queries, space.count)
    rows, where = np.unique(wanted, return_inverse=True)
    k = _checked_k(k, space.count - 1)
    columns, scores = empty_lists(len(rows), k)

    def work(search: Search, block: ScoreBlock, chunk: np.ndarray) -> np.ndarray:
        at = np.searchsorted(rows, chunk)
        columns[at], scores[at], is_open = search.settle(block, chunk, k, picks_for(k), Rule())
        return is_open

    used: Precision = "float32"
    if k > 0:
        options: SearchOptions = {"precision": precision, "memory_mb": memory_mb, "progress": progress}
        if len(rows) < WORTH_A_JOIN * space.count and accelerator() is None:
            used = run_search(space, space, rows, work, picks=picks_for(k), **options)
        else:

            def emit(settled: Settled, _: object) -> np.ndarray:
                at = np.searchsorted(rows, settled.rows)
                columns[at], scores[at], certain = settled.first(k)
                return ~certain

            used = run_joined_search(space, rows, emit, work, k=k, row_picks=picks_for(k), **options)
    return Neighbors(
        columns[where],
        to_distances(scores, space)[where],
        np.full(len(wanted), max(space.count - 1, 0), dtype=np.int64),
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
    if (query_groups is None) != (candidate_groups is None):
        raise ValueError("give groups of both queries and candidates, or of neither")
    space = Space(candidates, metric)
    asked = Space(queries, metric, like=space)
    k = _checked_k(k, space.count)
    columns, scores = empty_lists(asked.count, k)
    counts = np.full(asked.count, space.count, dtype=np.int64)
    rule = Rule()
    if query_groups is not None and candidate_groups is not None:
        groups = _codes(query_groups, asked.count), _codes(candidate_groups, space.count)
        rule = Rule(*_small_codes(*groups))
        counts -= members(*groups)

    def work(search: Search, block: ScoreBlock, chunk: np.ndarray) -> np.ndarray:
        rule.apply(block, chunk)
        columns[chunk], scores[chunk], is_open = search.settle(block, chunk, k, picks_for(k), rule)
        return is_open

    used: Precision = "float32"
    rows = np.arange(asked.count)
    if k > 0 and len(rows):
        if (device := accelerator()) is not None:
            rows = _found_on_device(asked, space, rule, columns, scores, device, progress)
        else:
            used, rows = _found_by_join(asked, space, rule, columns, scores, precision, memory_mb)
        if progress is not None:
            progress(asked.count - len(rows), asked.count)
    if len(rows):
        again = told_again(progress, asked.count, len(rows))
        options: SearchOptions = {"precision": used, "memory_mb": memory_mb, "progress": again}
        run_search(asked, space, rows, work, picks=picks_for(k), **options)
    return Neighbors(columns, to_distances(scores, space), counts, arithmetic=used)


def _found_by_join(
    asked: Space,
    space: Space,
    rule: Rule,
    columns: np.ndarray,
    scores: np.ndarray,
    precision: Precision | None,
    memory_mb: float,
) -> tuple[Precision, np.ndarray]:
    """Fill ``columns`` and ``scores`` [m, k] from one pass over the candidates.

    Returns the precision of the products, and int64: the rows that are not certain.
    """
    k, still_open = columns.shape[1], [np.empty(0, dtype=np.int64)]
    every = np.arange(asked.count)
    arithmetic, search = chosen_arithmetic(
        asked, space, every, k, rule=rule, row_picks=picks_for(k), precision=precision, memory_mb=memory_mb
    )
    left = search.left if search is not None else asked.operands(arithmetic.precision)
    right = space.operands(arithmetic.precision)
    del search
    picks, groups = arithmetic.picks(k, space.count), None
    if rule.query_group is not None and rule.candidate_group is not None:
        # What is in no group counts for everybody: it is in one that nobody asks from.
        none = int(max(rule.query_group.max(initial=-1), rule.candidate_group.max(initial=-1))) + 1
        groups = (
            np.where(rule.query_group < 0, none + 1, rule.query_group),
            np.where(rule.candidate_group < 0, none, rule.candidate_group),
        )
    for start in range(0, asked.count, _QUERIES_AT_ONCE):
        rows = every[start : start + _QUERIES_AT_ONCE]
        plain, across = joined_queries(
            asked,
            left,
            space,
            right,
            rows,
            groups=groups,
            picks=picks if groups is None else 0,
            picks_across=0 if groups is None else picks,
            memory_mb=memory_mb,
        )
        columns[rows], scores[rows], certain = (plain if groups is None else across)(rows).first(k)
        still_open.append(rows[~certain])
    return arithmetic.precision, np.concatenate(still_open)


def _found_on_device(
    asked: Space,
    space: Space,
    rule: Rule,
    columns: np.ndarray,
    scores: np.ndarray,
    device: torch.device,
    progress: Progress | None,
) -> np.ndarray:
    """Fill ``columns`` and ``scores`` [m, k] from candidates of a GPU; returns int64: the rows that are not certain."""
    import torch

    k = columns.shape[1]
    left, right = asked.operands("float32"), space.operands("float32")
    bounds = Bounds(asked, left.error, space, right)
    asks = [Ask(min(plain_picks(k, "float32"), space.count), rule.candidate_group, rule.query_group)]
    still_open = [np.empty(0, dtype=np.int64)]
    with full_float32(), torch.no_grad():
        every = np.arange(asked.count)
        for chunk, (found,) in candidates_on_device(left, right, every, asks, device, progress=progress):
            near = sorted_candidates(asked, chunk, space, found.columns)
            columns[chunk], scores[chunk], certain = Settled(chunk, *near, found.bound, bounds).first(k)
            still_open.append(chunk[~certain])
    return np.concatenate(still_open)


def members(groups: np.ndarray, among: np.ndarray) -> np.ndarray:
    """int64 [m]: how many of ``among`` share the group (>= 0) of each of ``groups``."""
    ordered = np.sort(among[among >= 0])
    count = np.searchsorted(ordered, groups, side="right") - np.searchsorted(ordered, groups, side="left")
    return np.where(groups < 0, 0, count)


def _rows(queries: np.ndarray | None, count: int) -> np.ndarray:
    if queries is None:
        return np.arange(count)
    rows = np.asarray(queries, dtype=np.int64).reshape(-1)
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise ValueError(f"queries must be rows 0 to {count - 1}")
    return rows


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
