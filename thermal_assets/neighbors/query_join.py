"""Queries against candidates that are others: one pass of products, whose scores are offered to lists of each query."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from thermal_assets.neighbors.bounds import Bounds
from thermal_assets.neighbors.distances import sorted_candidates
from thermal_assets.neighbors.joined_search import Settled
from thermal_assets.neighbors.operands import Operands
from thermal_assets.neighbors.search import full_float32
from thermal_assets.neighbors.self_join import Lists, join_queries
from thermal_assets.neighbors.shortlists import Shortlists
from thermal_assets.neighbors.space import Space

Take = Callable[[np.ndarray], Settled]
Groups = tuple[np.ndarray, np.ndarray]


def joined_queries(
    queries: Space,
    left: Operands,
    candidates: Space,
    right: Operands,
    rows: np.ndarray,
    *,
    own: np.ndarray | None = None,
    groups: Groups | None = None,
    picks: int = 0,
    picks_across: int = 0,
    memory_mb: float,
) -> tuple[Take, Take]:
    """Candidates of the queries ``rows`` int64 [m]: functions that settle those of some of them, plain and across groups.

    left, right   operands of all ``queries`` and ``candidates``, in one precision
    own           int64 [n]: the candidate that each query is itself, -1 = none; it does not count
    groups        int64 [n] of the queries and [c] of the candidates: across groups, candidates of another one count;
                  negative = in none, which never counts and asks for none
    picks, picks_across  how many a query collects; 0 = these are not asked for
    """
    import torch

    # The lists have places for the candidates as well: a query that is one stands there, and is so told from others.
    count = candidates.count
    ids = count + np.arange(queries.count) if own is None else np.where(own >= 0, own, count + np.arange(queries.count))
    asked = np.zeros(count + queries.count, dtype=bool)
    asked[ids[rows]] = True
    codes = np.empty(0, dtype=np.int64)
    if groups is not None and picks_across:
        codes = np.full(len(asked), -1, dtype=np.int64)
        codes[:count], codes[ids] = groups[1], groups[0]
    nobody = np.zeros(len(asked), dtype=bool)
    plain = Shortlists(asked if picks else nobody, max(picks, 1), right.precision)
    across = Shortlists(asked & (codes >= 0) if len(codes) else nobody, max(picks_across, 1), right.precision)
    bounds = Bounds(queries, left.error, candidates, right)
    with full_float32(), torch.no_grad():
        join_queries(left, rows, ids[rows], right, Lists(plain, across, codes), memory_mb=memory_mb)

    def taking(lists: Shortlists) -> Take:
        def take(some: np.ndarray) -> Settled:
            columns, bound = lists.take(ids[some])
            return Settled(some, *sorted_candidates(queries, some, candidates, columns), bound, bounds)

        return take

    return taking(plain), taking(across)
