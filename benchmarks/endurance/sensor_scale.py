"""The sensor new_images against a million files: time and memory of each tick.

    python -m benchmarks.endurance.sensor_scale [--files 1223849] [--folder DIR]

Empty files in 20 folders with the sizes of the model case (largest 225,954, smallest a eleventh of
it). Every tick is the real sensor function on a real home, with the cursor of the tick before.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path

import dagster as dg

from benchmarks.endurance.checking import Checks
from benchmarks.endurance.deployment import thermal_assets
from thermal_assets.defs.resources import HomeResource
from thermal_assets_tests.end_to_end.homes import RANDOM_LENS

MODEL_FILES, LARGEST, CLASSES, IMBALANCE = 1_223_849, 225_954, 20, 11.14
_TICK_SECONDS = 10.0
_MEMORY_MB = 500.0


def class_sizes(files: int) -> list[int]:
    """Sizes of 20 classes that add up to ``files``: geometric below the largest, whose share is the model case's."""
    largest = round(files * LARGEST / MODEL_FILES)
    low, high = 0.01, 8.0
    for _ in range(60):  # the curvature between largest and smallest at which the sum is right
        middle = (low + high) / 2
        sizes = [largest / IMBALANCE ** ((rank / (CLASSES - 1)) ** (1 / middle)) for rank in range(CLASSES)]
        low, high = (middle, high) if sum(sizes) > files else (low, middle)
    whole = [round(size) for size in sizes]
    whole[-1] += files - sum(whole)
    return whole


def make_files(root: Path, sizes: list[int]) -> None:
    """Empty files with names as long as those of the model case."""
    for number, size in enumerate(sizes):
        folder = root / f"class_{number:02d}"
        folder.mkdir(parents=True)
        directory = os.open(folder, os.O_RDONLY)
        try:
            for image in range(size):
                name = f"PIP_NOM_21.03.15_CIC_A1016-A1110_D1_{image:06d}_bbox0.png"
                os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=directory))
        finally:
            os.close(directory)


def memory_mb(field: str) -> float:
    """A field of /proc/self/status (VmHWM: peak resident memory, VmRSS: now), MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(field))) / 1024


class Ticker:
    """Ticks of the sensor on one home."""

    def __init__(self, home: Path, checks: Checks) -> None:
        os.environ["THERMAL_ASSETS_HOME"] = os.environ["DAGSTER_HOME"] = str(home)
        from thermal_assets.definitions import defs

        self.definitions = defs()
        self.sensor = self.definitions.resolve_sensor_def("new_images")
        self.instance = dg.DagsterInstance.from_config(str(home))
        self.cursor: str | None = None
        self.checks = checks
        self.longest = 0.0

    def _succeed(self, request: dg.RunRequest) -> None:
        """Note a run of ``request`` that has succeeded: what never ran would be asked for again."""
        tags = {"dagster/sensor_name": "new_images", "dagster/run_key": str(request.run_key)}
        run = dg.DagsterRun(str(request.job_name), str(uuid.uuid4()), status=dg.DagsterRunStatus.SUCCESS, tags=tags)
        self.instance.add_run(run)

    def tick(self, what: str) -> dg.SensorResult | dg.SkipReason:
        """One tick; prints and judges its time and memory."""
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        before, started, worked = memory_mb("VmRSS"), time.monotonic(), time.process_time()
        context = dg.build_sensor_context(
            self.instance,
            self.cursor,
            resources={"home": HomeResource()},
            sensor_name="new_images",
            definitions=self.definitions,
        )
        result = self.sensor(context)
        seconds, grown = time.monotonic() - started, memory_mb("VmHWM") - before
        worked = time.process_time() - worked
        assert isinstance(result, dg.SensorResult | dg.SkipReason), result
        requests = 0
        told = result.skip_message if isinstance(result, dg.SkipReason) else ""
        if isinstance(result, dg.SensorResult):
            self.cursor = result.cursor
            requests = len(result.run_requests or ())
            told = result.skip_reason.skip_message if result.skip_reason else ""
            for request in result.dynamic_partitions_requests or ():
                if isinstance(request, dg.AddDynamicPartitionsRequest):
                    self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
            for request in result.run_requests or ():
                self._succeed(request)
        self.longest = max(self.longest, seconds)
        print(
            f"  {what:34} {seconds:6.2f} s ({worked:5.2f} s of processor)  +{grown:5.0f} MB  cursor {len(self.cursor or ''):6,} characters  "
            f"{requests:2} requests  {told or ''}",
            flush=True,
        )
        if seconds >= _TICK_SECONDS or grown >= _MEMORY_MB:
            self.checks.broken.append(f"{what}: {seconds:.1f} s, {grown:.0f} MB")
        return result


def run(folder: Path, files: int) -> int:
    """Exit code: 0 if every condition holds."""
    root, home, checks = folder / "images", folder / "home", Checks()
    sizes, started = class_sizes(files), time.monotonic()
    make_files(root, sizes)
    print(
        f"{sum(sizes):,} files in {len(sizes)} folders, {min(sizes):,} to {max(sizes):,}: {time.monotonic() - started:.0f} s"
    )
    made = thermal_assets("init", home, "--images", root, *RANDOM_LENS)
    if made.returncode:
        raise RuntimeError(made.stderr)
    ticker = Ticker(home, checks)
    requested = 0
    for number in range(300):
        result = ticker.tick("first sight" if number == 0 else f"first sight goes on ({number + 1})")
        requested += _requests(result)
        if requested >= len(sizes):
            break
    checks.expect("classes asked for once each, after first sight", requested == len(sizes), requested)
    for number in range(4):
        requested += _requests(ticker.tick(f"unchanged ({number + 1})"))
    checks.expect("requests for unchanged folders", requested == len(sizes), requested - len(sizes))
    (root / "class_00" / "one_more.png").touch()
    checks.expect("a file more in the largest folder", _until_asked(ticker, "a file more", "class_00"), "asked for")
    victim = next(os.scandir(root / "class_00")).path
    Path(victim).write_bytes(b"x")
    checks.expect(
        "a file overwritten in place in the largest",
        _until_asked(ticker, "overwritten in place", "class_00"),
        "asked for",
    )
    shutil.rmtree(root / "class_19")
    ticker.tick("the smallest folder removed")
    checks.expect(
        f"the longest tick is under {_TICK_SECONDS:.0f} s", ticker.longest < _TICK_SECONDS, f"{ticker.longest:.2f} s"
    )
    return checks.exit_code()


def _requests(result: dg.SensorResult | dg.SkipReason) -> int:
    return len(result.run_requests or ()) if isinstance(result, dg.SensorResult) else 0


def _until_asked(ticker: Ticker, what: str, partition: str) -> bool:
    """Whether a run of ``partition`` is asked for within as many ticks as a whole round of the folders may take."""
    for number in range(300):
        result = ticker.tick(f"{what} ({number + 1})")
        asked = result.run_requests or () if isinstance(result, dg.SensorResult) else ()
        if any(request.partition_key == partition for request in asked):
            return True
    return False


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=MODEL_FILES)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in; left out: a temporary one")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="endurance-")))
        folder.mkdir(parents=True, exist_ok=True)
        return run(folder.resolve(), given.files)


if __name__ == "__main__":
    sys.exit(main())
