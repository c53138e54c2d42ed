"""A process that reads and measures images for an image pass (see ``worker_process``).

It takes pickled messages from its standard input and answers on its standard output: first the side of the network's
input and the limits, answered by READY; then lists of tasks, each answered by their outcomes and the seconds by stage,
or by the error that ended it. A thread of its own takes the messages, so that the next list has arrived when one is
done, and whoever sends it never waits for an answer to be read. It ends with its input, so none is left behind by a
pass that was killed.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import sys
import threading
from typing import IO, Any

from thermal_assets.embedding.image_work import Outcome, process
from thermal_assets.embedding.pass_plan import Task
from thermal_assets.embedding.stopwatch import Stopwatch

READY = "ready"
# Outcomes are many small objects without cycles: looking through all of them every 700 would cost a twentieth.
_COLLECT_EVERY = 50_000


def main() -> None:
    """Answer until the input ends."""
    # A file of its own: the interpreter closes sys.stdin at its end, and would wait for the thread that reads it.
    source = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not get between the answers
    gc.set_threshold(_COLLECT_EVERY)
    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_take, args=(source, messages), daemon=True).start()
    try:
        side, limits = _next(messages)
        _load_kernels()
        _answer(answers, READY)
        while True:
            tasks, watch = _next(messages), Stopwatch()
            try:
                outcomes = [as_message(process(task, side, limits, watch)) for task in tasks]
            except Exception as error:
                _answer(answers, RuntimeError(f"{type(error).__name__}: {error}"))
            else:
                _answer(answers, (outcomes, watch.seconds))
    except (EOFError, BrokenPipeError):
        return  # the pass is over, or was killed


def _take(source: IO[bytes], messages: queue.SimpleQueue[Any]) -> None:
    """Every message, and at the end what ended them."""
    try:
        while True:
            messages.put(pickle.load(source))
    except Exception as error:
        messages.put(error)


def _next(messages: queue.SimpleQueue[Any]) -> Any:
    message = messages.get()
    if isinstance(message, Exception):
        raise message
    return message


def as_message(outcome: Outcome) -> tuple[Any, ...]:
    """The outcome without its task, which the other side has."""
    return outcome.record, outcome.pixels, outcome.decoded, outcome.undecodable, outcome.problems


def from_message(task: Task, message: tuple[Any, ...]) -> Outcome:
    """The outcome of ``as_message``."""
    record, pixels, decoded, undecodable, problems = message
    return Outcome(task, record, pixels, None, decoded, undecodable, problems)


def _load_kernels() -> None:
    """What takes a second of every process, before it says that it is ready."""
    # numba looks for both as it starts, for linear algebra and callbacks that no kernel here uses: a quarter of a second.
    absent: dict[str, Any] = dict.fromkeys(("scipy", "cffi"))
    sys.modules.update(absent)
    from thermal_assets.imaging import (  # noqa: F401
        canvas_kernels,
        colour_kernels,
        level_kernels,
        plane_kernels,
        png_kernels,
    )


def _answer(answers: IO[bytes], message: Any) -> None:
    pickle.dump(message, answers, pickle.HIGHEST_PROTOCOL)
    answers.flush()


if __name__ == "__main__":
    main()
