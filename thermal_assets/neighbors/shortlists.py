"""The candidates with the smallest scores seen so far, for every query at once."""

from __future__ import annotations

import mmap

import numpy as np

from thermal_assets.neighbors.operands import Precision

# The key of infinity: what has it is no candidate.
INFINITE_KEY = {"bfloat16": 0x7F80, "float32": 0x7F800000}

_FEW = 0.25  # share of the rows


def _untouched(count: int, places: int, few: bool) -> np.ndarray:
    """int32 [count, places] of any content. ``few``: only few rows will be used.

    NumPy asks for huge pages, and the first number written into one clears two megabytes: where few rows are used,
    they would cost as much as all. A map of its own has small pages.
    """
    if not few or not count * places:
        return np.empty((count, places), dtype=np.int32)
    return np.frombuffer(mmap.mmap(-1, 4 * count * places), dtype=np.int32).reshape(count, places)


class Shortlists:
    """Up to ``wanted`` candidates a query, and how small the scores of those left out may be.

    A list has some places more than wanted and shrinks when they are full, so that a candidate costs one
    comparison, and an entry costs a few. Together 8 (wanted + spare) bytes a query.

    asked  bool [n]: the queries; other rows collect nothing
    """

    def __init__(self, asked: np.ndarray, wanted: int, precision: Precision) -> None:
        count, places = len(asked), _places(wanted)
        self.wanted, self.precision = wanted, precision
        few = bool(asked.mean() < _FEW) if count else False
        self.keys = _untouched(count, places, few)
        self.columns = _untouched(count, places, few)
        self.held = np.zeros(count, dtype=np.int32)
        self.limit = np.where(asked, INFINITE_KEY[precision], np.iinfo(np.int32).min).astype(np.int32)

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
        """As the compiled loops take them."""
        return self.keys, self.columns, self.held, self.limit, self.wanted

    def refuse_from(self, rows: np.ndarray, limit: np.ndarray, nothing: np.ndarray) -> None:
        """Take no more than scores of at most ``limit`` float64 [b]; none at all where ``nothing`` bool [b] says so.

        Rows that do not ask stay as they are.
        """
        upward = np.nextafter(limit.astype(np.float32), np.float32(np.inf))
        keys = upward.view(np.int32)
        if self.precision == "bfloat16":
            keys = (keys >> 16) + 1
        keys = np.minimum(keys + 1, INFINITE_KEY[self.precision])
        keys[nothing] = np.iinfo(np.int32).min
        self.limit[rows] = np.minimum(self.limit[rows], keys)

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Candidates int64 [b, up to wanted] (-1 = no more) of the queries ``rows``, and float64 [b]: none left out is
        smaller.

        Where nothing was left out the bound is infinity.
        """
        from thermal_assets.neighbors.shortlist_kernels import shrink_lists

        shrink_lists(self.arrays, rows)
        held = self.held[rows]
        places = min(self.wanted, max(1, int(held.max(initial=0))))
        columns = self.columns[rows, :places].astype(np.int64)
        columns[np.arange(places) >= held[:, None]] = -1
        return columns, self._values(self.limit[rows])

    def _values(self, keys: np.ndarray) -> np.ndarray:
        bits = keys << 16 if self.precision == "bfloat16" else keys
        return bits.view(np.float32).astype(np.float64)


def _places(wanted: int) -> int:
    return wanted + max(8, wanted // 5)


def list_bytes(*wanted: int) -> int:
    """Memory of a query whose lists hold so many candidates each; 0 = no list."""
    return sum(8 * _places(one) for one in wanted if one)


def no_shortlists(precision: Precision) -> Shortlists:
    """Lists of nobody, where a kind of neighbour is not asked for."""
    return Shortlists(np.empty(0, dtype=bool), 0, precision)
