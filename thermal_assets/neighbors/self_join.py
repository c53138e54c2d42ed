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

import numpy as np

from thermal_assets.neighbors.shortlists import Shortlists
from thermal_assets.neighbors.space import Operands, Progress

_TILE_BYTES = 1 << 20  # scores of one product: selected from while they are still in the cache
_BLOCKS = (128, 2048)
_BLOCKS_ACROSS = 48  # the products of a block with itself are computed in full: at most one pair in so many
_AT_ONCE = 8  # products in a row that share their left operand

_Task = tuple[int, range]


@dataclass(frozen=True)
class Lists:
    """Where scores go: ``plain`` takes all candidates, ``across`` those of other sessions.

    session  int [n], negative = none; empty where ``across`` is not asked for
    """

    plain: Shortlists
    across: Shortlists
    session: np.ndarray


def self_join(operands: Operands, lists: Lists, *, memory_mb: float, progress: Progress | None = None) -> None:
    """Offer every vector of ``operands`` to the lists of every other.

    ``memory_mb`` bounds the scores of all threads together. ``progress`` is called with (queries done, queries),
    in units of finished pairs.
    """
    count = len(operands.matrix)
    size = block_size(count, operands, memory_mb)
    blocks = [np.arange(start, min(start + size, count), dtype=np.int32) for start in range(0, count, size)]
    # Neighbouring blocks first: images of one folder lie together, and near candidates early keep later ones out.
    tasks = [
        (one, range(one + apart, min(one + apart + _AT_ONCE, len(blocks))))
        for apart in range(0, len(blocks), _AT_ONCE)
        for one in range(len(blocks) - apart)
    ]
    _join(operands, blocks, size, tasks, lists, lists, symmetric=True, progress=progress)


def join_rows(
    operands: Operands,
    rows: np.ndarray,
    lists: Lists,
    others: Lists,
    *,
    memory_mb: float,
    progress: Progress | None = None,
) -> None:
    """Offer every vector to ``lists`` of the ``rows`` int64 [m], and these to the lists of ``others``."""
    count = len(operands.matrix)
    size = block_size(count, operands, memory_mb)
    blocks = [rows[start : start + size].astype(np.int32) for start in range(0, len(rows), size)]
    column_blocks = -(-count // size)
    tasks = [
        (one, range(first, min(first + _AT_ONCE, column_blocks)))
        for first in range(0, column_blocks, _AT_ONCE)
        for one in range(len(blocks))
    ]
    _join(operands, blocks, size, tasks, lists, others, symmetric=False, progress=progress)


def block_size(count: int, operands: Operands, memory_mb: float) -> int:
    """Vectors a block: whole steps of 64, small enough for the memory and for little waste on the diagonal."""
    import torch

    fitting = int(memory_mb * 2**20 / (torch.get_num_threads() * operands.matrix.element_size() * 8))
    wanted = math.ceil(count / _BLOCKS_ACROSS / 64) * 64
    return max(8, min(max(_BLOCKS[0], min(wanted, _BLOCKS[1])), fitting // 8 * 8))


def _join(
    operands: Operands,
    blocks: list[np.ndarray],
    size: int,
    tasks: list[_Task],
    lists: Lists,
    others: Lists,
    symmetric: bool,
    progress: Progress | None,
) -> None:
    """Scores of ``blocks[one]`` against the ``others``-th blocks of ``size`` vectors, for each of ``tasks``."""
    import torch

    from thermal_assets.neighbors.shortlist_kernels import offer_columns, offer_rows

    count, width = operands.matrix.shape
    threads = torch.get_num_threads()
    item = operands.matrix.element_size()
    tile_rows = max(8, min(size, _TILE_BYTES // (item * size)))
    row_locks = [threading.Lock() for _ in blocks]
    column_locks = row_locks if symmetric else [threading.Lock() for _ in range(-(-count // size))]
    codes = np.asarray(lists.session, dtype=np.int32)
    to_rows = (lists.plain.arrays, lists.across.arrays, codes)
    to_columns = (others.plain.arrays, others.across.arrays, codes)
    key = torch.int16 if operands.precision == "bfloat16" else torch.int32
    left_over, done = _Given(tasks), _Told(sum(len(run) for _, run in tasks), count, progress)

    def work(_: int) -> None:
        buffer = torch.empty(tile_rows * size, dtype=operands.matrix.dtype)
        turned = torch.empty(size, width, dtype=operands.matrix.dtype)
        with torch.no_grad():
            while (task := left_over.next()) is not None:
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
                        with row_locks[one]:
                            offer_rows(keys, len(right), mine, start, *to_rows)
                        if not symmetric or one != other:
                            with column_locks[other]:
                                offer_columns(keys, len(right), mine, start, *to_columns)
                    done.one_more()

    with _one_thread_a_product(), ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, range(threads)):
            pass


class _Given:
    """Tasks, each given out once."""

    def __init__(self, tasks: Iterable[_Task]) -> None:
        self._left, self._lock = iter(tasks), threading.Lock()

    def next(self) -> _Task | None:
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
def _one_thread_a_product() -> Iterator[None]:
    """The threads take blocks; a product of one of them is not divided again."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
