"""Who may touch the warehouse file now.

DuckDB lets one process write, or several read, never both, and fails at once instead of waiting.
All of our own processes therefore take one file lock first and wait for it in line. A process that
is not ours (a ``duckdb`` shell on the pipeline's own file) is waited for as well, then named.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import filelock
import psutil

from thermal_assets.errors import UserError, WarehouseLocked
from thermal_assets.warehouse.memory import bound_memory

_POLL_SECONDS = 0.05
_CONFLICT = re.compile(r"PID (\d+)")


def _describe_process(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        command = " ".join(process.cmdline())[:120] or process.name()
    except psutil.Error:
        return f"process {pid}"
    return f"process {pid} ({command})"


def _holder_of(lock_path: Path) -> str:
    try:
        pid = int(json.loads(lock_path.with_suffix(".holder").read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return "another process of this home"
    return _describe_process(pid)


@contextlib.contextmanager
def exclusive(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock beside warehouse file ``path``.

    Raises:
        WarehouseLocked: after ``timeout`` seconds, naming the process that holds it.
        UserError: the folder cannot be written.
    """
    lock_path = path.with_suffix(".lock")
    lock = filelock.FileLock(lock_path, timeout=timeout, poll_interval=_POLL_SECONDS)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise WarehouseLocked(
            f"{path} has been held for more than {timeout:.0f} s by {_holder_of(lock_path)}: "
            "wait for it to end, or stop it, and start again"
        ) from None
    except OSError as error:
        raise UserError(f"cannot write in {path.parent} ({error.strerror}): check the folder and its rights") from error
    try:
        # Only tells a waiting process whom it waits for; a stale one does no harm.
        with contextlib.suppress(OSError):
            lock_path.with_suffix(".holder").write_text(json.dumps({"pid": os.getpid()}))
        yield
    finally:
        lock.release()


def connect(path: Path, *, read_only: bool, timeout: float) -> duckdb.DuckDBPyConnection:
    """Open ``path``, waiting up to ``timeout`` seconds for a foreign process to let go of it.

    Raises:
        WarehouseLocked: a foreign process still holds the file; it is named.
        UserError: the file is no DuckDB file, or was written by a newer DuckDB.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            return bound_memory(duckdb.connect(str(path), read_only=read_only))
        except duckdb.IOException as error:
            text = str(error)
            if "lock" not in text.lower():
                first_line = text.splitlines()[0]
                raise UserError(f"{path} cannot be opened as a DuckDB file: {first_line}") from error
            if time.monotonic() >= deadline:
                match = _CONFLICT.search(text)
                holder = _describe_process(int(match.group(1))) if match else "another process"
                raise WarehouseLocked(
                    f"{path} is held open by {holder}: close it, and read published.duckdb instead, "
                    "which never blocks the pipeline"
                ) from None
            time.sleep(_POLL_SECONDS)
        except duckdb.Error as error:
            raise UserError(f"{path} cannot be opened: {str(error).splitlines()[0]}") from error
