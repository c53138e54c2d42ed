"""The sensor's memory: a class is due once it differs and has settled, and only then."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from thermal_assets.manifest.watching import files_state, full_state
from thermal_assets.steps.refresh import Watch, WatchedClass, look
from thermal_assets.steps.requests import WAITS_SECONDS, Outcome, Requests


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("pipe", "valve"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(b"a")
    return tmp_path


def _due(root: Path, watch: Watch) -> tuple[Watch, set[str]]:
    """One look, with the cursor written and read as between two ticks."""
    seen = look(root, watch, 5.0)
    return Watch.from_cursor(watch.to_cursor()), set(seen.due)


def test_a_class_is_due_once_it_looked_the_same_twice(root: Path) -> None:
    watch, due = _due(root, Watch())
    assert due == set()
    watch, due = _due(root, watch)
    assert due == {"pipe", "valve"}
    watch, due = _due(root, watch)
    assert due == set()


def test_growing_files_wait_and_a_return_to_an_earlier_state_counts_again(root: Path) -> None:
    watch, _ = _due(root, Watch())
    watch, _ = _due(root, watch)
    (root / "pipe" / "b.png").write_bytes(b"half")
    watch, due = _due(root, watch)
    assert due == set()
    (root / "pipe" / "b.png").write_bytes(b"half and more")
    watch, due = _due(root, watch)
    assert due == set()
    watch, due = _due(root, watch)
    assert due == {"pipe"}
    (root / "pipe" / "b.png").unlink()
    watch, _ = _due(root, watch)
    watch, due = _due(root, watch)
    assert due == {"pipe"}


def test_a_file_overwritten_in_place_is_seen(root: Path) -> None:
    watch, _ = _due(root, Watch())
    watch, _ = _due(root, watch)
    (root / "valve" / "a.png").write_bytes(b"b")
    os.utime(root / "valve" / "a.png", ns=(5, 5))
    watch, _ = _due(root, watch)
    watch, due = _due(root, watch)
    assert due == {"valve"}


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


def test_a_class_with_a_run_under_way_waits_and_is_asked_for_only_if_that_run_did_not_see_it(root: Path) -> None:
    watch, _ = _due(root, Watch())
    watch, _ = _due(root, watch)
    at_first = full_state(root, "pipe")
    (root / "pipe" / "b.png").write_bytes(b"b")
    for _ in range(3):
        seen = look(root, watch, 5.0, busy={"pipe"})
        assert (seen.due, seen.waiting, seen.settling) == ((), ("pipe",), ())
    for diagnosed, due in ((full_state(root, "pipe"), ()), (at_first, ("pipe",))):
        again = Watch.from_cursor(watch.to_cursor())
        looks = [look(root, again, 5.0, lambda name, seen=diagnosed: seen).due for _ in range(3)]
        assert looks == [(), due, ()]


def test_a_large_folder_is_looked_through_over_several_ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thermal_assets.manifest.sweeping._AT_LEAST", 500)
    for name, count in (("large", 1800), ("small", 3)):
        (tmp_path / name / "inner").mkdir(parents=True)
        for number in range(count):
            (tmp_path / name / ("inner" if number % 2 else "") / f"{number}%.png").touch()
    (tmp_path / "large" / "broken.png").symlink_to("nowhere")
    watch, looks, swept = Watch(), 0, []
    while len(swept) < 2:  # no time at all: each look still gets on by some files
        seen = look(tmp_path, watch, 0.0)
        watch = Watch.from_cursor(watch.to_cursor())
        looks, swept = looks + 1, [*swept, *seen.swept]
        assert seen.due == ()
    assert looks >= 4
    assert {name: state.full for name, state in watch.classes.items()} == {
        name: full_state(tmp_path, name) for name in ("large", "small")
    }


def test_one_slow_class_does_not_keep_the_others_from_their_turn(tmp_path: Path) -> None:
    names = [f"class_{number}" for number in range(6)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").touch()
    watch = Watch()
    for _ in range(3):
        look(tmp_path, watch, 5.0, lambda name: full_state(tmp_path, name))
    turns = [name for _ in names for name in look(tmp_path, watch, 0.0).swept]
    assert sorted(turns) == names


def test_the_cursor_stays_small() -> None:
    for classes, bound in ((20, 4_000), (1_000, 100_000)):
        watch = Watch()
        for number in range(classes):
            state = watch.classes.setdefault(f"transport_pipe_anomaly_{number}", WatchedClass())
            state.quick, state.full, state.requested, state.settling = "0" * 12, f"225954-{number:016x}", None, False
            state.requested = state.full
            if number < 40:
                watch.requests.ask(f"transport_pipe_anomaly_{number}", 1_700_000_000.0)
        assert len(watch.to_cursor()) < bound
        assert Watch.from_cursor(watch.to_cursor()) == watch


def test_a_failed_run_is_asked_for_again_three_times_with_growing_waits() -> None:
    requests, now, keys = Requests(), 1e9, []
    keys.append(requests.ask("pipe", now))
    for wait in WAITS_SECONDS:
        requests.answer("pipe", Outcome.FAILED, now, "the warehouse is locked")
        assert requests.due_again(now + wait - 1) == []
        assert requests.due_again(now + wait) == ["pipe"]
        now += wait
        keys.append(requests.ask("pipe", now, again=True))
    requests.answer("pipe", Outcome.FAILED, now, "the warehouse is locked")
    assert requests.due_again(now + 1e9) == []
    assert not requests.may_ask("pipe")
    assert len(set(keys)) == 4
    assert requests.told(now) == [
        "pipe: the warehouse is locked; given up after 4 runs, until its folder or the settings of the home change"
    ]


def test_a_mistake_is_not_repeated_until_the_settings_change() -> None:
    requests = Requests()
    requests.settings_are("before", 0.0)
    requests.ask("pipe", 1.0)
    requests.answer("pipe", Outcome.MISTAKE, 2.0, "the weights do not fit")
    requests = Watch.from_cursor(Watch(requests=requests).to_cursor()).requests
    requests.settings_are("before", 1e9)
    assert requests.due_again(1e9) == []
    requests.settings_are("after", 1e9)
    assert requests.due_again(1e9) == ["pipe"]


def test_a_run_that_was_never_started_is_asked_for_again() -> None:
    requests = Requests()
    requests.ask("pipe", 1000.0)
    requests.answer("pipe", None, 1100.0)
    assert requests.due_again(1100.0) == []
    requests.answer("pipe", None, 2000.0)
    assert requests.due_again(2000.0) == ["pipe"]
