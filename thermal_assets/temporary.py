"""Temporary names that tell which process made them, so that what a killed process left behind can go."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
from pathlib import Path

import psutil

# No host name has one, while both they and what follows the process may contain hyphens.
_BEFORE_PROCESS = "+"
#: After this long nothing temporary is still being written, whichever machine wrote it.
_DAY_SECONDS = 24 * 3600.0


def temporary_prefix(label: str) -> str:
    """Prefix of temporary files of this process: ``.label-host+pid-``."""
    return f".{label}-{socket.gethostname()}{_BEFORE_PROCESS}{os.getpid()}-"


def is_leftover(path: Path | str, label: str) -> bool:
    """Whether ``path`` is a temporary file or folder of ``label`` that nobody is writing any more.

    Its maker ran on this machine and is dead, or it is older than a day.
    """
    name = os.path.basename(path)  # noqa: PTH119 (called for every file of a folder)
    if not name.startswith(f".{label}-"):
        return False
    machine, _, rest = name.removeprefix(f".{label}-").partition(_BEFORE_PROCESS)
    process = rest.partition("-")[0]
    if machine == socket.gethostname() and process.isdigit():
        return not psutil.pid_exists(int(process))
    with contextlib.suppress(OSError):
        return time.time() - os.lstat(path).st_mtime > _DAY_SECONDS
    return False


def remove_leftovers(folder: Path, label: str) -> None:
    """Remove what dead processes left in ``folder`` under ``label``; what cannot be removed stays."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if is_leftover(entry.path, label):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)  # noqa: PTH108 (as above)
