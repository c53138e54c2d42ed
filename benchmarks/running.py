"""Several benchmarks, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence


def run_modules(package: str, names: Sequence[str]) -> int:
    """How many of the modules ``names`` of ``package`` ended with another exit code than 0."""
    failed = 0
    for name in names:
        print(f"\n== {name} ==", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"{package}.{name}"], check=False).returncode != 0
    return failed
