"""Image work in processes of their own, so that the interpreter lock does not make one processor's rate the limit.

Python 3.11 to 3.13 run one thread's bytecode at a time, and small crops need some hundred calls each: two threads that
only measure are hardly faster than one. A process costs a second to start, so it is for passes over
thousands of images. It also keeps a decoder that crashes, or the system's answer to too little memory, from ending
the run: such a file is reported, and a new process goes on.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from thermal_assets.embedding.image_work import Outcome
from thermal_assets.embedding.image_worker import READY, from_message
from thermal_assets.embedding.pass_plan import Task
from thermal_assets.embedding.pass_types import FileProblem
from thermal_assets.embedding.stopwatch import Stopwatch
from thermal_assets.errors import UserError
from thermal_assets.imaging.decode import DecodeLimits

_DIED = (EOFError, OSError, pickle.UnpicklingError)
_CLOSING_SECONDS = 5.0
#: Room for the answer to a list of sixteen small pictures, so that a process need not wait for this one to read it.
_PIPE_BYTES = 1 << 19


class WorkerProcess:
    """One process, used by one thread. ``side``: of the network's input, 0 where there is none.

    Tasks are submitted in lists and collected in the same order; with two lists submitted, the process works on the one
    while the outcomes of the other are on their way. Raises OSError where the system gives no process.
    """

    def __init__(self, side: int, limits: DecodeLimits) -> None:
        self._options = (side, limits)
        self._submitted: deque[list[Task]] = deque()
        self._start()

    @property
    def ready(self) -> bool:
        """Whether it has started; until then, and where it ends before, its thread does the work itself."""
        return self._ready.is_set()

    @property
    def pid(self) -> int:
        """Number of the process as it runs now."""
        return self._process.pid

    @property
    def submitted(self) -> int:
        """Lists that are to be collected."""
        return len(self._submitted)

    def submit(self, tasks: Sequence[Task]) -> None:
        """Have ``image_work.process`` done for each task, once the process is ``ready``."""
        self._submitted.append(list(tasks))
        with suppress(*_DIED):  # a process that is gone is noticed, and replaced, where its answer is missing
            _send(self._process, self._submitted[-1])

    def collect(self, watch: Stopwatch) -> list[Outcome]:
        """The outcomes of the list submitted first, in order. A task whose process dies is reported in its outcome.

        Raises UserError where a process that died cannot be replaced, RuntimeError for what ``process`` raised.
        """
        tasks = self._submitted.popleft()
        try:
            return self._answer(tasks, watch)
        except _DIED:
            waiting, self._submitted = self._submitted, deque()
            self._replace()
        outcomes = [self._alone(task, watch) for task in tasks]
        for later in waiting:
            self.submit(later)
        return outcomes

    def close(self) -> None:
        """End it: it ends by itself when its input does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # what was still to be written has no reader any more
            self._process.stdin.close()
        if self._submitted:
            self._process.stdout.close()  # nor have answers that nobody collects
        try:
            self._process.wait(_CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._starting.join()  # it reads until the end
        self._process.stdout.close()
        self._ready.clear()

    def _start(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "thermal_assets.embedding.image_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # The same modules as here, whatever lies in the current folder; one thread each.
            env=os.environ | {"PYTHONPATH": paths, "PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,  # an interruption from the keyboard is for the pass, which ends its processes
        )
        _widen(self._process)
        self._ready = threading.Event()
        self._starting = threading.Thread(target=self._await_ready, args=(self._process, self._ready), daemon=True)
        self._starting.start()

    def _await_ready(self, process: subprocess.Popen[bytes], ready: threading.Event) -> None:
        try:
            _send(process, self._options)
            if _received(process) == READY:
                ready.set()
        except (*_DIED, ValueError):  # ValueError: closed before it had started
            return

    def _alone(self, task: Task, watch: Stopwatch) -> Outcome:
        try:
            _send(self._process, [task])
            return self._answer([task], watch)[0]
        except _DIED:
            self._replace()
            return _killed(task)

    def _answer(self, tasks: Sequence[Task], watch: Stopwatch) -> list[Outcome]:
        answer = _received(self._process)
        if isinstance(answer, RuntimeError):
            raise answer
        outcomes, seconds = answer
        for stage, value in seconds.items():
            watch.add(stage, value)
        return [from_message(task, outcome) for task, outcome in zip(tasks, outcomes, strict=True)]

    def _replace(self) -> None:
        self.close()
        with suppress(OSError):
            self._start()
            self._starting.join()
        if not self.ready:
            raise UserError(
                "a process that reads images was killed and no other can be started: free memory, or allow fewer "
                "workers, and start again; what is finished is kept"
            )


def _send(process: subprocess.Popen[bytes], message: Any) -> None:
    assert process.stdin is not None
    pickle.dump(message, process.stdin, pickle.HIGHEST_PROTOCOL)
    process.stdin.flush()


def _received(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    return pickle.load(process.stdout)


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Only Linux can, and not beyond the user's share of such memory: it is well without."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        assert process.stdout is not None
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _killed(task: Task) -> Outcome:
    message = "The process that read this file was killed (too little memory?): free memory and run again"
    return Outcome(task, problems=[FileProblem(file.image_id, "reader_killed", message) for file in task.files])
