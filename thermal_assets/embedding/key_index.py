"""A sorted index from 16-byte content hashes to where their records lie; a million keys in tens of megabytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

KEY_BYTES = 16


def as_keys(hashes: Sequence[str]) -> np.ndarray:
    """Hex content hashes -> uint8[n, 16]. Raises ValueError for anything that is no 128-bit hash."""
    data = bytes.fromhex("".join(hashes))
    if len(data) != KEY_BYTES * len(hashes) or any(len(text) != 2 * KEY_BYTES for text in hashes):
        raise ValueError("a content hash is 32 hexadecimal digits (blake2b-128)")
    return np.frombuffer(data, np.uint8).reshape(-1, KEY_BYTES)


class KeyIndex:
    """Immutable: ``keys`` uint8[n, 16], in any order and possibly repeated, at positions 0..n-1."""

    def __init__(self, keys: np.ndarray) -> None:
        high, low = _halves(keys)
        # Sorting by the high half alone is several times faster than by both, and exact but for its ties.
        order = np.argsort(high)
        if len(high) > 1 and bool((np.diff(high[order]) == 0).any()):
            order = np.lexsort((low, high))
        self._high, self._low, self._order = high[order], low[order], order.astype(np.int64)

    def __len__(self) -> int:
        return len(self._order)

    def find(self, keys: np.ndarray) -> np.ndarray:
        """Position of each of uint8[n, 16], the first of several, or -1: int64[n]."""
        high, low = _halves(keys)
        found = np.full(len(high), -1, np.int64)
        place = np.searchsorted(self._high, high)
        open_ = np.arange(len(high))
        while len(open_):
            open_ = open_[place[open_] < len(self._order)]
            open_ = open_[self._high[place[open_]] == high[open_]]
            hit = self._low[place[open_]] == low[open_]
            found[open_[hit]] = self._order[place[open_[hit]]]
            open_ = open_[~hit]
            place[open_] += 1
        return found


def _halves(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    words = np.ascontiguousarray(keys).view(np.uint64).reshape(-1, 2)
    return words[:, 0].copy(), words[:, 1].copy()
