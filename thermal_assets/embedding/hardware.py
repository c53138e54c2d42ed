"""What this machine offers a network: processors, bf16 units, and an allocator that keeps its memory."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Numbers of mallopt(3) in glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_KEPT = 1 << 30
_DEFAULT_MMAP_MAX, _DEFAULT_TRIM, _DEFAULT_PAD = 65536, 64 << 20, 128 << 10


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


@contextmanager
def memory_kept() -> Iterator[bool]:
    """Let malloc keep freed memory while a network runs, and hand it back afterwards.

    glibc returns the large activations to the kernel after every layer and faults them in again for
    the next one; that is half of the time of a small network. Yields whether the allocator took the
    setting (other C libraries have no mallopt: then nothing happens).
    """
    try:
        libc = ctypes.CDLL(None)
        mallopt, trim = libc.mallopt, libc.malloc_trim
    except (OSError, AttributeError):
        yield False
        return
    # One arena: those of further threads end at 64 MB a heap and map everything larger anew each time.
    settings = ((_M_ARENA_MAX, 1), (_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _KEPT), (_M_TOP_PAD, 16 << 20))
    taken = all(mallopt(name, value) == 1 for name, value in settings)
    try:
        yield taken
    finally:
        mallopt(_M_MMAP_MAX, _DEFAULT_MMAP_MAX)
        mallopt(_M_TRIM_THRESHOLD, _DEFAULT_TRIM)
        mallopt(_M_TOP_PAD, _DEFAULT_PAD)
        trim(0)
