"""A parallel backfill of every class, while people read what is published.

    python -m benchmarks.endurance.backfill [--images 400] [--seed 7] [--folder DIR]

The 20 classes of a sample data set are diagnosed once. Then every class changes, and a backfill of all
of them is launched through the webserver as the button of the UI does it. Meanwhile two processes read
published.duckdb in a loop: one opens it anew for each round, one keeps the connection it has. Every
query counts rows that contradict another table; nothing may fail, and nobody may wait for a lock in vain.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import dagster as dg
from PIL import Image, ImageOps

from benchmarks.endurance.checking import Checks, leftovers, unreconciled, wait_for
from benchmarks.endurance.dataset import sample_images
from benchmarks.endurance.deployment import Deployment, clean_environment, deployed, thermal_assets
from benchmarks.endurance.runs import history, runs_since, settle
from thermal_assets.defs.stages import EMBED, MEASURE
from thermal_assets_tests.end_to_end.homes import RANDOM_LENS, query

_BACKFILL_SECONDS = 900.0


def change_every_class(root: Path) -> None:
    """Two more images in every class: mirror images of the first two."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        for number, source in enumerate(sorted(folder.glob("*.png"))[:2]):
            with contextlib.suppress(OSError):  # a planted broken file stays what it is
                with Image.open(source) as picture:
                    mirrored = ImageOps.mirror(picture.convert("RGB"))
                mirrored.save(folder / f"mirrored_{number}.png", "PNG")


def start_reader(home: Path, stop: Path, *options: str) -> subprocess.Popen[str]:
    """A reader in a process of its own; it ends when ``stop`` appears."""
    command = [sys.executable, "-m", "benchmarks.endurance.reader", str(home), str(stop), *options]
    return subprocess.Popen(
        command,
        env=clean_environment(),
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def judge_reader(name: str, reader: subprocess.Popen[str], checks: Checks) -> int:
    """Check what a reader saw; returns how many publications that were."""
    out, err = reader.communicate(timeout=120)
    checks.expect(f"{name}: ends without an exception", reader.returncode == 0, err.strip()[-200:] or "yes")
    if reader.returncode:
        return 0
    seen = json.loads(out)
    print(
        f"          {name}: {seen['queries']:,} queries in {seen['rounds']:,} rounds, {seen['publications']} "
        f"publications, slowest round {seen['slowest_round_seconds']} s"
    )
    checks.expect(f"{name}: contradictions", not seen["contradictions"], seen["contradictions"] or 0)
    checks.expect(f"{name}: errors, locks among them", not seen["errors"], seen["errors"] or 0)
    checks.expect(f"{name}: answers that moved in an open connection", seen["moved"] == 0, seen["moved"])
    return int(seen["publications"])


def judge_runs(home: Path, since: float, partitions: set[str], checks: Checks) -> None:
    """Every run since ``since`` succeeded, one a class, several at a time, none waited for a lock in vain."""
    records = runs_since(home, since)
    endings = Counter((record.dagster_run.job_name, record.dagster_run.status.value) for record in records)
    print("          " + ", ".join(f"{count} {job} {status}" for (job, status), count in sorted(endings.items())))
    failed = [record for record in records if record.dagster_run.status != dg.DagsterRunStatus.SUCCESS]
    checks.expect("runs that failed", not failed, len(failed))
    classes = Counter(
        key for record in records if (key := record.dagster_run.tags.get("dagster/partition")) is not None
    )
    once = set(classes) == partitions and set(classes.values()) == {1}
    checks.expect("exactly one run a class", once, f"{sum(classes.values())} runs of {len(classes)} classes")
    spans = [
        (record.start_time, record.end_time)
        for record in records
        if record.start_time and record.end_time and "dagster/partition" in record.dagster_run.tags
    ]
    together = max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)
    checks.expect("class runs at the same time", together >= 2, together)
    with history(home) as instance:
        retries = sum(
            len(instance.all_logs(record.dagster_run.run_id, of_type=dg.DagsterEventType.STEP_UP_FOR_RETRY))
            for record in records
        )
    checks.expect("steps that had to be tried again", retries == 0, retries)


def _backfill(deployment: Deployment, root: Path, checks: Checks) -> tuple[float, set[str]]:
    keys = [key for (key,) in query(deployment.home, "SELECT partition_key FROM class_catalog ORDER BY 1")]
    # The backfill is to do the work, not the sensor: as a person would, who launches one by hand.
    deployment.graphql.stop_sensor("new_images")
    change_every_class(root)
    started, began = time.time(), time.monotonic()
    backfill = deployment.graphql.launch_backfill([*EMBED, *MEASURE], keys)
    graphql = deployment.graphql
    wait_for(lambda: graphql.backfill_status(backfill) not in ("REQUESTED", "CANCELING"), _BACKFILL_SECONDS, 2.0)
    status = graphql.backfill_status(backfill)
    seconds = time.monotonic() - began
    checks.expect("the backfill", status in ("COMPLETED", "COMPLETED_SUCCESS"), f"{status} after {seconds:.0f} s")
    return started, set(keys)


def run(folder: Path, images: int, seed: int, port: int) -> int:
    """Exit code: 0 if every condition holds."""
    root, home, checks = sample_images(folder / "data", images, seed), folder / "home", Checks()
    done = thermal_assets("diagnose", root, "--profile", "aihub-235", "--home", home, *RANDOM_LENS)
    if done.returncode:
        raise RuntimeError(done.stderr)
    stop = folder / "stop"
    with deployed(home, port) as deployment:
        readers = {"reader that opens anew": start_reader(home, stop)}
        readers["reader that keeps its connection"] = start_reader(home, stop, "--keep-open")
        try:
            started, keys = _backfill(deployment, root, checks)
            reasons = settle(home, _BACKFILL_SECONDS)
            checks.expect("the data-set stage follows by itself", not reasons, reasons[:4] or "yes")
        finally:
            stop.touch()
        publications = [judge_reader(name, reader, checks) for name, reader in readers.items()]
        checks.expect("publications seen by the first reader", publications[0] >= 2, publications[0])
        judge_runs(home, started, keys, checks)
    checks.expect("images that do not reconcile", unreconciled(home) == 0, unreconciled(home))
    checks.expect("temporary files left", not leftovers(home), leftovers(home))
    again = thermal_assets("diagnose", root, "--home", home)
    checks.expect("a call of diagnose afterwards", again.returncode == 0, again.stderr.strip()[-200:] or "yes")
    return checks.exit_code()


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=3122)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in; left out: a temporary one")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="endurance-")))
        folder.mkdir(parents=True, exist_ok=True)
        return run(folder.resolve(), given.images, given.seed, given.port)


if __name__ == "__main__":
    sys.exit(main())
