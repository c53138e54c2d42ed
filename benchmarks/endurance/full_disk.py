"""A disk that fills up during a diagnosis: told in one line, nothing spoiled, completed once there is room.

    python -m benchmarks.endurance.full_disk [--images 300] [--sizes 4] [--seed 7] [--folder DIR]

The home lies on a small tmpfs (mounting one takes root). A sample data set is diagnosed with disks of
several sizes below what the whole diagnosis needs, so that it runs full at different steps. Each time
the command has to end with one clear line and the warehouse has to open and reconcile; then the disk
grows, the same command has to complete, and every table has to equal that of an undisturbed home.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.endurance.checking import Checks, leftovers, row_differences
from benchmarks.endurance.dataset import sample_images
from benchmarks.endurance.deployment import thermal_assets
from thermal_assets_tests.end_to_end.homes import RANDOM_LENS, query

_ENOUGH_MB = 2048


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[Path]:
    """A tmpfs of this size at ``folder`` inside the block."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={int(megabytes * 1024)}k", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True, text=True)


def used_megabytes(folder: Path) -> float:
    """What the files below ``folder`` take."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 2**20


def broken_rows(home: Path) -> int:
    """Images neither measured nor explained in classes whose statistics are up to date; vectors without a picture."""
    ((count,),) = query(
        home,
        """
        WITH current AS (
            SELECT m.partition AS class_name  -- plain names: a partition is called as its class
            FROM asset_versions m JOIN asset_versions s USING (partition)
            WHERE m.asset = 'file_manifest' AND s.asset = 'channel_stats' AND m.manifest_version = s.manifest_version
        )
        SELECT (SELECT count(*) FROM file_manifest f JOIN current USING (class_name)
                WHERE NOT EXISTS (FROM channel_stats s WHERE s.image_id = f.image_id)
                AND NOT EXISTS (FROM image_problems p WHERE p.image_id = f.image_id))
             + (SELECT count(*) FROM l2_embeddings e JOIN current USING (class_name)
                ANTI JOIN file_manifest f USING (image_key))
             + (SELECT count(*) - count(DISTINCT image_id) FROM file_manifest)
        """,
    )
    return int(count)


def judge_failure(done: subprocess.CompletedProcess[str], checks: Checks) -> None:
    """The command must have failed, and said why so that a person can act on it."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    told = next((line for line in lines if "space" in line or "disk is full" in line), "")
    checks.expect("the command fails", done.returncode != 0, f"exit code {done.returncode}")
    checks.expect("no traceback", "Traceback" not in done.stdout + done.stderr, f"{len(lines)} lines")
    checks.expect("it says that the disk is full", bool(told), told[:150] or lines[-1:] or "nothing")
    checks.expect(
        "every line says so",
        all("space" in x or "disk is full" in x or "not there yet" in x for x in lines),
        [line[:150] for line in lines if "space" not in line and "disk is full" not in line][:3] or "yes",
    )


def run(folder: Path, images: int, sizes: int, seed: int) -> int:
    """Exit code: 0 if every condition holds."""
    root, undisturbed, checks = sample_images(folder / "data", images, seed, 6), folder / "undisturbed", Checks()
    options = ("--profile", "aihub-235", *RANDOM_LENS)
    done = thermal_assets("diagnose", root, "--home", undisturbed, *options)
    if done.returncode:
        raise RuntimeError(done.stderr)
    # Run full too late and it would not run full at all: the history alone is a part of what is needed.
    needed = used_megabytes(undisturbed)
    print(f"the diagnosis needs {needed:.0f} MB")
    for number in range(sizes):
        megabytes = needed * (0.15 + 0.7 * number / max(sizes - 1, 1))
        print(f"a disk of {megabytes:.1f} MB")
        with small_disk(folder / f"disk_{number}", megabytes) as disk:
            home = disk / "home"
            done = thermal_assets("diagnose", root, "--home", home, *options)
            judge_failure(done, checks)
            if (home / "warehouse.duckdb").exists() and (home / "home.toml").exists():
                checks.expect("rows that are broken in the warehouse", (broken := broken_rows(home)) == 0, broken)
            _mount("-o", f"remount,size={_ENOUGH_MB}m", str(disk))
            done = thermal_assets("diagnose", root, "--home", home, *options)
            checks.expect("completes once there is room", done.returncode == 0, done.stderr.strip()[-200:] or "yes")
            found = row_differences(home, undisturbed)
            checks.expect("tables that differ from the undisturbed home's", not found, [str(item) for item in found])
            checks.expect("temporary files left", not leftovers(home), leftovers(home))
    return checks.exit_code()


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--sizes", type=int, default=4, help="how many disks that are too small")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in; left out: a temporary one")
    given = parser.parse_args()
    if os.geteuid() != 0:
        print("mounting a small disk takes root: run this as root")
        return 2
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="endurance-")))
        folder.mkdir(parents=True, exist_ok=True)
        return run(folder.resolve(), given.images, given.sizes, given.seed)


if __name__ == "__main__":
    sys.exit(main())
