"""Kill -9 in the middle of a class's image pass, again and again, at random moments.

    python -m benchmarks.endurance.embed_kills [--kills 20] [--images 12000] [--seed 1] [--folder DIR]

One class of small images is diagnosed by the command line, which is killed a random moment after its
image pass began. Afterwards one undisturbed call has to complete: every content lies in exactly one
chunk of vectors and one of statistics, none that was committed is decoded or embedded again, and every
table equals that of a home that was never killed.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dagster as dg

from benchmarks.catalogue_scale import make_images
from benchmarks.endurance.checking import Checks, leftovers, row_differences, unreconciled, wait_for
from benchmarks.endurance.deployment import TOOLS, Deployment, thermal_assets
from benchmarks.endurance.runs import history
from thermal_assets.embedding.chunk_files import ChunkDirectory
from thermal_assets_tests.end_to_end.homes import RANDOM_LENS, query

_PARTS = {"vectors": (".vectors",), "statistics": (".records", ".pictures")}
# The L2 lens and the statistics; what the L3 lens makes of the vectors lies in a folder beside.
_FOLDERS = {"vectors": RANDOM_LENS[1], "statistics": "stats-"}
_START_SECONDS = 180.0


def committed(home: Path, store: str) -> tuple[set[bytes], int]:
    """Content hashes in the complete chunks below ``home/store``, and how many rows those chunks have together."""
    keys: set[bytes] = set()
    rows = 0
    for folder in sorted((home / store).glob(f"{_FOLDERS[store]}*/")):
        directory = ChunkDirectory(folder, _PARTS[store])
        rows += sum(chunk.rows for chunk in directory.chunks)
        keys.update(key.tobytes() for block in directory._keys for key in block)
    return keys, rows


def image_pass_began(home: Path, since: float) -> bool:
    """Whether an image pass was started after ``since`` (seconds since the epoch)."""
    with history(home) as instance:
        for record in instance.get_run_records(limit=1):
            starts = instance.all_logs(record.dagster_run.run_id, of_type=dg.DagsterEventType.STEP_START)
            if any(entry.step_key == "image_pass" and entry.timestamp >= since for entry in starts):
                return True
    return False


def last_pass(home: Path) -> dict[str, int]:
    """Images decoded and embedded by the newest image pass, from the metadata it left."""
    told = {}
    with history(home) as instance:
        for asset, name in (("channel_stats", "decoded_now"), ("l2_embeddings", "embedded_now")):
            (record,) = instance.fetch_materializations(dg.AssetKey(asset), limit=1).records
            materialization = record.asset_materialization
            assert materialization is not None
            told[name] = int(str(materialization.metadata[name].value))
    return told


def run(folder: Path, kills: int, images: int, seed: int) -> int:
    """Exit code: 0 if every condition holds."""
    root, home, checks, chance = folder / "images", folder / "home", Checks(), random.Random(seed)
    make_images(root, images, 1)
    command = ("diagnose", root, "--home", home, *RANDOM_LENS)
    deployment = Deployment(home, 0)
    made = thermal_assets("init", home, "--images", root, *RANDOM_LENS)
    if made.returncode:
        raise RuntimeError(made.stderr)
    before: dict[str, set[bytes]] = {store: set() for store in _PARTS}
    lost = middle = 0
    try:
        for number in range(kills):
            since = time.time()
            process = deployment.spawn("diagnose", [str(TOOLS / "thermal-assets"), *map(str, command)])
            wait_for(lambda: _over(process) or image_pass_began(home, since), _START_SECONDS, 0.2)  # noqa: B023
            if number % 2:  # every other kill comes after a chunk was written, however slow the machine is
                had = len(before["vectors"])
                wait_for(lambda: _over(process) or len(committed(home, "vectors")[0]) > had, _START_SECONDS, 0.2)  # noqa: B023
            time.sleep(chance.uniform(0.0, 6.0))
            deployment.kill("diagnose", True)
            now = {store: committed(home, store)[0] for store in _PARTS}
            lost += sum(len(before[store] - now[store]) for store in _PARTS)
            middle += len(before["vectors"]) < images
            before = now
            seen = {store: len(keys) for store, keys in before.items()}
            print(
                f"  {number + 1:3}  killed, on disk: {seen['vectors']:6} vectors, {seen['statistics']:6} statistics",
                flush=True,
            )
    finally:
        deployment.stop()
    unembedded = images - len(before["vectors"])
    incomplete = images - len(before["vectors"] & before["statistics"])  # what lacks either is decoded for it
    checks.expect("kills before the class was whole", middle == kills, f"{middle} of {kills}")
    checks.expect("committed contents that a kill lost", lost == 0, lost)
    done = thermal_assets(*command)
    checks.expect("a call afterwards completes", done.returncode == 0, done.stderr.strip()[-200:] or "yes")
    told = last_pass(home)
    checks.expect(
        "embeds what was not committed, and no more",
        told["embedded_now"] == unembedded,
        f"{told['embedded_now']} of {images}",
    )
    checks.expect(
        "decodes what lacked either, and no more",
        told["decoded_now"] == incomplete,
        f"{told['decoded_now']} of {images}",
    )
    for store in _PARTS:
        keys, rows = committed(home, store)
        checks.expect(f"contents in more than one chunk of {store}", rows == len(keys), rows - len(keys))
        checks.expect(f"contents in no chunk of {store}", len(keys) == images, images - len(keys))
    _judge_tables(home, root, folder / "undisturbed", images, checks)
    return checks.exit_code()


def _judge_tables(home: Path, root: Path, undisturbed: Path, images: int, checks: Checks) -> None:
    counts = query(home, "SELECT (SELECT count(*) FROM channel_stats), (SELECT count(*) FROM l2_embeddings)")
    checks.expect("rows of channel_stats and l2_embeddings", counts == [(images, images)], counts)
    checks.expect("images that do not reconcile", unreconciled(home) == 0, unreconciled(home))
    again = thermal_assets("diagnose", root, "--home", home)
    checks.expect("another call has nothing to do", again.returncode == 0 and _unchanged(home), "")
    done = thermal_assets("diagnose", root, "--home", undisturbed, *RANDOM_LENS)
    checks.expect("the undisturbed home is diagnosed", done.returncode == 0, done.stderr.strip()[-200:])
    found = row_differences(home, undisturbed)
    checks.expect("tables that differ from the undisturbed home's", not found, [str(item) for item in found])
    checks.expect("temporary files left", not leftovers(home), leftovers(home))


def _unchanged(home: Path) -> bool:
    """Whether the newest image pass wrote nothing."""
    states = query(
        home,
        "SELECT arg_max(status, started_at) FROM run_log WHERE asset IN ('channel_stats', 'l2_embeddings') GROUP BY asset",
    )
    return states == [("unchanged",), ("unchanged",)]


def _over(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--images", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in; left out: a temporary one")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="endurance-")))
        folder.mkdir(parents=True, exist_ok=True)
        return run(folder.resolve(), given.kills, given.images, given.seed)


if __name__ == "__main__":
    sys.exit(main())
