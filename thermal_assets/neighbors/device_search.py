"""Candidates of many queries found on a GPU: products and selection there, certificates on the CPU as always.

Products are float32 in full precision, so that the bound of the rounding is the one of the CPU's float32 products,
whatever order the sums are taken in.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.neighbors.operands import Operands
from thermal_assets.neighbors.space import Progress

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

_ROWS_AT_ONCE = 2048
_COLUMNS_AT_ONCE = 65536
_SHARE_OF_MEMORY = 0.6  # of what is free on the device, for vectors that stay there


@dataclass(frozen=True)
class Ask:
    """One list wanted of every query.

    wanted      candidates a query, the smallest scores
    groups      int64 [n], negative = none: candidates of the query's own group do not count; None: all count
    own         int64 [m]: the groups of the queries
    need_group  candidates without a group do not count either
    """

    wanted: int
    groups: np.ndarray | None = None
    own: np.ndarray | None = None
    need_group: bool = False


@dataclass(frozen=True)
class Candidates:
    """columns int64 [b, wanted], -1 = no more; bound float64 [b]: no score left out is smaller (infinity: none was)."""

    columns: np.ndarray
    bound: np.ndarray


def accelerator() -> torch.device | None:
    """The GPU to search on, or None: then the CPU's own search is used."""
    import torch

    return torch.device("cuda") if torch.cuda.is_available() else None


def candidates_on_device(
    left: Operands,
    right: Operands,
    rows: np.ndarray,
    asks: Sequence[Ask],
    device: torch.device,
    *,
    progress: Progress | None = None,
    rows_at_once: int = _ROWS_AT_ONCE,
    columns_at_once: int = _COLUMNS_AT_ONCE,
) -> Iterator[tuple[np.ndarray, list[Candidates]]]:
    """Blocks of ``rows`` int64 [m] of the queries ``left`` with what each of ``asks`` wants of the vectors ``right``.

    Where ``left`` is ``right``, a query is no candidate of its own. Vectors that do not fit on the device are taken
    there piece by piece for every block of queries.
    """
    import torch

    count = len(right.matrix)
    matrix = right.matrix.to(device) if _fits(right.matrix, device) else right.matrix
    groups = [None if ask.groups is None else torch.from_numpy(ask.groups).to(device) for ask in asks]
    for top in range(0, len(rows), rows_at_once):
        chunk = rows[top : top + rows_at_once]
        queries = left.as_queries(chunk).to(device)
        ids = torch.from_numpy(chunk).to(device)
        own = [None if ask.own is None else torch.from_numpy(ask.own[chunk]).to(device) for ask in asks]
        best: list[tuple[torch.Tensor, torch.Tensor] | None] = [None] * len(asks)
        for start in range(0, count, columns_at_once):
            part = matrix[start : start + columns_at_once].to(device)
            scores = queries @ part.T
            if left is right:
                inside = torch.nonzero((ids >= start) & (ids < start + len(part))).squeeze(1)
                scores[inside, ids[inside] - start] = torch.inf
            for number, ask in enumerate(asks):
                theirs, mine = groups[number], own[number]
                if theirs is not None and mine is not None:
                    there = theirs[start : start + len(part)]
                    not_counted = (there == mine[:, None]) & (there >= 0)
                    if ask.need_group:
                        not_counted |= there < 0
                    mine_only = scores.masked_fill(not_counted, torch.inf)
                else:
                    mine_only = scores
                best[number] = _merged(best[number], mine_only, start, ask.wanted + 1)
        yield chunk, [_candidates(item, ask.wanted) for item, ask in zip(best, asks, strict=True)]
        if progress is not None:
            progress(top + len(chunk), len(rows))


def _merged(
    best: tuple[torch.Tensor, torch.Tensor] | None, scores: torch.Tensor, start: int, wanted: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The smallest ``wanted`` of what was found so far and of the columns from ``start`` on: scores and columns."""
    import torch

    values, columns = torch.topk(scores, min(wanted, scores.shape[1]), dim=1, largest=False)
    columns = columns + start
    if best is None:
        return values, columns
    values, columns = torch.cat([best[0], values], dim=1), torch.cat([best[1], columns], dim=1)
    kept, places = torch.topk(values, min(wanted, values.shape[1]), dim=1, largest=False)
    return kept, torch.gather(columns, 1, places)


def _candidates(best: tuple[torch.Tensor, torch.Tensor] | None, wanted: int) -> Candidates:
    if best is None:
        raise ValueError("there are no vectors to search among")
    values, columns = best[0].cpu().numpy(), best[1].cpu().numpy()
    # One more than wanted was selected: it is the smallest of those left out.
    bound = values[:, wanted].astype(np.float64) if values.shape[1] > wanted else np.full(len(values), np.inf)
    found = np.full((len(values), wanted), -1, dtype=np.int64)
    there = min(wanted, values.shape[1])
    found[:, :there] = np.where(np.isfinite(values[:, :there]), columns[:, :there], -1)
    return Candidates(found, bound)


def _fits(matrix: torch.Tensor, device: torch.device) -> bool:
    import torch

    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return matrix.nbytes <= _SHARE_OF_MEMORY * free
