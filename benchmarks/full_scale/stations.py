"""The stations, and one of them in a process of its own.

python -m benchmarks.full_scale.stations FOLDER NUMBER IMAGES SHARE
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.full_scale.preparing import classes, make_home, prepare_class
from thermal_assets.home.layout import Home

if TYPE_CHECKING:
    import dagster as dg

RUNNING = "running.json"
CHAIN = "the chain of a class"
BY_CLASS_FROM = 200_000  # images; fewer, and a process takes all classes, whose own start would outweigh them


@dataclass(frozen=True)
class Station:
    """Assets that one run of a job writes, for each of some classes or for the data set (none)."""

    name: str
    job: str
    assets: tuple[str, ...]
    classes: tuple[str, ...] = ()


def stations(images: int, delivered: bool = False) -> list[Station]:
    """All stations in their order; classes from the smallest to the largest.

    After a delivery no lens is fitted, and one run takes a class through its whole chain, as the sensor asks for it.
    """
    names = [name for name, *_ in reversed(classes(images))]
    groups = [(name,) for name in names] if images >= BY_CLASS_FROM else [tuple(names)]
    of_class = (
        ("neighbours and densities of a class", ("class_neighbors", "class_densities")),
        ("outliers and drift of a class", ("class_outliers", "distance_drift", "time_drift")),
    )
    chain = ("l3_projection", *(asset for _, assets in of_class for asset in assets))
    of_all = (
        ("neighbours and densities of the data set", ("dataset_neighbors", "dataset_densities")),
        ("outliers of the data set", ("dataset_outliers",)),
        ("separation", ("separation",)),
        ("drift of batches", ("batch_drift",)),
    )
    return [
        *(Station("vectors into the warehouse", "", (), group) for group in groups),
        *([] if delivered else [Station("L3 fit", "refit_l3_lens", ("l3_lens",))]),
        *(
            []
            if delivered
            else [Station("L3 projection", "measure_class", ("l3_projection",), group) for group in groups]
        ),
        *(
            Station(name, "measure_class", assets, group)
            for name, assets in (((CHAIN, chain),) if delivered else of_class)
            for group in groups
        ),
        *(Station(name, "diagnose_dataset", assets) for name, assets in of_all),
    ]


def new_images(size: int, share: float) -> int:
    """How many images a delivery brings to a class of ``size``: at least one, if it brings any."""
    return max(1, round(share * size)) if share else 0


def run_station(folder: Path, station: Station, images: int, share: float) -> dict[str, object]:
    """Run it here, with ``share`` of every class delivered in addition; what it took, as one line of the log."""
    started, cpu = time.monotonic(), time.process_time()

    def so_far() -> dict[str, object]:
        return {
            **asdict(station),
            "images": sum(
                row[4] + new_images(row[4], share)
                for row in classes(images)
                if not station.classes or row[0] in station.classes
            ),
            "seconds": round(time.monotonic() - started, 2),
            "processor_seconds": round(time.process_time() - cpu, 2),
            "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }

    watch = _Watch(folder / RUNNING, so_far)
    home = make_home(folder)
    errors: list[str] = []
    steps: dict[str, float] = {}
    if station.job:
        errors, steps = _run_job(home, station, [name for name, *_ in classes(images)], watch)
    else:
        for of_class in classes(images):
            if of_class[0] in station.classes:
                prepare_class(home, *of_class, new_images(of_class[4], share))
    return {
        **so_far(),
        "peak_anonymous_mb": watch.stop(),
        "warehouse_mb": round(home.warehouse.path.stat().st_size / 2**20),
        "load": round(os.getloadavg()[0], 1),
        "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "errors": errors,
        "steps": steps,
    }


def _run_job(home: Home, station: Station, all_classes: list[str], watch: _Watch) -> tuple[list[str], dict[str, float]]:
    """What went wrong, a line a step (empty where nothing did), and processor-seconds by the first asset of each step."""
    import dagster as dg

    from thermal_assets.defs.in_process import job_runner

    errors: list[str] = []
    steps: dict[str, float] = {}
    with job_runner(home) as runner:
        from thermal_assets.definitions import defs

        keys = dict(zip(all_classes, runner.register_classes(all_classes), strict=True))
        for partition in [keys[name] for name in reversed(all_classes) if name in station.classes] or [None]:
            result = (
                defs()
                .resolve_job_def(station.job)
                .execute_in_process(
                    instance=runner.instance,
                    partition_key=partition,
                    asset_selection=[dg.AssetKey(asset) for asset in station.assets],
                    raise_on_error=False,
                    run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
                )
            )
            for asset, began, ended in _steps(runner.instance.all_logs(result.run_id)):
                steps[asset] = round(steps.get(asset, 0.0) + watch.processor_seconds(began, ended), 2)
            if not result.success:
                errors += [
                    str(event.step_failure_data.error)[:3000]
                    for event in result.all_events
                    if event.is_step_failure and event.step_failure_data.error
                ] or ["failed"]
    return errors, steps


def _steps(log: Sequence[dg.EventLogEntry]) -> Iterator[tuple[str, float, float]]:
    """The first asset of every step that succeeded, and when it began and ended, seconds since 1970."""
    assets: dict[str, str] = {}
    began: dict[str, float] = {}
    for entry in log:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            continue
        if event.is_step_start:
            began[event.step_key] = entry.timestamp
        elif event.is_step_materialization and event.asset_key is not None:
            assets.setdefault(event.step_key, event.asset_key.to_user_string())
        elif event.is_step_success and event.step_key in assets:
            yield assets[event.step_key], began[event.step_key], entry.timestamp


class _Watch:
    """Peak of the memory that is the process's own, without pages of mapped files (which the system may drop), and the
    processor time used up to every moment.

    Besides, what the station took so far is in file ``running`` as long as it runs: after a kill somebody else adds it.
    """

    def __init__(self, running: Path, so_far: Callable[[], dict[str, object]]) -> None:
        self._peak, self._ended, self._running, self._so_far = 0, threading.Event(), running, so_far
        self._times = [(time.time(), time.process_time())]
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self._times.append((time.time(), time.process_time()))
            if len(self._times) % 5:
                continue
            self._running.write_text(json.dumps({**self._so_far(), "peak_anonymous_mb": self._peak}))
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    self._peak = max(self._peak, int(line.split()[1]) // 1024)

    def processor_seconds(self, began: float, ended: float) -> float:
        """Between two moments, seconds since 1970."""
        moments, used = zip(*[*self._times, (time.time(), time.process_time())], strict=True)
        first, last = np.interp([began, ended], moments, used)
        return float(last - first)

    def stop(self) -> int:
        """MiB."""
        self._ended.set()
        self._thread.join()
        self._running.unlink(missing_ok=True)
        return self._peak


def main() -> None:
    """One station; its line goes to standard output."""
    folder, number, images, share = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    station = stations(images, share > 0)[number]
    print("RESULT " + json.dumps(run_station(folder, station, images, share)), flush=True)


if __name__ == "__main__":
    main()
