"""Both kinds of neighbours from an approximate search, for data sets whose exact search would take too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from thermal_assets.neighbors.approximate import SAMPLED, Index, described, found_blocks, recall_of_sample
from thermal_assets.neighbors.collected import CollectedLists
from thermal_assets.neighbors.distances import to_score
from thermal_assets.neighbors.grouped import NEAR_COPY_DISTANCE, Neighborhood, across_rules
from thermal_assets.neighbors.selection import empty_lists
from thermal_assets.neighbors.space import Progress, Space

TOO_FEW_FOUND = "too few among approximate neighbours"


def neighborhood_approximate(
    vectors: np.ndarray,
    *,
    session: np.ndarray | None = None,
    frame: np.ndarray | None = None,
    k_plain: int = 100,
    k_across: int = 10,
    near_copy_distance: float = NEAR_COPY_DISTANCE,
    kept: int = 10,
    mean_of: Sequence[int] = (),
    index: Index = "hnsw",
    sampled: int = SAMPLED,
    progress: Progress | None = None,
) -> Neighborhood:
    """``grouped.neighborhood`` among ``k_plain`` approximate neighbours of every vector, under Euclidean distance.

    Distances are exact; some neighbours may be missing. ``recall`` of the result is the share of the ``kept`` true
    nearest that are among the ``kept`` found, over ``sampled`` vectors, and stands in its ``method``. Where fewer
    were found than a mean is of, there is none (NaN).
    Neighbours across sessions are those among the k_plain: a row that has fewer than k_across of them there has none
    (-1), and its basis says so, since the rest of them lie further away than was searched.

    Raises UserError where faiss is not installed.
    """
    space = Space(vectors, "euclidean")
    n = space.count
    sessions, basis, rules = across_rules(n, session, frame, to_score(near_copy_distance, space))
    k_plain, k_across = max(0, min(k_plain, n - 1)), max(0, min(k_across, n - 1))
    kept = min(kept, k_plain)
    plain = CollectedLists(n, kept, mean_of, space)
    across = CollectedLists(n, k_across, (), space)
    for rows, columns, scores in found_blocks(space, k_plain, index, progress):
        plain.put(rows, columns, scores)
        there = (columns >= 0).sum(axis=1)
        for k, means in plain.means.items():
            means[rows[there < min(k, n - 1)]] = np.nan  # the mean of fewer would make the place look more crowded
        first_columns, first_scores = empty_lists(len(rows), k_across)
        for applies, rule in rules:
            mine = np.flatnonzero(applies[rows])
            first_columns[mine], first_scores[mine] = rule.first(rows[mine], columns[mine], scores[mine], k_across)
            short = mine[first_columns[mine, -1] < 0]
            first_columns[short], first_scores[short] = -1, np.inf
            basis[rows[short]] = TOO_FEW_FOUND
        across.put(rows, first_columns, first_scores)
    others = np.full(n, max(n - 1, 0), dtype=np.int64)
    recall = recall_of_sample(space, plain.columns, sampled)
    marked = {"method": described(index, recall, sampled, n), "recall": recall}
    return Neighborhood(
        replace(plain.neighbors(others, "float32"), **marked),  # type: ignore[arg-type]
        replace(across.neighbors(others, "float32"), **marked),  # type: ignore[arg-type]
        basis,
        int(sessions.max(initial=-1)) + 1,
    )
