"""Images dropped into the folder of a running deployment: how long until people see them.

    python -m benchmarks.endurance.drop [--images 300] [--seed 7] [--folder DIR] [--shots DIR]

The 20 classes of a sample data set are diagnosed, webserver and daemon run as processes of their own.
Then 30 images go into one class folder and a new folder of 20 appears; nothing else is touched. With
--shots, pictures of the UI are taken in Chromium (Playwright and /usr/bin/chromium have to be there).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
from PIL import Image, ImageOps

from benchmarks.endurance.checking import Checks, leftovers, patience, unreconciled
from benchmarks.endurance.dataset import sample_images
from benchmarks.endurance.deployment import Deployment, deployed, thermal_assets
from benchmarks.endurance.runs import runs_since, settle
from thermal_assets_tests.end_to_end.homes import RANDOM_LENS

GROWN, NEW = "car_normal", "crane_normal"
_SEEN_SECONDS = 600.0
_PAGES = {
    "overview": "/overview",
    "runs": "/runs",
    "lineage": "/asset-groups",
    "new_images_sensor": "/locations/thermal_assets/sensors/new_images",
    "automation_sensor": "/locations/thermal_assets/sensors/automation",
    "file_manifest_partitions": "/assets/file_manifest?view=partitions",
    "class_densities": "/assets/class_densities",
    "findings": "/assets/findings",
    "report": "/assets/report",
}


def drop(root: Path) -> tuple[int, int]:
    """30 images into ``GROWN``, a new folder ``NEW`` of 20; returns the sizes of both classes afterwards."""
    donors = sorted(path for path in root.glob("*/*.png") if _opens(path))[:50]
    new = root / NEW
    new.mkdir()
    for number, source in enumerate(donors):
        folder, name = (root / GROWN, f"dropped_{number}.png") if number < 30 else (new, f"new_{number}.png")
        with Image.open(source) as picture:
            ImageOps.mirror(picture.convert("RGB")).save(folder / name, "PNG")
    return len(list((root / GROWN).iterdir())), len(list(new.iterdir()))


def published_count(home: Path, table: str, class_name: str) -> int:
    """Rows of a class in a table of published.duckdb."""
    connection = duckdb.connect(str(home / "published.duckdb"), read_only=True)
    try:
        query = f"SELECT count(*) FROM {table} WHERE class_name = ?"
        return int(connection.execute(query, [class_name]).fetchall()[0][0])
    finally:
        connection.close()


def ui_count(deployment: Deployment) -> int:
    """Classes that the UI shows as materialized through the last asset of the class stage."""
    answer = deployment.graphql.ask(
        "query Status($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) "
        "{ ... on AssetNode { partitionStats { numMaterialized } } } }",
        key={"path": ["class_outliers"]},
    )
    return int(answer["assetNodeOrError"]["partitionStats"]["numMaterialized"])


def watch(conditions: dict[str, Callable[[], bool]], started: float) -> dict[str, float]:
    """Seconds from ``started`` until each of ``conditions`` came true; what never did is left out."""
    seen: dict[str, float] = {}
    while len(seen) < len(conditions) and time.monotonic() - started < patience(_SEEN_SECONDS):
        for name, holds in conditions.items():
            if name not in seen and holds():
                seen[name] = time.monotonic() - started
                print(f"  {seen[name]:6.1f} s  {name}", flush=True)
        time.sleep(0.5)
    return seen


def take_pictures(address: str, folder: Path) -> list[str]:
    """Screenshots of the pages of the UI; returns the names of the files."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    names = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        for name, path in _PAGES.items():
            # The UI polls for ever: the network never falls idle.
            page.goto(address + path, wait_until="domcontentloaded", timeout=90_000)
            page.wait_for_timeout(8_000)
            page.screenshot(path=folder / f"{name}.png")
            names.append(f"{name}.png")
        browser.close()
    return names


