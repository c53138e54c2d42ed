"""What a killed process leaves behind goes with the next one; what lives is left alone."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from thermal_assets.temporary import is_leftover, temporary_prefix
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


def test_files_of_this_process_are_no_leftovers(tmp_path: Path) -> None:
    path = tmp_path / f"{temporary_prefix('tmp')}abc"
    path.touch()
    assert not is_leftover(path, "tmp")
    assert not is_leftover(tmp_path / "image.vectors", "tmp")
