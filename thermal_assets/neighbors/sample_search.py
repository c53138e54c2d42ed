"""Exact neighbours of every image among a sample of the images: every image is a query, the sample are candidates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.neighbors.arithmetic import Arithmetic, chosen_arithmetic, plain_picks
from thermal_assets.neighbors.bounds import Bounds
from thermal_assets.neighbors.collected import CollectedLists
from thermal_assets.neighbors.device_search import Ask, accelerator, candidates_on_device
from thermal_assets.neighbors.distances import to_score
from thermal_assets.neighbors.exact import DEFAULT_MEMORY_MB, Neighbors, members, picks_for
from thermal_assets.neighbors.grouped import NEAR_COPY_DISTANCE, OTHER_SESSIONS, Neighborhood, across_rules
from thermal_assets.neighbors.grouped_lists import PICKS_PER_FRAME, Across, GroupedLists
from thermal_assets.neighbors.joined_search import settled_from_device
from thermal_assets.neighbors.list_files import ListFiles
from thermal_assets.neighbors.operands import Precision
from thermal_assets.neighbors.query_join import joined_queries
from thermal_assets.neighbors.sample_update import PreviousSample, QueryBlock, SampleUpdate
from thermal_assets.neighbors.scores import ScoreBlock
from thermal_assets.neighbors.search import Search, SearchOptions, full_float32, run_search
from thermal_assets.neighbors.space import Progress, SharedSpace

if TYPE_CHECKING:
    import torch

METHOD = "reference sample"
_ROWS_AT_ONCE = 8192


def neighborhood_in_sample(
    read: Callable[[np.ndarray], np.ndarray],
    count: int,
    sample: np.ndarray,
    *,
    session: np.ndarray | None = None,
    frame: np.ndarray | None = None,
    k_plain: int = 100,
    k_across: int = 10,
    near_copy_distance: float = NEAR_COPY_DISTANCE,
    kept: int = 10,
    mean_of: Sequence[int] = (),
    files: ListFiles | None = None,
    previous: PreviousSample | None = None,
    progress: Progress | None = None,
    memory_mb: float = DEFAULT_MEMORY_MB,
    precision: Precision | None = None,
) -> Neighborhood:
    """``grouped.neighborhood`` under Euclidean distance, with the images ``sample`` as the only neighbours.

    read      float32 [b, d] vectors of the rows int64 [b], called for some thousand rows at a time
    count     images in all
    sample    int64 [s], rising: the rows that can be neighbours, though none of itself
    previous  what an earlier search of nearly the same images left: only what differs is computed

    Exact inside the sample. ``method`` of the result says 'reference sample', and its recall is NaN: against all
    images nothing was measured. Indices are rows of all images.
    """
    candidates = SharedSpace(read(sample), "euclidean")
    column_of = np.full(count, -1, dtype=np.int64)
    column_of[sample] = np.arange(len(sample))
    sessions, basis, rules = across_rules(count, session, frame, to_score(near_copy_distance, candidates))
    k_plain, k_across = min(k_plain, len(sample)), min(k_across, len(sample))
    plain = CollectedLists(count, min(kept, k_plain), mean_of, candidates)
    across = CollectedLists(count, k_across, (), candidates)
    options: SearchOptions = {"precision": precision, "memory_mb": memory_mb / 2, "progress": None}
    update = None
    if previous is not None and previous.usable:
        update = SampleUpdate(previous, candidates, column_of, memory_mb / 2)
        if not update.pays:
            update = None
    arithmetic: Arithmetic | None = None
    for start in range(0, count, _ROWS_AT_ONCE):
        span = slice(start, min(start + _ROWS_AT_ONCE, count))
        rows = np.arange(span.start, span.stop)
        grouped = GroupedLists(
            len(sample),
            _rules_of(rules, rows, sample),
            k_plain,
            k_across,
            plain.part(span),
            across.part(span),
            files,
            first_row=start,
        )
        block = QueryBlock(rows, read, candidates, column_of[rows])
        left = np.arange(len(rows)) if update is None else update.apply(block, grouped)
        if len(left):
            arithmetic = _search(block, left, grouped, options, arithmetic)
        if progress is not None:
            progress(start + len(rows), count)
    used: Precision = "float32" if arithmetic is None else arithmetic.precision
    others = len(sample) - (column_of >= 0)
    counted = np.where(sessions < 0, others, 0)
    if (basis == OTHER_SESSIONS).any():
        of_others = (sessions[sample] >= 0).sum() - members(sessions, sessions[sample])
        counted = np.where(sessions < 0, others, of_others)
    return Neighborhood(
        _in_sample(plain.neighbors(others, used), sample),
        _in_sample(across.neighbors(counted, used), sample),
        basis,
        int(sessions.max(initial=-1)) + 1,
    )


def _in_sample(found: Neighbors, sample: np.ndarray) -> Neighbors:
    rows = np.where(found.indices >= 0, sample[np.maximum(found.indices, 0)], -1)
    return replace(found, indices=rows, method=METHOD, recall=float("nan"))


def _rules_of(rules: Across, rows: np.ndarray, sample: np.ndarray) -> Across:
    """Rules of all images as those of the queries ``rows`` and the candidates ``sample``."""
    return [
        (
            applies[rows],
            replace(
                rule,
                query_group=None if rule.query_group is None else rule.query_group[rows],
                candidate_group=None if rule.candidate_group is None else rule.candidate_group[sample],
                key=None if rule.key is None else rule.key[sample],
            ),
        )
        for applies, rule in rules
    ]


def _search(
    block: QueryBlock, left: np.ndarray, grouped: GroupedLists, options: SearchOptions, arithmetic: Arithmetic | None
) -> Arithmetic:
    """Search the queries ``left`` int64 of ``block`` among the whole sample; returns what the products were made of.

    ``arithmetic``: as an earlier block found it suits them.
    """
    if (device := accelerator()) is not None:
        left, arithmetic = _found_on_device(block, left, grouped, device), Arithmetic("float32")
    else:
        if arithmetic is None:
            arithmetic, _ = chosen_arithmetic(
                block.space,
                block.candidates,
                left,
                grouped.k_plain,
                row_picks=picks_for(grouped.k_plain),
                precision=options["precision"],
                memory_mb=options["memory_mb"],
            )
        left = _joined(block, left, grouped, arithmetic, options["memory_mb"])

    def work(search: Search, scores: ScoreBlock, rows: np.ndarray) -> np.ndarray:
        block.exclude_own(scores, rows)
        return grouped.work(search, scores, rows)

    if len(left):
        again: SearchOptions = {**options, "precision": arithmetic.precision}
        run_search(block.space, block.candidates, left, work, picks=picks_for(grouped.k_plain), **again)
    return arithmetic


def _joined(
    block: QueryBlock, left: np.ndarray, grouped: GroupedLists, arithmetic: Arithmetic, memory_mb: float
) -> np.ndarray:
    """Candidates of the queries ``left`` from one pass over the sample; returns int64: those that are still open."""
    queries, candidates, precision = block.space, block.candidates, arithmetic.precision
    groups = None
    for _, rule in grouped.across_rules:
        if rule.query_group is not None and rule.candidate_group is not None:
            groups = rule.query_group, rule.candidate_group
    plain, across = joined_queries(
        queries,
        queries.operands(precision),
        candidates,
        candidates.operands(precision),
        left,
        own=block.own_column,
        groups=groups,
        picks=arithmetic.picks(grouped.k_plain, candidates.count),
        picks_across=arithmetic.picks(PICKS_PER_FRAME * grouped.k_across, candidates.count),
        memory_mb=memory_mb,
    )
    return left[grouped.emit(plain(left), across)]


def _found_on_device(block: QueryBlock, left: np.ndarray, grouped: GroupedLists, device: torch.device) -> np.ndarray:
    """Candidates from ``device``; returns int64: the queries that are still open."""
    import torch

    queries, candidates = block.space, block.candidates
    operands, theirs = queries.operands("float32"), candidates.operands("float32")
    bounds = Bounds(queries, operands.error, candidates, theirs)
    columns = np.arange(candidates.count)
    asks = [Ask(min(plain_picks(grouped.k_plain, "float32"), candidates.count), columns, block.own_column)]
    for _, rule in grouped.across_rules:
        if rule.query_group is not None and rule.candidate_group is not None:
            wanted = min(plain_picks(PICKS_PER_FRAME * grouped.k_across, "float32"), candidates.count)
            asks.append(Ask(wanted, rule.candidate_group, rule.query_group, need_group=True))
    still_open = [np.empty(0, dtype=np.int64)]
    with full_float32(), torch.no_grad():
        for chunk, found in candidates_on_device(operands, theirs, left, asks, device):
            settled = [partial(settled_from_device, queries, candidates, bounds, chunk, item) for item in found]
            is_open = grouped.emit(settled[0](chunk), settled[-1])
            still_open.append(chunk[is_open])
    return np.concatenate(still_open)
