"""Run every endurance check, each in a process of its own: ``python -m benchmarks.endurance``."""

from __future__ import annotations

import sys

from benchmarks.running import run_modules

CHECKS = ("kills", "embed_kills", "backfill", "drop", "full_disk", "sensor_scale")

if __name__ == "__main__":
    sys.exit(run_modules("benchmarks.endurance", CHECKS))
