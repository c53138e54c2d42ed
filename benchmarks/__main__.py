"""Run every benchmark, one after the other, each in a process of its own: ``python -m benchmarks``."""

from __future__ import annotations

import sys

from benchmarks.running import run_modules

BENCHMARKS = (
    "l1_throughput",
    "embedding_throughput",
    "neighbors_throughput",
    "neighbors_update",
    "catalogue_scale",
    "planted_l1",
    "planted_copies",
    "lenses_compared",
    "label_issues",
    "shuffled_labels",
    "flight_conditions",
    "planted_l3",
    "planted_pixels",
    "planted_model_case",
    "detector_cost",
)

if __name__ == "__main__":
    sys.exit(run_modules("benchmarks", BENCHMARKS))
