"""What one percent of new images costs, against a search of everything, with the results compared.

    python -m benchmarks.neighbors_update [--images 100000] [--dimensions 120] [--share 0.01] [--precision float32]

Neighbours of a class or data set as the stations ask for them: 100 plain ones and 10 across sessions.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.neighbors_throughput import THREADS, unit_vectors
from thermal_assets.neighbors.grouped import Neighborhood, list_widths, neighborhood
from thermal_assets.neighbors.incremental import Previous
from thermal_assets.neighbors.list_files import ListFiles


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=120)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--precision", choices=("bfloat16", "float32"), help="left out: what is fast on this machine")
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    n = options.images
    vectors = unit_vectors(n, options.dimensions)
    session = np.arange(n) // 1500
    frame = np.arange(n) // 2
    rng = np.random.default_rng(2)
    new = rng.choice(n, int(options.share * n), replace=False)
    before = np.setdiff1d(np.arange(n), new)
    old_of = np.full(n, -1)
    old_of[before] = np.arange(len(before))
    with tempfile.TemporaryDirectory() as folder:

        def search(rows: np.ndarray, name: str, previous: Previous | None = None) -> tuple[Neighborhood, ListFiles]:
            files = ListFiles.begin(Path(folder) / name, len(rows), *list_widths(100, 10))
            some = vectors[rows]
            began, cpu = time.perf_counter(), time.process_time()
            found = neighborhood(
                some,
                session=session[rows],
                frame=frame[rows],
                kept=10,
                mean_of=(1, 10, 100),
                files=files,
                previous=previous,
                precision=options.precision,
            )
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            print(f"{name:30} {len(rows):9,} images {seconds:8.2f} s {cpu:8.2f} processor-s", flush=True)
            costs.append((seconds, cpu))
            return found, files

        costs: list[tuple[float, float]] = []
        # The first search and the first update of a process load compiled code.
        few = before[: min(n, 2000)]
        _, lists = search(few[1:], "warm up")
        search(few, "warm up of an update", Previous(lists, np.arange(-1, len(few) - 1)))
        _, lists = search(before, "everything before")
        updated, _ = search(np.arange(n), "with the new images, updated", Previous(lists, old_of))
        anew, _ = search(np.arange(n), "with the new images, anew")
        for one, other in ((updated.plain, anew.plain), (updated.across, anew.across)):
            assert (one.indices == other.indices).all()
            assert (one.distances == other.distances).all()
        assert all((updated.plain.means[k] == anew.plain.means[k]).all() for k in (1, 10, 100))
        share = [100 * updating / full for updating, full in zip(costs[-2], costs[-1], strict=True)]
        print(
            f"equal; {len(new):,} new images cost {share[0]:.1f} % of the time, {share[1]:.1f} % of the processor time",
            flush=True,
        )
        removed = np.sort(rng.choice(n, n - int(options.share * n), replace=False))
        whole = ListFiles.begin(Path(folder) / "whole", n, *list_widths(100, 10))
        neighborhood(vectors, session=session, frame=frame, kept=10, files=whole)
        without, _ = search(removed, "without one percent, updated", Previous(whole, removed))
        fresh, _ = search(removed, "without one percent, anew")
        assert (without.plain.indices == fresh.plain.indices).all()
        assert (without.across.indices == fresh.across.indices).all()
        share = [100 * updating / full for updating, full in zip(costs[-2], costs[-1], strict=True)]
        print(f"equal; deletions cost {share[0]:.1f} % of the time, {share[1]:.1f} % of the processor time")


if __name__ == "__main__":
    main()
