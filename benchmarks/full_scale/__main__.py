"""Run the stations that are not done yet, then print what is known so far."""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.full_scale.population import FULL_SIZE
from benchmarks.full_scale.report import DELIVERY, FULL, print_delivery, print_growth, print_report, read_log
from benchmarks.full_scale.stations import RUNNING, Station, stations


def main() -> int:
    """Exit code: 0 where every station of this sitting went through."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where home, log and vectors go; some 25 GB at full size")
    parser.add_argument("--images", type=int, default=FULL_SIZE)
    parser.add_argument("--minutes", type=float, help="start no further station after this long; call again to go on")
    parser.add_argument("--report", action="store_true", help="print only")
    parser.add_argument(
        "--delivery",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="when the whole is through: so many new images in every class (0.01 = one in a hundred), and all again",
    )
    parser.add_argument(
        "--growth", type=Path, nargs="+", help="print only: time and memory at the sizes in these folders, side by side"
    )
    options = parser.parse_args()
    if options.growth:
        print_growth(options.growth, lambda images: dict(Counter(station.name for station in stations(images))))
        return 0
    if not options.folder:
        parser.error("--folder is missing")
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    log_name = DELIVERY if options.delivery else FULL
    _count_what_was_cut_off(folder, log_name)
    if options.delivery and any(not _through(folder, FULL, station) for station in stations(options.images)):
        parser.error(f"the whole of {folder} is not through yet: run it without --delivery first")
    plan = stations(options.images, options.delivery > 0)
    began, failed = time.monotonic(), 0
    for number, station in enumerate(plan):
        if options.report or (options.minutes and time.monotonic() - began > 60 * options.minutes):
            break
        if _through(folder, log_name, station):
            continue
        print(f"{time.strftime('%H:%M:%S')} {station.name} {', '.join(station.classes[:3])}", flush=True)
        run = subprocess.run(
            [
                *(sys.executable, "-m", "benchmarks.full_scale.stations"),
                *(str(folder), str(number), str(options.images), str(options.delivery)),
            ],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        result = [line for line in run.stdout.splitlines() if line.startswith("RESULT ")]
        if not result:
            _count_what_was_cut_off(folder, log_name)
            print(f"  ended with {run.returncode} and no result: it starts again next time", flush=True)
            return 1
        line = json.loads(result[-1].removeprefix("RESULT "))
        with (folder / log_name).open("a") as log:
            log.write(json.dumps(line) + "\n")
        if line["errors"]:
            print(f"  failed: {line['errors'][0]}", flush=True)
            failed += 1
        else:
            print(f"  {line['seconds']} s, peak {line['peak_memory_mb']} MB", flush=True)
    names = Counter(station.name for station in plan)
    print_report(folder, names, log_name)
    if options.delivery:
        print_delivery(folder, {station.name: station.assets for station in stations(options.images)})
    return 1 if failed else 0


def _count_what_was_cut_off(folder: Path, log_name: str) -> None:
    """A killed station's time belongs to the whole: the lists that it kept are not searched again."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        line = json.loads((folder / RUNNING).read_text())
        ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with (folder / log_name).open("a") as log:
            log.write(
                json.dumps({**line, "warehouse_mb": 0, "load": 0.0, "ended": ended, "errors": ["cut off"]}) + "\n"
            )
        (folder / RUNNING).unlink()


def _through(folder: Path, log_name: str, station: Station) -> bool:
    return any(
        line["name"] == station.name and line["classes"] == list(station.classes) and not line["errors"]
        for line in read_log(folder, log_name)
    )


if __name__ == "__main__":
    sys.exit(main())
