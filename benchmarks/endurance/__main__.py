"""Run every endurance check, each in a process of its own: ``python -m benchmarks.endurance``."""

from __future__ import annotations

import subprocess
import sys

CHECKS = ("kills", "embed_kills", "backfill", "drop", "full_disk", "sensor_scale")


def main() -> int:
    """Exit code: how many checks found something broken."""
    failed = 0
    for name in CHECKS:
        print(f"\n== {name} ==", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.endurance.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
