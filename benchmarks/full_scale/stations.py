"""The stations, and one of them in a process of its own: ``python -m benchmarks.full_scale.stations FOLDER NUMBER N``."""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.full_scale.preparing import classes, make_home, prepare_class


@dataclass(frozen=True)
class Station:
    """Assets that one run of a job writes, for one class or for the data set (partition '')."""

    name: str
    job: str
    assets: tuple[str, ...]
    partition: str = ""


def stations(images: int) -> list[Station]:
    """All stations in their order; classes from the smallest to the largest."""
    names = [name for name, *_ in reversed(classes(images))]
    return [
        *(Station("vectors into the warehouse", "", (), name) for name in names),
        Station("L3 fit", "refit_l3_lens", ("l3_lens",)),
        *(Station("L3 projection", "measure_class", ("l3_projection",), name) for name in names),
        *(
            Station(
                "neighbours and densities of a class", "measure_class", ("class_neighbors", "class_densities"), name
            )
            for name in names
        ),
        *(
            Station(
                "outliers and drift of a class",
                "measure_class",
                ("class_outliers", "distance_drift", "time_drift"),
                name,
            )
            for name in names
        ),
        Station(
            "neighbours and densities of the data set", "diagnose_dataset", ("dataset_neighbors", "dataset_densities")
        ),
        Station("outliers of the data set", "diagnose_dataset", ("dataset_outliers",)),
        Station("separation", "diagnose_dataset", ("separation",)),
        Station("drift of batches", "diagnose_dataset", ("batch_drift",)),
    ]


def run_station(folder: Path, station: Station, images: int) -> dict[str, object]:
    """Run it here; what it took, as one line of the log."""
    memory = _AnonymousMemory()
    started, cpu = time.monotonic(), time.process_time()
    errors: list[str] = []
    home = make_home(folder)
    if not station.job:
        of_class = next(row for row in classes(images) if row[0] == station.partition)
        prepare_class(home, *of_class)
    else:
        import dagster as dg

        from thermal_assets.defs.in_process import job_runner

        with job_runner(home) as runner:
            from thermal_assets.definitions import defs

            keys = runner.register_classes([name for name, *_ in classes(images)])
            partition = dict(zip((name for name, *_ in classes(images)), keys, strict=True)).get(station.partition)
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
            if not result.success:
                errors = [
                    str(event.step_failure_data.error)[:2000]
                    for event in result.all_events
                    if event.is_step_failure and event.step_failure_data.error
                ] or ["failed"]
    size = next((row[4] for row in classes(images) if row[0] == station.partition), images)
    return {
        **asdict(station),
        "images": size,
        "seconds": round(time.monotonic() - started, 2),
        "processor_seconds": round(time.process_time() - cpu, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "peak_anonymous_mb": memory.stop(),
        "warehouse_mb": round(home.warehouse.path.stat().st_size / 2**20),
        "load": round(os.getloadavg()[0], 1),
        "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "errors": errors,
    }


class _AnonymousMemory:
    """Peak of the memory that is the process's own, without pages of mapped files (which the system may drop)."""

    def __init__(self) -> None:
        self._peak, self._ended = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    self._peak = max(self._peak, int(line.split()[1]) // 1024)

    def stop(self) -> int:
        """MiB."""
        self._ended.set()
        return self._peak


def main() -> None:
    """One station; its line goes to standard output."""
    folder, number, images = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    print("RESULT " + json.dumps(run_station(folder, stations(images)[number], images)), flush=True)


if __name__ == "__main__":
    main()
