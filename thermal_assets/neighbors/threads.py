"""Work on rows in threads: coarse pieces of single-threaded NumPy, which lets go of the interpreter lock.

Many small parallel operations would wait for each other at every step, above all on a busy machine.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_PIECES_A_THREAD = 4


def in_parallel(work: Callable[[slice], None], count: int) -> None:
    """Call ``work`` with slices that cover ``count`` rows, on as many threads as torch uses; errors are raised."""
    import torch

    threads = torch.get_num_threads()
    size = max(1, -(-count // (_PIECES_A_THREAD * threads)))
    pieces = [slice(start, min(start + size, count)) for start in range(0, count, size)]
    if threads == 1 or len(pieces) == 1:
        for piece in pieces:
            work(piece)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, pieces):
            pass
