"""How the catalogue grows: many tiny images through manifest, L1 tables and publishing.

    python -m benchmarks.catalogue_scale [--images 200000] [--classes 20] [--folder DIR]

Prints time per station, peak memory, the longest transaction and the longest hold of the lock. The
pixels are noise and no network runs: what is measured is files, hashing, tables and locks.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from thermal_assets.home.layout import create_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.manifest.scanning import read_catalog
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets.steps.step import peak_memory_mb
from thermal_assets.warehouse.publishing import publish

L1 = frozenset({"channel_stats", "class_pixel_stats"})
SIDE = 18  # an 18 x 18 RGB noise PNG has about one kilobyte


def make_images(root: Path, images: int, classes: int) -> None:
    """``images`` different one-kilobyte PNGs in ``classes`` folders."""
    generator = np.random.default_rng(0)
    for number in range(classes):
        folder = root / f"class_{number:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        for image in range(images // classes):
            pixels = generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
            (folder / f"{image:06d}.png").write_bytes(stream.getvalue())


def run(images: int, classes: int, folder: Path) -> None:
    """Measure and print."""
    root = folder / "images"
    if not root.exists():
        make_images(root, images, classes)
    home = create_home(folder / f"home-{time.time_ns()}", HomeSettings(image_root=str(root)))
    seconds: dict[str, float] = {}

    def timed(station: str, started: float) -> None:
        seconds[station] = seconds.get(station, 0.0) + time.monotonic() - started

    started = time.monotonic()
    materialize_image_classes(home, "catalogue")
    timed("image_classes", started)
    for attempt in ("first", "unchanged"):
        for class_name in read_catalog(root).classes:
            key = partition_key_of(class_name)
            started = time.monotonic()
            materialize_file_manifest(home, f"manifest {attempt}", key)
            timed(f"file_manifest, {attempt}", started)
            started = time.monotonic()
            materialize_image_pass(home, f"statistics {attempt}", key, L1)
            timed(f"channel_stats and class_pixel_stats, {attempt}", started)
    started = time.monotonic()
    done = publish(home.warehouse, home.published, class_assets=("file_manifest", *sorted(L1)))
    timed("publishing", started)
    counts = home.warehouse.frame(
        "SELECT (SELECT count(*) FROM file_manifest) AS files, (SELECT count(*) FROM channel_stats) AS read, "
        "(SELECT max(lock_seconds) FROM run_log) AS lock, (SELECT arg_max(asset, lock_seconds) FROM run_log) AS asset"
    ).row(0, named=True)
    for station, value in seconds.items():
        print(f"{station:45} {value:8.1f} s   {counts['files'] / value:10,.0f} files/s")
    print(f"{counts['files']:,} files, {counts['read']:,} read, {len(done.fresh)} classes published")
    print(f"longest write transaction {counts['lock']:.2f} s ({counts['asset']})")
    print(
        f"longest hold of the lock {max(counts['lock'], done.lock_seconds):.2f} s (publishing {done.lock_seconds:.2f} s)"
    )
    print(f"peak memory {peak_memory_mb():,.0f} MB, warehouse {home.warehouse.path.stat().st_size / 1e6:,.0f} MB")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where images and home go; left out: a temporary folder")
    options = parser.parse_args()
    if options.folder:
        run(options.images, options.classes, options.folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(options.images, options.classes, Path(folder))


if __name__ == "__main__":
    main()
