"""From candidates with their scores to the first k that count."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def first_of_rows(
    columns: torch.Tensor, scores: torch.Tensor, k: int, key: torch.Tensor | None, minimum: float | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The first ``k`` that count of each row of ``columns`` int64 [b, K], sorted, -1 = none; with scores [b, K].

    ``key`` int64 [n]: of candidates with equal key only the first counts. ``minimum``: smaller scores do not count.
    Returns columns [b, k] and scores [b, k], padded with -1 and infinity.
    """
    import torch

    if key is not None or minimum is not None:
        counts = columns >= 0
        if minimum is not None:
            counts &= scores >= minimum
        if key is not None:
            counts &= _first_occurrence(torch.where(counts, key[columns.clamp(min=0)], torch.iinfo(torch.int64).min))
        # Stable: what counts moves to the front in its order.
        order = (~counts).to(torch.uint8).sort(dim=1, stable=True).indices
        columns = torch.where(counts, columns, -1).gather(1, order)
        scores = torch.where(counts, scores, math.inf).gather(1, order)
    if columns.shape[1] < k:
        missing = k - columns.shape[1]
        columns = torch.nn.functional.pad(columns, (0, missing), value=-1)
        scores = torch.nn.functional.pad(scores, (0, missing), value=math.inf)
    return columns[:, :k].contiguous(), scores[:, :k].contiguous()


def _first_occurrence(keys: torch.Tensor) -> torch.Tensor:
    """bool [b, K]: whether an entry is the first with its key in its row."""
    import torch

    ordered, order = keys.sort(dim=1, stable=True)
    first = torch.ones_like(ordered, dtype=torch.bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return torch.zeros_like(first).scatter_(1, order, first)


def first_of_pairs(
    at: torch.Tensor,
    column: torch.Tensor,
    score: torch.Tensor,
    rows: int,
    k: int,
    key: torch.Tensor | None,
    minimum: float | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same from a list of pairs (row ``at``, ``column``, ``score``), any number a row."""
    import torch

    row, other, value = at.numpy(), column.numpy(), score.numpy()
    if minimum is not None:
        row, other, value = (part[value >= minimum] for part in (row, other, value))
    order = np.lexsort((other, value, row))
    row, other, value = row[order], other[order], value[order]
    if key is not None:
        codes = key[torch.from_numpy(other)].numpy()
        grouped = np.lexsort((np.arange(len(row)), codes, row))
        fresh = np.ones(len(row), dtype=bool)
        fresh[1:] = (np.diff(row[grouped]) != 0) | (np.diff(codes[grouped]) != 0)
        first = np.sort(grouped[fresh])
        row, other, value = row[first], other[first], value[first]
    starts = np.searchsorted(row, np.arange(rows))
    rank = np.arange(len(row)) - starts[row]
    kept = rank < k
    columns = torch.full((rows, k), -1, dtype=torch.int64)
    scores = torch.full((rows, k), math.inf, dtype=torch.float64)
    columns[torch.from_numpy(row[kept]), torch.from_numpy(rank[kept])] = torch.from_numpy(other[kept])
    scores[torch.from_numpy(row[kept]), torch.from_numpy(rank[kept])] = torch.from_numpy(value[kept])
    return columns, scores


def unique_where_missing(codes: np.ndarray) -> torch.Tensor:
    """Codes int64 [n] as keys: every negative code ("none") becomes a key of its own."""
    import torch

    codes = np.asarray(codes, dtype=np.int64)
    return torch.from_numpy(np.where(codes < 0, -1 - np.arange(len(codes), dtype=np.int64), codes))
