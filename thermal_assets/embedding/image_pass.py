"""The image pass: every content is decoded once, for the statistics and the vectors that are due.

Worker threads take one image after the other through reading, decoding, statistics and the network; the
calling thread writes full chunks to the stores. Where a network runs on the processor, threads do all of it: torch lets
go of the interpreter lock, the weights exist once, and a class of forty images does not wait for interpreters to
start. Where there is none, or it runs on a GPU, what holds the lock is most of the work: from some thousands of images
on threads have processes of their own that read and measure for them (``worker_process``). Of few workers one stays
here all the same: a decoder that crashes ends the run there, as it does in passes over fewer images.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.embedding.hardware import available_cpus
from thermal_assets.embedding.image_work import Outcome, process
from thermal_assets.embedding.pass_plan import Task, plan
from thermal_assets.embedding.pass_types import FileProblem, ImageFile, PassSummary
from thermal_assets.embedding.stats_store import StatsRecord, StatsStore
from thermal_assets.embedding.stopwatch import Stopwatch
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.embedding.worker_process import WorkerProcess
from thermal_assets.imaging.decode import DEFAULT_LIMITS, DecodeLimits
from thermal_assets.lenses.lens_spec import LensSpec

if TYPE_CHECKING:
    from thermal_assets.embedding.engine import Embedder

__all__ = ["FileProblem", "ImageFile", "PassSummary", "run_image_pass"]

log = logging.getLogger(__name__)

CHUNK = 1024
_GROUP = 16
#: Contents from which processes are worth their start.
PROCESSES_FROM = 8192
#: With so many workers one works in this process, which has started already; with more it has enough to do with what
#: the others send.
_ONE_HERE_UP_TO = 4
_TICK_SECONDS = 0.5
Progress = Callable[[int, int], None]


def run_image_pass(
    files: Sequence[ImageFile],
    *,
    stats: StatsStore | None = None,
    vectors: VectorStore | None = None,
    lens: LensSpec | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    limits: DecodeLimits = DEFAULT_LIMITS,
    precision: str = "auto",
    device: str = "auto",
) -> PassSummary:
    """Bring both stores up to date for ``files``; a store that is None is left alone.

    ``workers`` threads (default: the processors this process may use). ``progress(done, total)`` counts
    contents and is called at least every second. Chunks of 1,024 are durable as soon as they are full, so
    that an interrupted pass goes on where it stopped. Where nothing is due, torch is not imported.

    An undecodable image gets its problem in ``stats`` and no vector. A file that vanished or changed since
    it was listed is reported in the summary only. A message to the log and in ``warnings`` says when the vectors
    of a store were made in another precision.

    Raises UserError where the lens cannot be loaded, OSError where a chunk cannot be written.
    """
    if (vectors is None) != (lens is None):
        raise ValueError("vectors and lens belong together: give both or neither")
    started = time.perf_counter()
    summary = PassSummary(files=len(files))
    tasks = plan(files, stats, vectors, summary)
    if tasks:
        embedder = None
        if vectors is not None and lens is not None and any(task.embed for task in tasks):
            embedder = _engine(lens, vectors, precision, device, summary)
        summary.seconds["start"] = time.perf_counter() - started
        _Pass(tasks, stats, vectors, embedder, limits, summary).run(workers or available_cpus(), progress)
    summary.wall_seconds = time.perf_counter() - started
    return summary


def _engine(lens: LensSpec, vectors: VectorStore, precision: str, device: str, summary: PassSummary) -> Embedder:
    """The network, in the precision that the vectors already in the store were made in, if this machine can."""
    from thermal_assets.embedding.engine import embedder

    before = vectors.made_by
    if precision == "auto" and before is not None and before.startswith("fp32"):
        precision = "fp32"
    engine = embedder(lens, precision, device)
    if before is None:
        vectors.made_by = engine.kind
    elif before != engine.kind:
        warning = (
            f"vectors of lens {lens.lens_id} were made in '{before}' so far and go on in '{engine.kind}' here: "
            "the same picture may differ by a cosine of up to 0.001"
        )
        log.warning(warning)
        summary.warnings.append(warning)
    summary.engine = engine.description
    log.info("embedding with %s", engine.description)
    return engine


class _Pass:
    """One run: threads that work, a bounded queue, and the calling thread that writes."""

    def __init__(
        self,
        tasks: list[Task],
        stats: StatsStore | None,
        vectors: VectorStore | None,
        embedder: Embedder | None,
        limits: DecodeLimits,
        summary: PassSummary,
    ) -> None:
        self.tasks, self.stats, self.vectors, self.embedder = tasks, stats, vectors, embedder
        self.limits, self.summary = limits, summary
        self.batch = embedder.batch_size if embedder is not None else _GROUP
        on_processors = embedder is not None and embedder.device.type == "cpu"
        self.in_processes = len(tasks) >= PROCESSES_FROM and not on_processors
        self.stop = threading.Event()
        self.next_task = iter(tasks)
        self.lock = threading.Lock()
        self.records: list[StatsRecord] = []
        self.embedded: list[Outcome] = []
        self.watch = Stopwatch()

    def run(self, workers: int, progress: Progress | None) -> None:
        total = len(self.tasks)
        count = max(1, min(workers, -(-total // self.batch)))
        self.summary.workers = count
        self.in_processes = self.in_processes and count > 1  # a single thread shares the lock with nobody
        # At least as many outcomes as a chunk has may wait, so that workers need not while one is written.
        self.results: queue.Queue[list[Outcome] | BaseException | None] = queue.Queue(max(count, CHUNK // self.batch))
        apart = [self.in_processes and (number > 0 or count > _ONE_HERE_UP_TO) for number in range(count)]
        self.summary.processes = sum(apart)
        threads = [
            threading.Thread(target=self._work, args=(alone,), name=f"image-pass-{number}", daemon=True)
            for number, alone in enumerate(apart)
        ]
        for thread in threads:
            thread.start()
        try:
            done, running, told = 0, count, time.monotonic()
            while running:
                with suppress(queue.Empty):
                    result = self.results.get(timeout=_TICK_SECONDS)
                    if isinstance(result, BaseException):
                        raise result
                    if result is None:
                        running -= 1
                    else:
                        done += len(result)
                        self._take(result)
                if progress is not None and time.monotonic() - told >= _TICK_SECONDS:
                    progress(done, total)
                    told = time.monotonic()
            self._write(least=1)
        except BaseException:
            with suppress(OSError):  # what is finished is kept
                self._take_waiting()
                self._write(least=1)
            raise
        finally:
            self._end(threads)
            self.summary.seconds |= {stage: round(value, 3) for stage, value in self.watch.seconds.items()}
        if progress is not None:
            progress(total, total)

    def _take_waiting(self) -> None:
        with suppress(queue.Empty):
            while True:
                result = self.results.get_nowait()
                if isinstance(result, list):
                    self._take(result)

    def _end(self, threads: list[threading.Thread]) -> None:
        self.stop.set()
        while any(thread.is_alive() for thread in threads):
            with suppress(queue.Empty):  # a worker may be waiting for room in the queue
                self.results.get(timeout=0.05)

    def _work(self, apart: bool) -> None:
        """What a thread does, in a process ``apart`` from this one or here."""
        watch = Stopwatch()
        try:
            for outcomes in self._groups(apart, watch):
                self.results.put(outcomes)
                if self.stop.is_set():
                    return
        except BaseException as error:
            self.results.put(error)
        finally:
            with self.lock:
                self.watch.merge(watch)
            self.results.put(None)

    def _groups(self, apart: bool, watch: Stopwatch) -> Iterator[list[Outcome]]:
        """Finished outcomes. Those for the network wait until they fill a batch; the others do not wait for them."""
        waiting: list[Outcome] = []
        finished: list[Outcome] = []
        for outcome in self._outcomes(apart, watch):
            (finished if outcome.pixels is None else waiting).append(outcome)
            if len(waiting) == self.batch:
                yield self._embed(waiting, watch)
                waiting = []
            if len(finished) == _GROUP:
                yield finished
                finished = []
        if waiting and not self.stop.is_set():
            yield self._embed(waiting, watch)
        if finished:
            yield finished

    def _outcomes(self, apart: bool, watch: Stopwatch) -> Iterator[Outcome]:
        """One after the other until no task is left: from this thread, or from its process once that has started."""
        side = self.embedder.spec.input_size if self.embedder is not None else 0
        with self._worker(side) if apart else nullcontext() as worker:
            while tasks := self._take_tasks(_GROUP if worker is not None else 1):
                if worker is not None and worker.ready:
                    worker.submit(tasks)
                    if worker.submitted > 1:  # it has this list to work on while the one before comes over
                        yield from worker.collect(watch)
                else:
                    for task in tasks:
                        yield process(task, side, self.limits, watch)
            while worker is not None and worker.submitted and not self.stop.is_set():
                yield from worker.collect(watch)

    def _worker(self, side: int) -> AbstractContextManager[WorkerProcess | None]:
        try:
            return closing(WorkerProcess(side, self.limits))
        except OSError as error:
            log.warning("no process for reading images (%s): this one reads them, which takes longer", error.strerror)
            return nullcontext()

    def _take_tasks(self, most: int) -> list[Task]:
        """The next tasks; none where the pass is stopped or over."""
        with self.lock:
            return [] if self.stop.is_set() else list(islice(self.next_task, most))

    def _embed(self, outcomes: list[Outcome], watch: Stopwatch) -> list[Outcome]:
        assert self.embedder is not None
        with watch.stage("network"):
            pixels = np.stack([outcome.pixels for outcome in outcomes if outcome.pixels is not None])
            for outcome, vector in zip(outcomes, self.embedder.embed(pixels), strict=True):
                outcome.vector, outcome.pixels = vector, None
        return outcomes

    def _take(self, outcomes: list[Outcome]) -> None:
        summary = self.summary
        for outcome in outcomes:
            summary.decoded += outcome.decoded
            summary.problems += outcome.problems
            if outcome.undecodable is not None:
                summary.undecodable += 1
                if outcome.record is None:
                    summary.problems += [
                        FileProblem(file.image_id, *outcome.undecodable) for file in outcome.task.files
                    ]
            if outcome.record is not None:
                self.records.append(outcome.record)
            if outcome.vector is not None:
                summary.without_direction += not outcome.vector.any()
                self.embedded.append(outcome)
        self._write(least=CHUNK)

    def _write(self, least: int) -> None:
        """Commit what has come together, if there are at least so many."""
        if self.vectors is not None and len(self.embedded) >= least:
            ready, self.embedded = self.embedded, []
            with self.watch.stage("write"):
                found = np.stack([outcome.vector for outcome in ready if outcome.vector is not None])
                self.vectors.write_chunk([outcome.task.content_hash for outcome in ready], found)
            self.summary.embedded += len(ready)
        if self.stats is not None and len(self.records) >= least:
            records, self.records = self.records, []
            with self.watch.stage("write"):
                self.stats.write_chunk(records)
            self.summary.measured += sum(record.statistics is not None for record in records)
