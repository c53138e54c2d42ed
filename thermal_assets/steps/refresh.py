"""Deciding which classes need a run: the memory of the sensor, free of Dagster.

A class is due when its folder differs from the state it was last requested at, and has stopped
changing: it looked the same twice in a row. A counter goes into the run key, so that a folder that
returns to an earlier state is run again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from thermal_assets.manifest.scanning import read_catalog
from thermal_assets.manifest.watching import full_state, quick_state


@dataclass
class WatchedClass:
    """What is remembered of one class folder between two looks."""

    quick: str = ""
    full: str = ""
    requested: str = ""
    counter: int = 0
    settling: bool = False


@dataclass
class Watch:
    """What is remembered of the image root; ``sweep`` is the class at which the next full sweep goes on.

    ``changes`` counts classes coming and going; it makes run keys that never repeat.
    """

    classes: dict[str, WatchedClass] = field(default_factory=dict)
    sweep: int = 0
    changes: int = 0

    @staticmethod
    def from_cursor(cursor: str | None) -> Watch:
        """The watch stored in a sensor cursor; an unreadable cursor starts afresh."""
        try:
            data = json.loads(cursor or "{}")
            classes = {name: WatchedClass(**seen) for name, seen in data.get("classes", {}).items()}
            return Watch(classes, int(data.get("sweep", 0)), int(data.get("changes", 0)))
        except (ValueError, TypeError, AttributeError):
            return Watch()

    def to_cursor(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Look:
    """What one look saw: all classes, those due with their run counter, those gone, those still changing."""

    classes: tuple[str, ...]
    due: tuple[tuple[str, int], ...]
    gone: tuple[str, ...]
    settling: tuple[str, ...]
    swept: int


def look(
    image_root: Path, watch: Watch, budget_seconds: float, diagnosed: Callable[[str], str] = lambda name: ""
) -> Look:
    """Compare the folders with ``watch`` and bring it up to date.

    ``diagnosed`` tells the state at which a class that is not watched yet was last diagnosed, '' if
    never: what the command line has just done need not be done again.

    Folders whose quick state moved get a full look at once; the others in turn, as many as fit into
    ``budget_seconds`` (always at least one).
    """
    started = time.monotonic()
    classes = read_catalog(image_root).classes
    gone = tuple(name for name in watch.classes if name not in classes)
    for name in gone:
        del watch.classes[name]
    if not classes:
        return Look((), (), gone, (), 0)
    must: list[str] = []
    rest: list[str] = []
    start = watch.sweep % len(classes)
    for name in classes[start:] + classes[:start]:
        if name not in watch.classes:
            watch.classes[name] = WatchedClass(requested=diagnosed(name))
        seen = watch.classes[name]
        quick = quick_state(image_root, name)
        (must if quick != seen.quick or seen.settling else rest).append(name)
        seen.quick = quick
    due, settling, swept = [], [], 0
    for name in must + rest:
        if swept and time.monotonic() - started > budget_seconds:
            break
        swept += 1
        seen = watch.classes[name]
        full = full_state(image_root, name)
        stable, seen.full = full == seen.full, full
        if full == seen.requested:
            seen.settling = False
        elif stable:
            seen.requested, seen.settling = full, False
            seen.counter += 1
            due.append((name, seen.counter))
        else:
            seen.settling = True
            settling.append(name)
    watch.sweep = (start + swept) % len(classes)
    return Look(classes, tuple(due), gone, tuple(settling), swept)
