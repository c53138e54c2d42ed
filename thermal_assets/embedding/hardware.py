"""What this machine offers a network: processors and bf16 units."""

from __future__ import annotations

import os
from pathlib import Path


def available_cpus() -> int:
    """Processors this process may use: its affinity, cut to the container's CPU quota (cgroup v2)."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            count = min(count, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass
    return count


def has_native_bf16() -> bool:
    """True where the processor multiplies bfloat16 itself (AVX512-BF16 or AMX); emulated bf16 is slower than fp32."""
    import torch

    wanted = ("avx512_bf16", "amx_bf16")
    if hasattr(torch.cpu, "get_capabilities"):
        return any(bool(torch.cpu.get_capabilities().get(name)) for name in wanted)
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    return any(name in flags for name in wanted)
