"""The sensor's memory: a class is due once it differs and has settled, and only then."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from thermal_assets.manifest.watching import files_state, full_state
from thermal_assets.steps.refresh import Watch, look


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("pipe", "valve"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(b"a")
    return tmp_path


def _due(root: Path, watch: Watch) -> tuple[Watch, dict[str, int]]:
    """One look, with the cursor written and read as between two ticks."""
    seen = look(root, watch, 5.0)
    return Watch.from_cursor(watch.to_cursor()), dict(seen.due)


def test_a_class_is_due_once_it_looked_the_same_twice(root: Path) -> None:
    watch, due = _due(root, Watch())
    assert due == {}
    watch, due = _due(root, watch)
    assert due == {"pipe": 1, "valve": 1}
    watch, due = _due(root, watch)
    assert due == {}


def test_growing_files_wait_and_a_return_to_an_earlier_state_counts_again(root: Path) -> None:
    watch, _ = _due(root, Watch())
    watch, _ = _due(root, watch)
    (root / "pipe" / "b.png").write_bytes(b"half")
    watch, due = _due(root, watch)
    assert due == {}
    (root / "pipe" / "b.png").write_bytes(b"half and more")
    watch, due = _due(root, watch)
    assert due == {}
    watch, due = _due(root, watch)
    assert due == {"pipe": 2}
    (root / "pipe" / "b.png").unlink()
    watch, _ = _due(root, watch)
    watch, due = _due(root, watch)
    assert due == {"pipe": 3}


def test_a_file_overwritten_in_place_is_seen(root: Path) -> None:
    watch, _ = _due(root, Watch())
    watch, _ = _due(root, watch)
    (root / "valve" / "a.png").write_bytes(b"b")
    os.utime(root / "valve" / "a.png", ns=(5, 5))
    watch, _ = _due(root, watch)
    watch, due = _due(root, watch)
    assert due == {"valve": 2}


def test_a_class_that_goes_is_named_and_forgotten(root: Path) -> None:
    watch, _ = _due(root, Watch())
    shutil.rmtree(root / "valve")
    seen = look(root, watch, 5.0)
    assert seen.gone == ("valve",)
    assert "valve" not in watch.classes


def test_what_is_diagnosed_already_is_not_due(root: Path) -> None:
    watch = Watch()
    for _ in range(3):
        assert look(root, watch, 5.0, lambda name: full_state(root, name)).due == ()
    status = (root / "pipe" / "a.png").stat()
    assert files_state([("pipe/a.png", status.st_size, status.st_mtime_ns)]) == full_state(root, "pipe")
