"""Progress of long work, told to whoever listens: the Dagster step log, the terminal, or nobody."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]

_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("progress_listeners", default=())


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call ``listener(work, done, total)`` for all progress told inside the block."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


def reporter(work: str) -> Callable[[int, int], None]:
    """A ``(done, total)`` callback that tells the listeners of now about ``work``.

    The listeners are taken here, so the callback may be called from worker threads.
    """
    listeners = _listeners.get()

    def report(done: int, total: int) -> None:
        for listener in listeners:
            listener(work, done, total)

    return report


def log_every(seconds: float, write: Callable[[str], None]) -> Listener:
    """A listener that writes a line with rate and remaining time at most every ``seconds``."""
    started: dict[str, float] = {}
    last: dict[str, float] = {}

    def listen(work: str, done: int, total: int) -> None:
        now = time.monotonic()
        start = started.setdefault(work, now)
        if now - last.get(work, start) < seconds or total == 0:
            return
        last[work] = now
        rate = done / max(now - start, 1e-9)
        left = (total - done) / rate if rate else 0.0
        write(f"{work}: {done:,} of {total:,} ({rate:,.0f}/s, about {left:,.0f} s left)")

    return listen
