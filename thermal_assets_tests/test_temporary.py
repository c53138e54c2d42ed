"""What a killed process leaves behind goes with the next one; what lives is left alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from thermal_assets.temporary import is_leftover, remove_leftovers, temporary_prefix
from thermal_assets.warehouse.access import Warehouse
from thermal_assets.warehouse.snapshot import snapshot

_HOLD = """
import sys
from pathlib import Path
from thermal_assets.warehouse.access import Warehouse
from thermal_assets.warehouse.snapshot import snapshot
with snapshot(Warehouse(Path(sys.argv[1]))):
    print("open", flush=True)
    sys.stdin.read()
"""


def _copies(folder: Path) -> set[Path]:
    return set(folder.glob(".snapshot-*"))


def test_the_copy_of_a_killed_process_goes_with_the_next_one(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.create()
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(warehouse.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    try:
        for holder in holders:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"open\n"
        assert len(_copies(tmp_path)) == 2
        holders[0].send_signal(signal.SIGKILL)
        holders[0].wait()
        assert len(_copies(tmp_path)) == 2
        with snapshot(warehouse) as connection:
            assert connection.execute("SELECT count(*) FROM file_manifest").fetchall() == [(0,)]
            assert len(_copies(tmp_path)) == 2  # that of the living one, and our own
        assert len(_copies(tmp_path)) == 1
    finally:
        for holder in holders:
            holder.communicate()
    assert _copies(tmp_path) == set()


def test_hyphens_in_what_is_being_written_hide_no_dead_process(tmp_path: Path) -> None:
    """Lists of neighbours are named after their lens, and a killed search of a large data set leaves gigabytes."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    living = f"{temporary_prefix('neighbors')}L3-pca-1-120-818d63775f8b"
    left = living.replace(f"+{os.getpid()}-", f"+{dead.pid}-")
    for name in (living, left, left.replace(socket.gethostname(), f"{socket.gethostname()}-2")):
        (tmp_path / name).mkdir()
    remove_leftovers(tmp_path, "neighbors")
    assert {path.name for path in tmp_path.iterdir()} == {
        living,
        left.replace(socket.gethostname(), f"{socket.gethostname()}-2"),  # another machine's: maybe alive
    }


def test_files_of_this_process_are_no_leftovers(tmp_path: Path) -> None:
    path = tmp_path / f"{temporary_prefix('tmp')}abc"
    path.touch()
    assert not is_leftover(path, "tmp")
    assert not is_leftover(tmp_path / "image.vectors", "tmp")
