"""Work on rows in threads: coarse pieces of single-threaded NumPy, which lets go of the interpreter lock.

Many small parallel operations would wait for each other at every step, above all on a busy machine.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_PIECES_A_THREAD = 4
_WORTH_A_THREAD = 1 << 24  # steps; fewer are done sooner than threads have started


def in_parallel(work: Callable[[slice], None], count: int, steps: int = _WORTH_A_THREAD) -> None:
    """Call ``work`` with slices that cover ``count`` rows, on as many threads as torch uses; errors are raised.

    ``steps``: of all loops together. Little work is done here.
    """
    import torch

    threads = torch.get_num_threads() if steps >= _WORTH_A_THREAD else 1
    if threads == 1:
        if count:
            work(slice(0, count))
        return
    size = max(1, -(-count // (_PIECES_A_THREAD * threads)))
    pieces = [slice(start, min(start + size, count)) for start in range(0, count, size)]
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, pieces):
            pass
