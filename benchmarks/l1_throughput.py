"""Level 1 (statistics of every image) beside its peers, in one run: run this file with --help.

On the same files, with all processors:

- ``decode bound``: Pillow opens and decodes the files and nothing else, one process for each processor.
- ``ours``: the product's image pass without a network: every statistic of ``channel_stats``, ``palette_levels`` and the
  class pictures, stored durably.
- ``CleanVision``: all of its checks, in a virtual environment of its own that this benchmark makes (with the package
  index that is configured here) and keeps in the temporary folder of the machine.

Files: pseudo-colour PNG crops of 170 x 170 pixels cut from real frames of a thermal camera (without the
folder ``../shared/data``: from made scenes), and the 20,000 solar modules where they are present. Where other
work runs on the machine, believe the ratios of processor time rather than those by the clock.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.peers import peer_environment

SIDE = 170
PALETTES = ("iron", "rainbow", "inferno", "jet")
DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
_CLEANVISION = """
import json, resource, sys, time
import cleanvision
from cleanvision import Imagelab
from importlib.metadata import version
if __name__ == "__main__":
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    lab = Imagelab(data_path=sys.argv[1])
    lab.find_issues(n_jobs=int(sys.argv[2]), verbose=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + below.ru_utime + below.ru_stime
    print("RESULT " + json.dumps({"wall": wall, "processor": processor, "images": len(lab.issues),
                                  "version": version("cleanvision")}))
"""
_OURS = """
import json, sys
from benchmarks.l1_throughput import image_pass
print("RESULT " + json.dumps(image_pass(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="pseudo-colour crops (default 20000)")
    parser.add_argument("--solar", type=int, default=20_000, help="solar modules, at most (default 20000; 0: none)")
    parser.add_argument("--memory", type=int, nargs=2, default=(10_000, 40_000), help="images of the two memory runs")
    parser.add_argument("--rounds", type=int, default=2, help="rounds; the best of each peer counts (default 2)")
    parser.add_argument("--without-cleanvision", action="store_true", help="install and run nothing")
    options = parser.parse_args()
    processors = len(os.sched_getaffinity(0))
    python = None if options.without_cleanvision else peer_environment("cleanvision")
    with tempfile.TemporaryDirectory() as scratch:
        folder = crops(Path(scratch) / "crops", options.count)
        compare(
            f"{options.count} pseudo-colour PNG crops of {SIDE} x {SIDE}", folder, python, options.rounds, processors
        )
        if options.solar and (DATA / "solar_modules.zip").is_file():
            solar = unpacked(DATA / "solar_modules.zip", Path(scratch) / "solar", options.solar)
            compare("solar modules, JPEG of 24 x 40", solar, python, options.rounds, processors)
        few, many = sorted(options.memory)
        grown = multiplied(folder, Path(scratch) / "many", many)
        peaks = [image_pass_in_a_process(grown, count, processors)["peak_mb"] for count in (few, many)]
        print(f"\npeak memory at {few:,} images {peaks[0]:.0f} MB, at {many:,} images {peaks[1]:.0f} MB")


def compare(title: str, folder: Path, python: Path | None, rounds: int, processors: int) -> None:
    """Print images per second and processor time of every peer on the files of one folder, and the ratios."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files) / len(files)
    print(f"\n{title}: {len(files):,} files of {size / 1000:.1f} kB, {processors} processors", flush=True)
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        found.setdefault("decode bound", []).append(decode_bound(files, processors))
        found.setdefault("ours", []).append(image_pass_in_a_process(folder, len(files), processors))
        if python is not None:
            found.setdefault("CleanVision", []).append(cleanvision(python, folder, processors))
    clock = {name: len(files) / min(run["wall"] for run in runs) for name, runs in found.items()}
    processor = {name: min(run["processor"] for run in runs) / len(files) for name, runs in found.items()}
    for name, rate in clock.items():
        print(f"{name:14}{rate:9,.0f} images/s {1000 * processor[name]:9.3f} ms of processor time an image")
    for peer in ("decode bound", "CleanVision"):
        if peer in clock:
            by_clock, by_processor = clock["ours"] / clock[peer], processor[peer] / processor["ours"]
            print(f"ours / {peer:14}{by_clock:7.2f} by the clock {by_processor:7.2f} by processor time")


def image_pass(folder: str, count: int, workers: int) -> dict[str, float]:
    """The product's image pass over ``count`` files, in this process: seconds, processor seconds and peak memory."""
    from thermal_assets.embedding.image_pass import ImageFile, run_image_pass
    from thermal_assets.embedding.stats_store import StatsStore

    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())[:count]
    files = [
        ImageFile(path, path.name, hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()) for path in paths
    ]
    with tempfile.TemporaryDirectory() as home:
        # What a process does once (imports, lookup tables) is no part of the rate.
        run_image_pass(files[:32], stats=StatsStore(Path(home) / "first"), workers=workers)
        before = _processor_seconds()
        summary = run_image_pass(files, stats=StatsStore(Path(home) / "stats"), workers=workers)
        processor = _processor_seconds() - before
    if summary.problems or summary.undecodable:
        raise RuntimeError(f"{summary.undecodable} undecodable files, problems: {summary.problems[:3]}")
    # Of this process and its workers together, an upper bound: the largest child counts for each of them, and the system
    # counts a child's memory from its fork on, when it is still that of this process.
    own, worker = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    peak = (own + summary.processes * worker) / 1024
    # Files with equal bytes are measured once; the peers measure each.
    wall = summary.wall_seconds * len(files) / max(1, summary.measured)
    return {"wall": wall, "processor": processor * len(files) / max(1, summary.measured), "peak_mb": peak}


def _processor_seconds() -> float:
    """Of this process and of those it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def image_pass_in_a_process(folder: Path, count: int, workers: int) -> dict[str, float]:
    return _result([sys.executable, "-c", _OURS, str(folder), str(count), str(workers)])


def decode_bound(files: list[Path], processes: int) -> dict[str, float]:
    """Pillow alone: every file opened and decoded, one process for each processor."""
    batches = [files[start : start + 50] for start in range(0, len(files), 50)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(_decode, [batches[0]] * processes * 2, chunksize=1)
        started = time.perf_counter()
        processor = sum(pool.imap_unordered(_decode, batches))
        return {"wall": time.perf_counter() - started, "processor": processor}


def _decode(paths: list[Path]) -> float:
    before = time.process_time()
    for path in paths:
        with Image.open(path) as image:
            image.load()
    return time.process_time() - before


def cleanvision(python: Path, folder: Path, processes: int) -> dict[str, float]:
    found = _result([str(python), "-c", _CLEANVISION, str(folder), str(processes)])
    print(f"  CleanVision {found['version']}: {found['images']:,} images", flush=True)
    return found


def _result(command: list[str]) -> dict[str, float]:
    """What a program printed behind the word RESULT, as JSON."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).resolve().parent.parent)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return dict(json.loads(lines[-1].removeprefix("RESULT ")))


def crops(folder: Path, count: int) -> Path:
    """``count`` PNG crops of SIDE x SIDE, coloured by four palettes, as Pillow writes them."""
    from thermal_assets.imaging.palettes import palette_table

    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    tables = [palette_table(name) for name in PALETTES]
    for index, scene in zip(range(count), scenes(), strict=False):
        height, width = scene.shape
        top, left = generator.integers(0, height - SIDE), generator.integers(0, width - SIDE)
        levels = scene[top : top + SIDE, left : left + SIDE]
        Image.fromarray(tables[index % len(tables)][levels]).save(folder / f"{index:05d}.png")
    return folder


def scenes() -> Iterator[np.ndarray]:
    """Grey levels uint8 [H, W] without end: real frames where there are any, else made ones."""
    frames = DATA / "hit_uav_frames.zip"
    if frames.is_file():
        with zipfile.ZipFile(frames) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
            while True:
                for name in names:
                    yield np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("L"))
    from thermal_assets.lenses.pseudo_images import pseudo_images

    fields = pseudo_images(16, 256, 0)[:, :, :, 0].astype(np.float32)
    generator = np.random.default_rng(1)
    while True:
        for field in fields:
            yield np.clip(field + generator.normal(0, 3, field.shape), 0, 255).astype(np.uint8)


def unpacked(archive: Path, folder: Path, most: int) -> Path:
    with zipfile.ZipFile(archive) as source:
        names = sorted(name for name in source.namelist() if name.lower().endswith((".jpg", ".png")))
        source.extractall(folder, names[:: max(1, len(names) // most)][:most])
    return folder


def multiplied(folder: Path, target: Path, count: int) -> Path:
    """``count`` files with the pictures of ``folder`` in turn, each with a time chunk of its own: other bytes."""
    target.mkdir(parents=True)
    pictures = [path.read_bytes() for path in sorted(folder.iterdir())]
    for index in range(count):
        data = pictures[index % len(pictures)]
        moment = b"tIME" + (2000 + index // 3600).to_bytes(2, "big") + bytes([1, 1, 0, index // 60 % 60, index % 60])
        chunk = (len(moment) - 4).to_bytes(4, "big") + moment + zlib.crc32(moment).to_bytes(4, "big")
        (target / f"{index:05d}.png").write_bytes(data[:33] + chunk + data[33:])  # behind the header chunk
    return target


if __name__ == "__main__":
    main()
