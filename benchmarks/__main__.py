"""Run every benchmark, one after the other, each in a process of its own: ``python -m benchmarks``."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "l1_throughput",
    "embedding_throughput",
    "neighbors_throughput",
    "neighbors_update",
    "catalogue_scale",
    "planted_l1",
    "lenses_compared",
    "label_issues",
    "planted_l3",
    "detector_cost",
)


def main() -> int:
    """Exit code: how many benchmarks failed."""
    failed = 0
    for name in BENCHMARKS:
        print(f"\n== {name} ==", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
