"""Kill -9 of run worker, step, daemon, webserver and command line, in turn, at random moments.

    python -m benchmarks.endurance.kills [--kills 30] [--classes 6] [--images 200] [--seed 1] [--folder DIR]

A home is made, webserver and daemon run as processes of their own, the sensors lead the first
diagnosis; images are added, edited, renamed, moved and deleted meanwhile and class folders come and go.
Afterwards everything has to settle by itself, or with one ``thermal-assets diagnose``; then, after a
refit of the L3 lens on the final images, every table has to equal that of an undisturbed home.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from benchmarks.endurance.checking import Checks, leftovers, row_differences, unreconciled, wait_for
from benchmarks.endurance.dataset import Changes, sample_images
from benchmarks.endurance.deployment import TOOLS, Deployment, thermal_assets
from benchmarks.endurance.runs import claimed_slots, outcome_counts, settle, unfinished_runs
from thermal_assets_tests.end_to_end.homes import RANDOM_LENS, query

# Steps are processes of their own only with the multiprocess executor: they come last, after a change of home.toml.
SERVED = ("run worker", "daemon", "webserver", "diagnose")
_WORK_SECONDS = 120.0
_SETTLE_SECONDS = 900.0


class Killer:
    """Kills what it is told to, once it is there, and starts again what a person would start again."""

    def __init__(self, deployment: Deployment, changes: Changes, chance: random.Random) -> None:
        self.deployment, self.changes, self.chance = deployment, changes, chance
        self.done: Counter[str] = Counter()

    def kill(self, target: str) -> None:
        """Change something in the image folder, then kill ``target`` at a random moment."""
        told = self.changes.one()
        victim = getattr(self, "_" + target.replace(" ", "_"))()
        self.done[target] += victim != "nothing"
        print(f"  {sum(self.done.values()):3}  {target:11} {victim:44} {told}", flush=True)

    def _run_worker(self) -> str:
        return self._one_of(self.deployment.run_workers)

    def _step(self) -> str:
        return self._one_of(self.deployment.step_processes)

    def _one_of(self, found) -> str:  # type: ignore[no-untyped-def]
        """Kill one of the processes that ``found()`` returns, a random moment after one came."""
        deadline = time.monotonic() + 2 * _WORK_SECONDS
        while time.monotonic() < deadline:
            if not wait_for(lambda: bool(found()), _WORK_SECONDS, 0.3):
                self.changes.one()
                continue
            time.sleep(self.chance.uniform(0.0, 8.0))
            for victim in self.chance.sample(present := found(), len(present)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    victim.kill()
                    return f"process {victim.pid}"
        return "nothing"

    def _daemon(self) -> str:
        time.sleep(self.chance.uniform(2.0, 15.0))
        with_children = self.chance.random() < 0.5
        self.deployment.kill("daemon", with_children)
        self.deployment.start("daemon")
        return "with its code server and run workers" if with_children else "alone"

    def _webserver(self) -> str:
        keys = [key for (key,) in query(self.deployment.home, "SELECT partition_key FROM class_catalog")]
        if keys:
            self.deployment.graphql.launch_job("embed_class", self.chance.choice(sorted(keys)))
        time.sleep(self.chance.uniform(0.0, 6.0))
        with_children = self.chance.random() < 0.5
        self.deployment.kill("webserver", with_children)
        self.deployment.start("webserver")
        return "with its code server, a run just launched" if with_children else "alone, a run just launched"

    def _diagnose(self) -> str:
        command = [str(TOOLS / "thermal-assets"), "diagnose", str(self.changes.root), "--home"]
        self.deployment.spawn("diagnose", [*command, str(self.deployment.home)])
        time.sleep(self.chance.uniform(5.0, 20.0))
        self.deployment.kill("diagnose", True)
        return "in its own process"


def run(folder: Path, kills: int, classes: int, images: int, seed: int, port: int) -> int:
    """Exit code: 0 if every condition holds."""
    chance = random.Random(seed)
    root = sample_images(folder / "data", images, seed, classes)
    home, checks = folder / "home", Checks()
    made = thermal_assets("init", home, "--images", root, "--profile", "aihub-235", *RANDOM_LENS)
    if made.returncode:
        raise RuntimeError(made.stderr)
    steps = kills // 5
    started = time.monotonic()
    deployment = Deployment(home, port)
    try:
        deployment.start("webserver")
        deployment.start("daemon")
        killer = Killer(deployment, Changes(root, chance), chance)
        for number in range(kills - steps):
            killer.kill(SERVED[number % len(SERVED)])
        deployment.stop()
        settings = home / "home.toml"
        settings.write_text(settings.read_text().replace('executor = "in_process"', 'executor = "multiprocess"'))
        deployment.start("webserver")
        deployment.start("daemon")
        for _ in range(steps):
            killer.kill("step")
        print(f"{sum(killer.done.values())} kills in {time.monotonic() - started:.0f} s; now it has to settle")
        settings.write_text(settings.read_text().replace('executor = "multiprocess"', 'executor = "in_process"'))
        deployment.kill("daemon", True)
        deployment.kill("webserver", True)
        deployment.start("webserver")
        deployment.start("daemon")
        _judge_settling(deployment, root, checks)
        _judge_tables(deployment, root, folder / "undisturbed", checks)
    finally:
        deployment.stop()
    checks.expect("kills that hit a living process", sum(killer.done.values()) == kills, dict(killer.done))
    return checks.exit_code()


def _judge_settling(deployment: Deployment, root: Path, checks: Checks) -> None:
    home, started = deployment.home, time.monotonic()
    reasons = settle(home, _SETTLE_SECONDS)
    checks.expect("settles by itself", not reasons, reasons[:4] or f"after {time.monotonic() - started:.0f} s")
    if reasons:
        done = thermal_assets("diagnose", root, "--home", home)
        checks.expect("thermal-assets diagnose settles it", done.returncode == 0, done.stderr.strip()[-200:])
        reasons = settle(home, 300)
        checks.expect("at rest after that", not reasons, reasons[:4])
    stuck = [record.dagster_run.job_name for record in unfinished_runs(home)]
    checks.expect("runs that are stuck", not stuck, len(stuck))
    checks.expect("places in pools that are stuck", claimed_slots(home) == 0, claimed_slots(home))
    print(f"  runs by how they ended: {outcome_counts(home)}")


def _judge_tables(deployment: Deployment, root: Path, undisturbed: Path, checks: Checks) -> None:
    home = deployment.home
    checks.expect("images that do not reconcile", unreconciled(home) == 0, unreconciled(home))
    # A refresh keeps the L3 lens it has; the undisturbed home fits its own on the final images.
    deployment.graphql.launch_job("refit_l3_lens")
    wait_for(lambda: not unfinished_runs(home), 120)
    for (key,) in query(home, "SELECT partition_key FROM class_catalog ORDER BY 1"):
        deployment.graphql.launch_job("measure_class", key)
    reasons = settle(home, _SETTLE_SECONDS)
    checks.expect("a refit of the L3 lens comes into force", not reasons, reasons[:4] or "yes")
    deployment.stop()
    done = thermal_assets("diagnose", root, "--profile", "aihub-235", "--home", undisturbed, *RANDOM_LENS)
    checks.expect("the undisturbed home is diagnosed", done.returncode == 0, done.stderr.strip()[-200:])
    found = row_differences(home, undisturbed)
    checks.expect("tables that differ from the undisturbed home's", not found, [str(item) for item in found])
    for what in ("missing", "surplus", "duplicate", "changed"):
        count = sum(getattr(item, what) for item in found)
        checks.expect(f"{what} rows", count == 0, count)
    checks.expect("temporary files left", not leftovers(home), leftovers(home))


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=3121)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in; left out: a temporary one")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="endurance-")))
        folder.mkdir(parents=True, exist_ok=True)
        return run(folder.resolve(), given.kills, given.classes, given.images, given.seed, given.port)


if __name__ == "__main__":
    sys.exit(main())
