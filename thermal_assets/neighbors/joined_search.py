"""The exact search of all vectors among themselves: a join for nearly all rows, the row search for the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.neighbors.arithmetic import chosen_arithmetic, plain_picks
from thermal_assets.neighbors.bounds import Bounds
from thermal_assets.neighbors.device_search import Ask, Candidates, accelerator, candidates_on_device
from thermal_assets.neighbors.distances import sorted_candidates
from thermal_assets.neighbors.operands import Precision
from thermal_assets.neighbors.search import Work, full_float32, run_search
from thermal_assets.neighbors.selection import first_of_rows
from thermal_assets.neighbors.self_join import Lists, self_join
from thermal_assets.neighbors.shortlists import Shortlists, list_bytes, no_shortlists
from thermal_assets.neighbors.space import Progress, Space

if TYPE_CHECKING:
    import torch

WORTH_A_JOIN = 0.6  # share of the rows asked for from which on each pair's product is computed once, for both
_ROWS_AT_ONCE = 4096
_LISTS_AT_ONCE = 2_500_000_000  # bytes of lists: where they are more, the queries come in parts
_NO_SESSIONS = np.empty(0, dtype=np.int32)


def told_again(progress: Progress | None, count: int, still_open: int) -> Progress | None:
    """``progress`` of the rows that are searched once more: it goes back by as many as are still open."""
    return None if progress is None else lambda done, of: progress(count - still_open + done, count)


@dataclass(frozen=True)
class Settled:
    """Candidates of some rows with true scores, nearest first, and how far they are certain.

    columns  int64 [b, K], -1 = no more; scores float64 [b, K], infinity there
    bound    float64 [b]: computed scores left out are not smaller; infinity: nothing was left out
    """

    rows: np.ndarray
    columns: np.ndarray
    scores: np.ndarray
    bound: np.ndarray
    bounds: Bounds

    def first(
        self, k: int, key: np.ndarray | None = None, minimum: float | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The first k that count, columns and scores [b, k], and bool [b]: whether they are certain to be the first."""
        columns, scores = first_of_rows(self.columns, self.scores, k, key, minimum)
        return columns, scores, self.reaches(scores[:, -1])

    def exact_beginning(self, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """int32 and float64 [b, width]: the entries that are certain to be the first by (score, column).

        -1 and infinity behind them; bool [b]: they are the whole row.
        """
        columns = np.full((len(self.rows), width), -1, dtype=np.int32)
        scores = np.full((len(self.rows), width), np.inf)
        there = min(width, self.columns.shape[1])
        # Certainty ends somewhere in a row and does not come again: halve.
        low, high = np.zeros(len(self.rows), dtype=np.int64), np.full(len(self.rows), there)
        while (low < high).any():
            middle = (low + high + 1) // 2
            certain = self.reaches(self.scores[np.arange(len(low)), np.maximum(middle - 1, 0)]) | (middle == 0)
            low, high = np.where(certain, middle, low), np.where(certain, high, middle - 1)
        inside = np.arange(there) < low[:, None]
        columns[:, :there] = np.where(inside, self.columns[:, :there], -1)
        scores[:, :there] = np.where(inside, self.scores[:, :there], np.inf)
        whole = (self.bound == math.inf) & ((self.columns >= 0).sum(axis=1) <= width)
        return columns, scores, whole

    def reaches(self, score: np.ndarray) -> np.ndarray:
        """bool [b]: whether no candidate left out can have a true score of ``score`` float64 [b] or less."""
        return (self.bound == math.inf) | (self.bound > self.bounds.limit(self.rows, score))


def _of_part(progress: Progress | None, number: int, parts: int) -> Progress | None:
    """``progress`` of the whole as the search of one of its parts goes on."""
    if progress is None or parts <= 1:
        return progress
    return lambda done, of: progress((number * of + done) // parts, of)


Emit = Callable[[Settled, Callable[[np.ndarray], Settled]], np.ndarray]


def run_joined_search(
    space: Space,
    rows: np.ndarray,
    emit: Emit,
    work: Work,
    *,
    k: int,
    k_across: int = 0,
    session: np.ndarray | None = None,
    row_picks: int,
    precision: Precision | None,
    memory_mb: float,
    progress: Progress | None,
) -> Precision:
    """Search the queries ``rows`` among all vectors of ``space``; returns the precision of the products.

    ``emit(settled, across)`` takes the candidates of some rows and returns bool [b]: rows that are still open.
    ``across(rows)`` settles candidates of other sessions for some of them, where ``session`` int [n] is given.
    Open rows go to ``run_search`` with ``work`` and ``row_picks``. Where there is a GPU, it finds the candidates.
    """
    device = accelerator()
    if device is not None:
        still_open = _joined_on_device(
            space, rows, emit, device, k=k, k_across=k_across, session=session, progress=progress
        )
        if len(still_open):
            again = told_again(progress, space.count, len(still_open))
            run_search(
                space,
                space,
                still_open,
                work,
                picks=row_picks,
                precision="float32",
                memory_mb=memory_mb,
                progress=again,
            )
        return "float32"
    left = [np.empty(0, dtype=np.int64)]
    with full_float32():
        arithmetic, search = chosen_arithmetic(
            space, space, rows, k, row_picks=row_picks, precision=precision, memory_mb=memory_mb
        )
        wanted = arithmetic.precision
        operands = search.left if search is not None else space.operands(wanted)
        bounds = search.bounds if search is not None else Bounds(space, operands.error, space, operands)
        del search
        picks = arithmetic.picks(k, space.count - 1)
        picks_across = 0 if session is None else arithmetic.picks(k_across, space.count)
        parts = -(-len(rows) * list_bytes(picks, picks_across) // _LISTS_AT_ONCE)

        def settled(lists: Shortlists, chunk: np.ndarray) -> Settled:
            columns, bound = lists.take(chunk)
            return Settled(chunk, *sorted_candidates(space, chunk, space, columns), bound, bounds)

        # Products of vectors that are both asked for in one part serve both; the others come once for each part.
        for number, mine in enumerate(np.array_split(rows, max(parts, 1))):
            asked = np.zeros(space.count, dtype=bool)
            asked[mine] = True
            plain, across = Shortlists(asked, picks, wanted), no_shortlists(wanted)
            if session is not None:
                across = Shortlists(asked & (session >= 0), picks_across, wanted)
            lists = Lists(plain, across, _NO_SESSIONS if session is None else session)
            self_join(operands, lists, asked, memory_mb=memory_mb, progress=_of_part(progress, number, parts))
            if number + 1 >= parts:
                del operands
            for start in range(0, len(mine), _ROWS_AT_ONCE):
                chunk = mine[start : start + _ROWS_AT_ONCE]
                is_open = emit(settled(plain, chunk), lambda part, of=across: settled(of, part))  # type: ignore[misc]
                left.append(chunk[is_open])
            del plain, across, lists
    still_open = np.concatenate(left)
    if len(still_open):
        again = told_again(progress, space.count, len(still_open))
        run_search(
            space, space, still_open, work, picks=row_picks, precision=wanted, memory_mb=memory_mb, progress=again
        )
    return wanted


def _joined_on_device(
    space: Space,
    rows: np.ndarray,
    emit: Emit,
    device: torch.device,
    *,
    k: int,
    k_across: int,
    session: np.ndarray | None,
    progress: Progress | None,
) -> np.ndarray:
    """As above, candidates from ``device``; returns int64: the rows that are still open."""
    import torch

    operands = space.operands("float32")
    bounds = Bounds(space, operands.error, space, operands)
    asks = [Ask(min(plain_picks(k, "float32"), max(space.count - 1, 1)))]
    if session is not None:
        codes = session.astype(np.int64)
        asks.append(Ask(min(plain_picks(k_across, "float32"), space.count), codes, codes, need_group=True))
    left = [np.empty(0, dtype=np.int64)]
    with full_float32(), torch.no_grad():
        for chunk, found in candidates_on_device(operands, operands, rows, asks, device, progress=progress):
            settled = [partial(settled_from_device, space, space, bounds, chunk, item) for item in found]
            is_open = emit(settled[0](chunk), settled[-1])
            left.append(chunk[is_open])
    return np.concatenate(left)


def settled_from_device(
    queries: Space, candidates: Space, bounds: Bounds, chunk: np.ndarray, found: Candidates, rows: np.ndarray
) -> Settled:
    """Some ``rows`` of the sorted ``chunk`` of queries that a device searched."""
    at = np.searchsorted(chunk, rows)
    return Settled(rows, *sorted_candidates(queries, rows, candidates, found.columns[at]), found.bound[at], bounds)
