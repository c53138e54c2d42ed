"""A planted fault and the pool of files that faults may be planted in."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.planning import Plan


@dataclass
class Plant:
    """One kind of planted fault.

    ``tables`` and ``detectors`` say where it should show: tables of the warehouse, modules of the findings. ``groups``
    are the files that belong together (copies). ``left_out`` says why it is not there.
    """

    name: str
    description: str
    tables: tuple[str, ...]
    detectors: tuple[str, ...] = ()
    files: list[PlannedFile] = field(default_factory=list)
    groups: list[list[PlannedFile]] = field(default_factory=list)
    left_out: str = ""

    def record(self) -> dict[str, object]:
        """The entry of truth.json."""
        entry: dict[str, object] = {
            "name": self.name,
            "description": self.description,
            "planted": not self.left_out,
            "tables": list(self.tables),
            "detectors": list(self.detectors),
            "count": len(self.files),
            "images": sorted(file.path for file in self.files),
        }
        if self.groups:
            entry["groups"] = sorted(sorted(file.path for file in group) for group in self.groups)
        if self.left_out:
            entry["left_out"] = self.left_out
        return entry


# Classes that take the small faults: neither the largest nor the smallest, nor one with a fault of its own.
HOSTS = (
    "storage_tank_normal",
    "transport_pipe_normal",
    "transport_valve_normal",
    "transport_valve_anomaly",
    "switchboard_normal",
    "switchboard_anomaly",
    "ac_outdoor_unit_normal",
    "ac_outdoor_unit_anomaly",
    "factory_exterior_normal",
    "factory_exterior_anomaly",
    "factory_interior_normal",
    "factory_interior_anomaly",
    "car_normal",
    "ship_normal",
    "ship_anomaly",
)
TOUCHED_SHARE = 4  # of any class at most every fourth file takes part in a fault


class Pool:
    """Hands out files for planting, no file twice, and of any class at most a quarter."""

    def __init__(self, plan: Plan, rng: np.random.Generator) -> None:
        self.plan, self.rng = plan, rng
        self._free = {name: list(rng.permutation(len(files))) for name, files in plan.files.items()}
        self._left = {name: len(files) // TOUCHED_SHARE for name, files in plan.files.items()}
        self._next_host = 0

    def room(self, class_name: str) -> int:
        """How many more files of a class may be taken."""
        return self._left[class_name]

    def take(self, class_name: str, count: int = 1, *, large: bool = False) -> list[PlannedFile]:
        """``count`` files of a class, or none at all if it has not enough left; ``large``: the nearest first."""
        if self._left[class_name] < count:
            return []
        self._left[class_name] -= count
        files, free = self.plan.files[class_name], self._free[class_name]
        if large:
            free.sort(key=lambda index: -files[index].picture.distance_m)  # stable: still in random order
        return [files[free.pop()] for _ in range(count)]

    def claim(self, class_name: str, wanted: list[PlannedFile]) -> bool:
        """Take these very files of a class; False, and nothing is taken, if one is taken already or not enough are left."""
        files, paths = self.plan.files[class_name], {file.path for file in wanted}
        rest = [index for index in self._free[class_name] if files[index].path not in paths]
        if len(self._free[class_name]) - len(rest) < len(wanted) or self._left[class_name] < len(wanted):
            return False
        self._free[class_name] = rest
        self._left[class_name] -= len(wanted)
        return True

    def take_anywhere(self, count: int = 1, *, large: bool = False) -> list[PlannedFile]:
        """``count`` files of one host class, the host classes in turn; none if no class has enough left."""
        for step in range(len(HOSTS)):
            index = (self._next_host + step) % len(HOSTS)
            taken = self.take(HOSTS[index], count, large=large)
            if taken:
                self._next_host = (index + 1) % len(HOSTS)
                return taken
        return []


def scaled(plan: Plan, count: int) -> int:
    """``count`` faults in 1,600 images; more in larger sets, but slower than the images."""
    return max(count, round(count * (plan.images / 1600) ** 0.5))
