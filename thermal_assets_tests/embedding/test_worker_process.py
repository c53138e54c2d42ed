"""Image work in processes: the same results as in threads, and what happens when one dies."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thermal_assets.embedding import image_pass
from thermal_assets.embedding.image_pass import ImageFile, run_image_pass
from thermal_assets.embedding.image_work import process
from thermal_assets.embedding.pass_plan import Task
from thermal_assets.embedding.stats_store import StatsStore
from thermal_assets.embedding.stopwatch import Stopwatch
from thermal_assets.embedding.worker_process import WorkerProcess
from thermal_assets.imaging.decode import DEFAULT_LIMITS
from thermal_assets_tests.embedding.samples import content_hash, listed, png


@pytest.mark.parametrize("one_here", [False, True])
def test_processes_measure_what_threads_do(one_here: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [listed(tmp_path, f"{i}.png", png(i, grey=i % 3 == 0)) for i in range(60)]
    files.append(listed(tmp_path, "cut.png", png(99)[:-40]))
    files.append(ImageFile(tmp_path / "gone.png", "gone.png", content_hash(b"gone")))
    in_threads, in_processes = StatsStore(tmp_path / "threads"), StatsStore(tmp_path / "processes")
    run_image_pass(files, stats=in_threads, workers=2)

    here: list[str] = []

    def noted(task: Task, *options: Any) -> Any:
        here.append(task.content_hash)
        time.sleep(0.02)  # the process has its share of the images then
        return process(task, *options)

    monkeypatch.setattr(image_pass, "PROCESSES_FROM", 1)
    monkeypatch.setattr(image_pass, "process", noted)
    monkeypatch.setattr(WorkerProcess, "ready", property(lambda self: self._ready.wait(60)))
    monkeypatch.setattr(image_pass, "_ONE_HERE_UP_TO", 2 if one_here else 1)
    summary = run_image_pass(files, stats=in_processes, workers=2)
    assert (summary.measured, summary.undecodable, summary.workers) == (60, 1, 2)
    assert summary.processes == (1 if one_here else 2)
    assert (len(here) > 0) == one_here
    assert len(here) < 62
    assert [(problem.image_id, problem.code) for problem in summary.problems] == [("gone.png", "vanished")]
    assert set(summary.seconds) >= {"read", "decode", "statistics", "write"}
    hashes = sorted(file.content_hash for file in files)
    expected, found = (store.statistics(hashes).sort("content_hash") for store in (in_threads, in_processes))
    assert found.equals(expected.select(found.columns))
    assert in_processes.problems(hashes).sort("content_hash").equals(in_threads.problems(hashes).sort("content_hash"))
    sums = [sum(canvases.sum(dtype=np.int64) for _, canvases in s.pictures(hashes)) for s in (in_threads, in_processes)]
    assert sums[0] == sums[1]


class _Deadly:
    """A path that ends the process which is given it, as a decoder that crashes would."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (11,)


@pytest.mark.parametrize("deadly", [1, 4])
def test_a_file_that_kills_its_reader_is_reported_and_the_others_are_measured(deadly: int, tmp_path: Path) -> None:
    """Lists submitted before and behind the one with that file are measured too."""
    files = [listed(tmp_path, f"{i}.png", png(i)) for i in range(6)]
    files[deadly] = ImageFile(_Deadly(), "deadly.png", files[deadly].content_hash)  # type: ignore[arg-type]
    tasks = [Task(file.content_hash, (file,), True, True) for file in files]
    worker = WorkerProcess(32, DEFAULT_LIMITS)
    worker._starting.join()
    try:
        for start in (0, 2, 4):
            worker.submit(tasks[start : start + 2])
        outcomes = [outcome for _ in range(3) for outcome in worker.collect(Stopwatch())]
        assert worker.submitted == 0
    finally:
        worker.close()
    assert [outcome.task for outcome in outcomes] == tasks
    assert [outcome.record is None for outcome in outcomes] == [i == deadly for i in range(6)]
    problems = [(problem.image_id, problem.code) for outcome in outcomes for problem in outcome.problems]
    assert problems == [("deadly.png", "reader_killed")]
    here = process(tasks[2], 32, DEFAULT_LIMITS, Stopwatch())  # the input of the network comes over as well
    assert here.pixels is not None
    assert outcomes[2].pixels is not None
    assert (outcomes[2].pixels == here.pixels).all()


def test_a_process_whose_answers_nobody_collects_need_not_be_killed(tmp_path: Path) -> None:
    files = [listed(tmp_path, f"{i}.png", png(i)) for i in range(8)]
    worker = WorkerProcess(224, DEFAULT_LIMITS)
    worker._starting.join()
    for _ in range(2):  # more than the pipe between the processes holds
        worker.submit([Task(file.content_hash, (file,), True, True) for file in files])
    worker.close()
    assert worker._process.returncode == 0


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes where Linux lists them")
def test_a_process_ends_with_the_pass_that_was_killed() -> None:
    code = (
        "import os, signal\n"
        "from thermal_assets.embedding.worker_process import WorkerProcess\n"
        "from thermal_assets.imaging.decode import DEFAULT_LIMITS\n"
        "worker = WorkerProcess(0, DEFAULT_LIMITS)\n"
        "worker._starting.join()\n"
        "print(worker.pid, worker.ready, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    pid, ready = answer.stdout.split()
    assert ready == "True"
    until = time.monotonic() + 20
    while _runs(int(pid)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _runs(int(pid))


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
