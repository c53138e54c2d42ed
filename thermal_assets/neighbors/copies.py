"""Rows with equal vectors: where a row has k copies or more, the first of them by row are its neighbours."""

from __future__ import annotations

import numpy as np

_ROWS_AT_ONCE = 8192


class Copies:
    """Which of the vectors float32 [n, d] are equal.

    group  int64 [n]: rows with equal vectors have the same number; -1 = no other row has this vector
    """

    def __init__(self, vectors: np.ndarray) -> None:
        self._groups = _copy_groups(vectors)
        self.group = np.full(len(vectors), -1, dtype=np.int64)
        for number, rows in enumerate(self._groups):
            self.group[rows] = number

    def of(self, row: int) -> np.ndarray:
        """int64: the other rows with this vector, ascending."""
        if self.group[row] < 0:
            return np.empty(0, dtype=np.int64)
        alike = self._groups[self.group[row]]
        return alike[alike != row]

    def first_alike(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places of ``rows`` int64 [b] with different vectors, and for each of them all the place that stands for it."""
        group = self.group[rows]
        alone = group < 0
        group[alone] = -1 - np.arange(len(rows))[alone]
        _, places, stands = np.unique(group, return_index=True, return_inverse=True)
        return places, stands


def _copy_groups(vectors: np.ndarray) -> list[np.ndarray]:
    """Groups of rows (two or more, ascending) with equal values in ``vectors`` float32 [n, d]."""
    digests = _digests(vectors)
    order = np.argsort(digests, kind="stable")
    ordered = digests[order]
    starts = np.flatnonzero(np.append(True, np.diff(ordered) != 0)[: len(ordered)])
    sizes = np.diff(np.append(starts, len(ordered)))
    groups = []
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        rows = order[start : start + size]
        # Equal digests are nearly always equal vectors; here it is made sure.
        while len(rows) > 1:
            pieces = np.array_split(rows, -(-len(rows) // _ROWS_AT_ONCE))
            same = np.concatenate([(vectors[piece] == vectors[rows[0]]).all(axis=1) for piece in pieces])
            if same.sum() > 1:
                groups.append(rows[same])
            rows = rows[~same]
    return groups


def _digests(vectors: np.ndarray) -> np.ndarray:
    """uint64 [n]: a polynomial of the bits of each row; equal values have equal digests."""
    count, width = vectors.shape
    multipliers = np.random.default_rng(0x5EED).integers(1, 2**63, size=width, dtype=np.uint64) | np.uint64(1)
    digests = np.empty(count, dtype=np.uint64)
    for start in range(0, count, _ROWS_AT_ONCE):
        span = slice(start, start + _ROWS_AT_ONCE)
        bits = (vectors[span] + np.float32(0)).view(np.uint32)  # -0.0 becomes 0.0
        digests[span] = (bits * multipliers).sum(axis=1, dtype=np.uint64)
    return digests
