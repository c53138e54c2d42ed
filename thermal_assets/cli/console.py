"""The terminal: progress with rates and remaining time, and one red line for an error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from thermal_assets.progress import Listener, listening, log_every

out = Console()
err = Console(stderr=True)


class StageDisplay:
    """An overall bar for the stages and one below it for the work of the moment."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._work: TaskID | None = None
        self._overall = progress.add_task("diagnosis", total=total, rate="") if progress else None

    def stage(self, name: str) -> None:
        """Name the run that begins."""
        if self._progress and self._overall is not None:
            self._progress.update(self._overall, description=name)
        else:
            out.print(f"[{self._done + 1}/{self._total}] {name}", highlight=False)

    def advance(self) -> None:
        """The run has ended."""
        self._done += 1
        if self._progress and self._overall is not None:
            self._progress.update(self._overall, completed=self._done)

    def extend(self, runs: int) -> None:
        """More runs are due than was known at first."""
        self._total += runs
        if self._progress and self._overall is not None:
            self._progress.update(self._overall, total=self._total)

    def listener(self) -> Listener:
        """What shows the progress of long work."""
        if self._progress is None:
            return log_every(10.0, lambda line: out.print(f"      {line}", highlight=False))
        progress = self._progress

        def listen(work: str, done: int, total: int) -> None:
            if self._work is None:
                self._work = progress.add_task(work, total=total, rate="")
            task = progress.tasks[progress.task_ids.index(self._work)]
            if task.description != work:
                progress.reset(self._work, description=work, total=total)
            rate = f"{task.speed:,.0f}/s" if task.speed else ""
            progress.update(self._work, completed=done, total=total, rate=rate)

        return listen


@contextlib.contextmanager
def stage_display(total: int) -> Iterator[StageDisplay]:
    """Bars in a terminal; plain lines, at most one every ten seconds, elsewhere."""
    if not sys.stdout.isatty():
        display = StageDisplay(None, total)
        with listening(display.listener()):
            yield display
        return
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=out,
        transient=True,
    )
    with progress:
        display = StageDisplay(progress, total)
        with listening(display.listener()):
            yield display