def judge_runs(home: Path, since: float, checks: Checks) -> None:
    """One run for each of the two classes, one of the data-set stage, and nothing that failed."""
    records = runs_since(home, since)
    for record in records:
        run = record.dagster_run
        asked = record.create_timestamp.timestamp() - since
        spent = (record.end_time or 0) - (record.start_time or 0)
        partition = run.tags.get("dagster/partition", "")
        print(f"          +{asked:5.0f} s  {run.job_name:22} {partition:14} {run.status.value}  {spent:.0f} s")
    failed = [record for record in records if record.dagster_run.status != dg.DagsterRunStatus.SUCCESS]
    checks.expect("runs that failed", not failed, len(failed))
    classes = Counter(
        key for record in records if (key := record.dagster_run.tags.get("dagster/partition")) is not None
    )
    checks.expect("exactly one run for each of the two classes", classes == {GROWN: 1, NEW: 1}, dict(classes))
    stage = [
        record
        for record in records
        if "dagster/partition" not in record.dagster_run.tags
        and {key.to_user_string() for key in record.dagster_run.asset_selection or ()} & {"findings", "report"}
    ]
    checks.expect("exactly one run of the data-set stage", len(stage) == 1, len(stage))


def run(folder: Path, images: int, seed: int, port: int, shots: Path | None) -> int:
    """Exit code: 0 if every condition holds."""
    root, home, checks = sample_images(folder / "data", images, seed), folder / "home", Checks()
    done = thermal_assets("diagnose", root, "--profile", "aihub-235", "--home", home, *RANDOM_LENS)
    if done.returncode:
        raise RuntimeError(done.stderr)
    with deployed(home, port) as deployment:
        reasons = settle(home, _SEEN_SECONDS, quiet=60.0)
        checks.expect("at rest before", not reasons, reasons[:4] or "yes")
        classes = ui_count(deployment)
        since, started = time.time(), time.monotonic()
        grown, new = drop(root)
        report = home / "report.html"
        seen = watch(
            {
                "channel_stats, both classes": lambda: (
                    published_count(home, "file_manifest", GROWN) == grown
                    and published_count(home, "channel_stats", NEW) == new
                ),
                "outliers at both levels, new class": lambda: published_count(home, "outliers", NEW) >= 2,
                "report names the new class": lambda: report.stat().st_mtime > since and NEW in report.read_text(),
                "UI counts the new class": lambda: ui_count(deployment) == classes + 1,
            },
            started,
        )
        checks.expect(
            "tables, report and UI show the drop", len(seen) == 4, f"after {max(seen.values(), default=0):.0f} s"
        )
        reasons = settle(home, _SEEN_SECONDS, quiet=75.0)
        checks.expect("at rest afterwards", not reasons, reasons[:4] or "yes")
        judge_runs(home, since, checks)
        if shots:
            print(f"  pictures of the UI in {shots}: {', '.join(take_pictures(deployment.graphql.address, shots))}")
        shutil.rmtree(root / NEW)
        time.sleep(1.0)
        reasons = settle(home, _SEEN_SECONDS)
        gone = published_count(home, "file_manifest", NEW) + published_count(home, "channel_stats", NEW)
        checks.expect("the folder removed again: its rows have left", not reasons and gone == 0, reasons[:4] or gone)
    checks.expect("images that do not reconcile", unreconciled(home) == 0, unreconciled(home))
    checks.expect("temporary files left", not leftovers(home), leftovers(home))
    return checks.exit_code()


def _opens(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=3123)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in; left out: a temporary one")
    parser.add_argument("--shots", type=Path, help="folder for pictures of the UI; left out: none are taken")
    given = parser.parse_args()
    if given.shots and importlib.util.find_spec("playwright") is None:
        parser.error("--shots needs Playwright: install it into this environment, or leave --shots out")
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="endurance-")))
        folder.mkdir(parents=True, exist_ok=True)
        return run(folder.resolve(), given.images, given.seed, given.port, given.shots)


if __name__ == "__main__":
    sys.exit(main())
