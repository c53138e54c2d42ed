"""From candidates with their scores to the first k that count."""

from __future__ import annotations

import numpy as np

_NONE = np.empty(0, dtype=np.int64)


def empty_lists(rows: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Lists without an entry: columns int64 [rows, k] all -1, scores float64 [rows, k] all infinity."""
    return np.full((rows, k), -1, dtype=np.int64), np.full((rows, k), np.inf)


def first_of_rows(
    columns: np.ndarray,
    scores: np.ndarray,
    k: int,
    key: np.ndarray | None,
    minimum: float | None,
    own_group: np.ndarray = _NONE,
    group: np.ndarray = _NONE,
    need_group: bool = False,
    width: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The first ``k`` that count of each row of ``columns``, int32 or int64 [b, K], sorted, -1 = none; scores [b, K].

    ``key`` int64 [n]: of candidates with equal key only the first counts. ``minimum``: smaller scores do not count.
    ``own_group`` int64 [b] and ``group`` int64 [n]: candidates of the same group (>= 0) do not count;
    ``need_group``: those without one do not either. ``width``: only so many entries are looked at.
    Returns int64 and float64 [b, k], padded with -1 and infinity.
    """
    from thermal_assets.neighbors.list_kernels import first_that_count

    first_columns, first_scores = empty_lists(len(columns), k)
    first_that_count(
        np.ascontiguousarray(columns),
        np.ascontiguousarray(scores),
        own_group,
        group,
        need_group,
        _NONE if key is None else key,
        -np.inf if minimum is None else minimum,
        columns.shape[1] if width is None else width,
        first_columns,
        first_scores,
    )
    return first_columns, first_scores


def first_of_pairs(
    row: np.ndarray,
    column: np.ndarray,
    score: np.ndarray,
    rows: int,
    k: int,
    key: np.ndarray | None,
    minimum: float | None,
) -> tuple[np.ndarray, np.ndarray]:
    """The same from a list of pairs (``row``, ``column``, ``score``), any number a row."""
    if minimum is not None:
        kept = score >= minimum
        row, column, score = row[kept], column[kept], score[kept]
    order = np.lexsort((column, score, row))
    row, column, score = row[order], column[order], score[order]
    if key is not None:
        codes = key[column]
        grouped = np.lexsort((np.arange(len(row)), codes, row))
        fresh = np.ones(len(row), dtype=bool)
        fresh[1:] = (np.diff(row[grouped]) != 0) | (np.diff(codes[grouped]) != 0)
        first = np.sort(grouped[fresh])
        row, column, score = row[first], column[first], score[first]
    rank = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    kept = rank < k
    columns, scores = empty_lists(rows, k)
    columns[row[kept], rank[kept]] = column[kept]
    scores[row[kept], rank[kept]] = score[kept]
    return columns, scores


def unique_where_missing(codes: np.ndarray) -> np.ndarray:
    """Codes int64 [n] as keys: every negative code ("none") becomes a key of its own."""
    return np.where(codes < 0, -1 - np.arange(len(codes), dtype=np.int64), codes)
