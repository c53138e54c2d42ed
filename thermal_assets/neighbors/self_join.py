"""Blocks of vectors against blocks of vectors, each pair's product once.

The product of two blocks of vectors serves the rows of both: each score is offered to the shortlists of its row and
of its column. Of all vectors against all, only the blocks on and above the diagonal are computed. Every thread takes
whole blocks; a block of lists is changed by one thread at a time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from thermal_assets.neighbors.operands import Operands, StreamedOperands
from thermal_assets.neighbors.shortlists import Shortlists
from thermal_assets.neighbors.space import Progress

if TYPE_CHECKING:
    import torch

_TILE_BYTES = 1 << 20  # scores of one product: selected from while they are still in the cache
_BLOCKS = (128, 2048)
_BLOCKS_ACROSS = 48  # the products of a block with itself are computed in full: at most one pair in so many
_AT_ONCE = 8  # products in a row that share their left operand

_ROWS_AT_ONCE = 8192  # of rows that are joined with all

_Task = tuple[int, range]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Lists:
    """Where scores go: ``plain`` takes all candidates, ``across`` those of other sessions.

    session  int [n], negative = none; empty where ``across`` is not asked for
    """

    plain: Shortlists
    across: Shortlists
    session: np.ndarray


def self_join(
    operands: Operands, lists: Lists, asked: np.ndarray, *, memory_mb: float, progress: Progress | None = None
) -> None:
    """Offer every vector of ``operands`` to the lists of every other; ``asked`` bool [n]: whose lists take anything.

    ``memory_mb`` bounds the scores of all threads together. ``progress`` is called with (queries done, queries),
    in units of finished pairs.
    """
    count = len(operands.matrix)
    size = block_size(count, operands, memory_mb)
    blocks = [np.arange(start, min(start + size, count), dtype=np.int32) for start in range(0, count, size)]
    # Neighbouring blocks first: images of one folder lie together, and near candidates early keep later ones out.
    some = np.array([bool(asked[block].any()) for block in blocks], dtype=bool)
    tasks = [
        (one, range(one + apart, min(one + apart + _AT_ONCE, len(blocks))))
        for apart in range(0, len(blocks), _AT_ONCE)
        for one in range(len(blocks) - apart)
        if some[one] or some[one + apart : one + apart + _AT_ONCE].any()
    ]
    _join(operands, blocks, size, tasks, lists, progress)


def join_rows(
    operands: Operands | StreamedOperands,
    rows: np.ndarray,
    lists: Lists,
    others: Lists,
    *,
    memory_mb: float,
    progress: Progress | None = None,
) -> None:
    """Offer every vector to ``lists`` of the ``rows`` int64 [m], and these to the lists of ``others``."""
    import torch

    from thermal_assets.neighbors.shortlist_kernels import offer_columns, offer_rows

    count = operands.count
    size = max(block_size(count, operands, memory_mb), min(_BLOCKS[1], _fitting(operands, memory_mb)))
    tile_rows = _tile_rows(size, operands)
    codes = np.asarray(lists.session, dtype=np.int32)
    to_rows = (lists.plain.arrays, lists.across.arrays, codes)
    to_columns = (others.plain.arrays, others.across.arrays, codes)
    groups = [rows[start : start + _ROWS_AT_ONCE].astype(np.int32) for start in range(0, len(rows), _ROWS_AT_ONCE)]
    starts = range(0, count, size)
    key, told = _key_type(operands), _Told(len(groups) * len(starts), count, progress)

    def work(ids: np.ndarray, left: torch.Tensor, locks: list[threading.Lock], given: _Given[tuple[int, int]]) -> None:
        buffer = torch.empty(tile_rows * size, dtype=left.dtype)
        place = torch.empty(operands.streamed_rows(size), left.shape[1], dtype=left.dtype)
        with torch.no_grad():
            while (task := given.next()) is not None:
                number, start = task
                right = operands.block(slice(start, min(start + size, count)), place)
                # The threads begin at different rows, so that they rarely wait for each other.
                for tile in np.roll(np.arange(len(locks)), -number).tolist():
                    mine = ids[tile * tile_rows : (tile + 1) * tile_rows]
                    scores = buffer[: len(mine) * len(right)].view(len(mine), len(right))
                    torch.mm(left[tile * tile_rows : (tile + 1) * tile_rows], right.T, out=scores)
                    keys = scores.view(key).numpy()
                    with locks[tile]:
                        offer_rows(keys, len(right), mine, start, *to_rows)
                    # A block of columns belongs to one thread.
                    offer_columns(keys, len(right), mine, start, *to_columns)
                told.one_more()

    for ids in groups:
        left = operands.as_queries(ids)
        locks = [threading.Lock() for _ in range(-(-len(ids) // tile_rows))]
        given = _Given(list(enumerate(starts)))
        with _one_thread_a_product() as threads, ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(work, ids, left, locks, given) for _ in range(threads)]:
                done.result()


def join_queries(
    queries: Operands, rows: np.ndarray, ids: np.ndarray, candidates: Operands, lists: Lists, *, memory_mb: float
) -> None:
    """Offer every vector of ``candidates`` to the lists of the queries ``rows`` int64 [m].

    ``ids`` int64 [m]: where each query stands in ``lists``, whose first places are those of the candidates. A query that
    is a candidate stands there, and is none of its own; the others stand behind them.
    """
    import torch

    from thermal_assets.neighbors.shortlist_kernels import offer_rows

    size = max(8, min(_BLOCKS[1], _fitting(candidates, memory_mb), -(-candidates.count // 8) * 8))
    tile_rows = _tile_rows(size, candidates)
    given, key = _Given(range(0, len(rows), tile_rows)), _key_type(candidates)
    to_lists = (lists.plain.arrays, lists.across.arrays, np.asarray(lists.session, dtype=np.int32))
    places = ids.astype(np.int32)

    def work(_: int) -> None:
        buffer = torch.empty(tile_rows * size, dtype=candidates.matrix.dtype)
        turned = torch.empty(tile_rows, candidates.matrix.shape[1], dtype=candidates.matrix.dtype)
        with torch.no_grad():
            while (top := given.next()) is not None:
                mine = places[top : top + tile_rows]
                left = queries.as_queries(rows[top : top + tile_rows], turned)
                for start in range(0, candidates.count, size):
                    right = candidates.matrix[start : start + size]
                    scores = buffer[: len(left) * len(right)].view(len(left), len(right))
                    torch.mm(left, right.T, out=scores)
                    offer_rows(scores.view(key).numpy(), len(right), mine, start, *to_lists)

    with _one_thread_a_product() as threads, ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, range(threads)):
            pass


def block_size(count: int, operands: Operands | StreamedOperands, memory_mb: float) -> int:
    """Vectors a block: whole steps of 64, small enough for the memory and for little waste on the diagonal."""
    wanted = math.ceil(count / _BLOCKS_ACROSS / 64) * 64
    return max(8, min(max(_BLOCKS[0], min(wanted, _BLOCKS[1])), _fitting(operands, memory_mb)))


def _fitting(operands: Operands | StreamedOperands, memory_mb: float) -> int:
    """Columns of which eight rows of scores a thread fit into the memory."""
    import torch

    return int(memory_mb * 2**20 / (torch.get_num_threads() * operands.item * 8)) // 8 * 8


def _tile_rows(size: int, operands: Operands | StreamedOperands) -> int:
    """Rows of one product with ``size`` columns."""
    return max(8, min(size, _TILE_BYTES // (operands.item * size)))


def _key_type(operands: Operands | StreamedOperands) -> torch.dtype:
    """Scores are compared as integers of their width."""
    import torch

    return torch.int16 if operands.precision == "bfloat16" else torch.int32


def _join(
    operands: Operands, blocks: list[np.ndarray], size: int, tasks: list[_Task], lists: Lists, progress: Progress | None
) -> None:
    """Scores of ``blocks[one]`` against the blocks of the run, for each of ``tasks``, offered to both sides."""
    import torch

    from thermal_assets.neighbors.shortlist_kernels import offer_columns, offer_rows

    count, width = operands.matrix.shape
    threads = torch.get_num_threads()
    tile_rows = _tile_rows(size, operands)
    locks = [threading.Lock() for _ in blocks]
    to_lists = (lists.plain.arrays, lists.across.arrays, np.asarray(lists.session, dtype=np.int32))
    key = _key_type(operands)
    given, told = _Given(tasks), _Told(sum(len(run) for _, run in tasks), count, progress)

    def work(_: int) -> None:
        buffer = torch.empty(tile_rows * size, dtype=operands.matrix.dtype)
        turned = torch.empty(size, width, dtype=operands.matrix.dtype)
        with torch.no_grad():
            while (task := given.next()) is not None:
                one, run = task
                ids = blocks[one]
                left = operands.as_queries(ids, turned)
                for other in run:
                    start = other * size
                    right = operands.matrix[start : start + size]
                    for top in range(0, len(left), tile_rows):
                        part, mine = left[top : top + tile_rows], ids[top : top + tile_rows]
                        scores = buffer[: len(part) * len(right)].view(len(part), len(right))
                        torch.mm(part, right.T, out=scores)
                        keys = scores.view(key).numpy()
                        with locks[one]:
                            offer_rows(keys, len(right), mine, start, *to_lists)
                        if one != other:
                            with locks[other]:
                                offer_columns(keys, len(right), mine, start, *to_lists)
                    told.one_more()

    with _one_thread_a_product(), ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, range(threads)):
            pass


class _Given(Generic[_T]):
    """Tasks, each given out once."""

    def __init__(self, tasks: Iterable[_T]) -> None:
        self._left, self._lock = iter(tasks), threading.Lock()

    def next(self) -> _T | None:
        with self._lock:
            return next(self._left, None)


class _Told:
    """Progress over all threads."""

    def __init__(self, products: int, queries: int, progress: Progress | None) -> None:
        self._products, self._queries, self._progress = products, queries, progress
        self._done, self._lock = 0, threading.Lock()

    def one_more(self) -> None:
        if self._progress is not None:
            with self._lock:
                self._done += 1
                self._progress(self._queries * self._done // self._products, self._queries)


@contextmanager
def _one_thread_a_product() -> Iterator[int]:
    """The threads (so many) take blocks; a product of one of them is not divided again."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)
