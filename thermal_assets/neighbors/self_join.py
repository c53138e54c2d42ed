"""All vectors against all others, each pair's product once.

The table of scores is symmetric: the product of two blocks of vectors serves the rows of both. So the blocks on and
above the diagonal are computed, and each score is offered to the shortlists of its row and of its column. Every
thread takes whole blocks; a block of lists is changed by one thread at a time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from thermal_assets.neighbors.shortlists import Shortlists
from thermal_assets.neighbors.space import Operands, Progress

_TILE_BYTES = 1 << 20  # scores of one product: selected from while they are still in the cache
_BLOCKS = (128, 2048)
_BLOCKS_ACROSS = 48  # the products of a block with itself are computed in full: at most one pair in so many


def self_join(
    operands: Operands,
    plain: Shortlists,
    across: Shortlists,
    session: np.ndarray,
    *,
    memory_mb: float,
    progress: Progress | None = None,
) -> None:
    """Offer every vector of ``operands`` to the lists of every other.

    plain      takes all
    across     takes those of other sessions
    session    int [n], negative = none; empty where ``across`` is not asked for
    memory_mb  bound for the scores of all threads together
    progress   called with (queries done, queries) in units of finished pairs
    """
    import torch

    from thermal_assets.neighbors.kernels import offer_columns, offer_rows

    count, width = operands.matrix.shape
    threads = torch.get_num_threads()
    item = operands.matrix.element_size()
    size = block_size(count, threads, item, memory_mb)
    starts = range(0, count, size)
    locks = [threading.Lock() for _ in starts]
    codes = np.asarray(session, dtype=np.int32)
    pairs = _Pairs(len(starts))
    tile_rows = max(8, min(size, _TILE_BYTES // (item * size)))
    done, telling = [0], threading.Lock()
    keys = np.int16 if operands.precision == "bfloat16" else np.int32

    def work(_: int) -> None:
        tile = torch.empty(tile_rows, size, dtype=operands.matrix.dtype)
        turned = torch.empty(size, width, dtype=operands.matrix.dtype)
        with torch.no_grad():
            while (pair := pairs.next()) is not None:
                one, other = pair
                first, second = starts[one], starts[other]
                right = operands.matrix[second : second + size]
                left = operands.block_as_queries(slice(first, first + size), turned)
                for top in range(0, len(left), tile_rows):
                    part = left[top : top + tile_rows]
                    scores = tile[: len(part), : len(right)] if len(right) < size else tile[: len(part)]
                    if scores.is_contiguous():
                        torch.mm(part, right.T, out=scores)
                    else:
                        scores = part @ right.T
                    table = scores.view(torch.int16 if keys is np.int16 else torch.int32).numpy()
                    with locks[one]:
                        offer_rows(table, len(right), first + top, second, plain.arrays, across.arrays, codes)
                    if one != other:
                        with locks[other]:
                            offer_columns(table, len(right), first + top, second, plain.arrays, across.arrays, codes)
                if progress is not None:
                    with telling:
                        done[0] += 1
                        progress(count * done[0] // pairs.count, count)

    with _one_thread_a_product(), ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, range(threads)):
            pass


def block_size(count: int, threads: int, item: int, memory_mb: float) -> int:
    """Vectors a block: whole steps of 64, small enough for the memory and for little waste on the diagonal."""
    fitting = int(memory_mb * 2**20 / (threads * item * 8))
    wanted = math.ceil(count / _BLOCKS_ACROSS / 64) * 64
    return max(8, min(max(_BLOCKS[0], min(wanted, _BLOCKS[1])), fitting // 8 * 8))


class _Pairs:
    """Pairs of blocks (one <= other), each given out once."""

    def __init__(self, blocks: int) -> None:
        self.count = blocks * (blocks + 1) // 2
        self._lock = threading.Lock()
        self._left = self._all(blocks)

    @staticmethod
    def _all(blocks: int) -> Iterator[tuple[int, int]]:
        # Neighbouring blocks first: images of one folder lie together, and near candidates early keep later ones out.
        for apart in range(blocks):
            for one in range(blocks - apart):
                yield one, one + apart

    def next(self) -> tuple[int, int] | None:
        with self._lock:
            return next(self._left, None)


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
