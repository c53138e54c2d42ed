"""From candidates with their scores to the first k that count."""

from __future__ import annotations

import numpy as np


def empty_lists(rows: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Lists without an entry: columns int64 [rows, k] all -1, scores float64 [rows, k] all infinity."""
    return np.full((rows, k), -1, dtype=np.int64), np.full((rows, k), np.inf)


def first_of_rows(
    columns: np.ndarray,
    scores: np.ndarray,
    k: int,
    key: np.ndarray | None,
    minimum: float | None,
    counts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The first ``k`` that count of each row of ``columns`` int64 [b, K], sorted, -1 = none; with scores [b, K].

    ``key`` int64 [n]: of candidates with equal key only the first counts. ``minimum``: smaller scores do not count.
    ``counts`` bool [b, K]: a choice made before. Returns [b, k] each, padded with -1 and infinity.
    """
    if key is not None or minimum is not None or counts is not None:
        counts = columns >= 0 if counts is None else counts & (columns >= 0)
        if minimum is not None:
            counts &= scores >= minimum
        if key is not None:
            counts &= _first_occurrence(np.where(counts, key[columns], np.iinfo(np.int64).min))
        # Stable: what counts moves to the front in its order.
        order = np.argsort(~counts, axis=1, kind="stable")[:, :k]
        columns = np.take_along_axis(np.where(counts, columns, -1), order, axis=1)
        scores = np.take_along_axis(np.where(counts, scores, np.inf), order, axis=1)
    first_columns, first_scores = empty_lists(len(columns), k)
    width = min(k, columns.shape[1])
    first_columns[:, :width], first_scores[:, :width] = columns[:, :width], scores[:, :width]
    return first_columns, first_scores


def _first_occurrence(keys: np.ndarray) -> np.ndarray:
    """bool [b, K]: whether an entry is the first with its key in its row."""
    order = np.argsort(keys, axis=1, kind="stable")
    ordered = np.take_along_axis(keys, order, axis=1)
    first = np.ones(keys.shape, dtype=bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    result = np.empty_like(first)
    np.put_along_axis(result, order, first, axis=1)
    return result


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
