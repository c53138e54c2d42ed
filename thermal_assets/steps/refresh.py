"""Deciding which classes need a run: the memory of the sensor, free of Dagster.

A class is due when its folder differs from the state it was last requested at, and has stopped
changing: it looked the same twice in a row. While a run of it is queued or under way it waits, since
that run may see the change; only what it did not see is asked for afterwards. What has been asked
for, and whether a failed run is asked for again, is in ``requests``; run keys never repeat, so a
folder that returns to an earlier state is run again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from thermal_assets.manifest.scanning import read_catalog
from thermal_assets.manifest.sweeping import Sweep, sweep_on
from thermal_assets.manifest.watching import quick_state
from thermal_assets.steps.requests import Requests

_QUICK_LENGTH = 12
# Nothing is known of the folders in turn, so they may not keep a disk and a core busy.
_IN_TURN_SHARE = 0.2


@dataclass
class WatchedClass:
    """What is remembered of one class folder between two looks.

    ``requested`` is the state at which it was last diagnosed or asked for; None: not known yet.
    """

    quick: str = ""
    full: str = ""
    requested: str | None = None
    settling: bool = True

    def to_list(self) -> list[Any]:
        """Nearly every folder is as it was requested, which three fields tell."""
        short = [self.quick, self.full, self.settling]
        return short if self.full == self.requested else [*short, self.requested]

    @staticmethod
    def from_list(data: list[Any]) -> WatchedClass:
        quick, full, settling, *requested = data
        return WatchedClass(quick, full, requested[0] if requested else full, settling)


@dataclass
class Watch:
    """What is remembered of the image root.

    ``last_class`` is the last class that got the slow look at every file, ``sweep`` where inside
    a large class it stands.
    """

    classes: dict[str, WatchedClass] = field(default_factory=dict)
    last_class: str = ""
    sweep: Sweep | None = None
    requests: Requests = field(default_factory=Requests)

    @staticmethod
    def from_cursor(cursor: str | None) -> Watch:
        """The watch stored in a sensor cursor; an unreadable cursor starts afresh."""
        try:
            data = json.loads(cursor or "{}")
            return Watch(
                {name: WatchedClass.from_list(seen) for name, seen in data["classes"].items()},
                data["last_class"],
                Sweep(*data["sweep"]) if data["sweep"] else None,
                Requests.from_list(data["requests"]),
            )
        except (ValueError, TypeError, AttributeError, KeyError):
            return Watch()

    def to_cursor(self) -> str:
        data = {
            "classes": {name: seen.to_list() for name, seen in self.classes.items()},
            "last_class": self.last_class,
            "sweep": astuple(self.sweep) if self.sweep else None,
            "requests": self.requests.to_list(),
        }
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True)
class Look:
    """What one look saw: all classes, those due, gone and still changing, those that changed but wait for a run that
    is under way, those looked through, files looked at."""

    classes: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    settling: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    files: int = 0


def look(
    image_root: Path,
    watch: Watch,
    budget_seconds: float,
    diagnosed: Callable[[str], str] = lambda name: "",
    annotations: Path | None = None,
    busy: Collection[str] = (),
) -> Look:
    """Compare the folders, and those of the ``annotations``, with ``watch`` and bring it up to date.

    ``diagnosed`` tells the state at which a class was last diagnosed, '' if never: what the command line
    or a person's run has just done need not be done again. ``busy`` are the classes of which a run is
    queued or under way.

    Every folder gets a quick look. The slow one, at every file, goes to folders that moved first, as
    far as ``budget_seconds`` reach, and to the others in turn for a fifth of that; what is not reached
    comes the next time.
    """
    started = time.monotonic()
    classes = read_catalog(image_root).classes
    gone = tuple(name for name in watch.classes if name not in classes)
    for name in gone:
        del watch.classes[name]
    watch.requests.forget(gone)
    if not classes:
        return Look(gone=gone)
    due, swept, files = [], [], 0
    moved, in_turn = _in_order(image_root, watch, classes, annotations, busy)
    for name in moved + in_turn:
        seen = watch.classes[name]
        deadline = started + budget_seconds * (_IN_TURN_SHARE if name in in_turn else 1)
        sweep = watch.sweep
        if sweep is None or sweep.class_name != name or sweep.quick != seen.quick:
            sweep = Sweep(name, seen.quick)
        before = sweep.count
        full = sweep_on(image_root, sweep, deadline, annotations)
        files += sweep.count - before
        if full is None:
            watch.sweep = sweep
            break
        if watch.sweep and watch.sweep.class_name == name:
            watch.sweep = None
        watch.last_class = name
        swept.append(name)
        if _take_in(seen, full, partial(diagnosed, name)):
            due.append(name)
        if time.monotonic() > deadline:
            break
    settling = [name for name in classes if watch.classes[name].settling]
    waiting = tuple(name for name in settling if name in busy)
    changing = tuple(name for name in settling if name not in busy)
    return Look(classes, tuple(due), gone, changing, waiting, tuple(swept), files)


def _in_order(
    image_root: Path, watch: Watch, classes: tuple[str, ...], annotations: Path | None, busy: Collection[str]
) -> tuple[list[str], list[str]]:
    """The quick look at every class; those that moved and the others, as they get the slow one; busy ones do not."""
    calm: list[str] = []
    moving: list[str] = []
    rest: list[str] = []
    start = next((index for index, name in enumerate(classes) if name > watch.last_class), 0)
    for name in classes[start:] + classes[:start]:
        seen = watch.classes.setdefault(name, WatchedClass())
        quick = quick_state(image_root, name, annotations)[:_QUICK_LENGTH]
        moved = quick != seen.quick
        if moved:
            seen.quick, seen.settling = quick, True
        if name in busy:
            continue
        if moved:
            moving.append(name)
        else:
            (calm if seen.settling else rest).append(name)
    if watch.sweep:  # begun and not ended: first in its group
        begun = watch.sweep.class_name
        for group in (calm, rest):
            group.sort(key=lambda name: name != begun)
    return calm + moving, rest


def _take_in(seen: WatchedClass, full: str, diagnosed: Callable[[], str]) -> bool:
    """Note the state ``full`` of a class; returns whether a run of it is due."""
    if seen.requested is None:
        seen.requested = diagnosed()
    stable, seen.full = full == seen.full, full
    if full != seen.requested and not stable:
        seen.settling = True
        return False
    due = full != seen.requested and full != diagnosed()
    seen.requested, seen.settling = full, False
    return due
