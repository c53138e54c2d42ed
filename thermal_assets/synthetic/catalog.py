"""Which objects and classes the sample data set has, at which distances, and how the sizes of the classes relate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from thermal_assets.synthetic.canvas import Canvas
from thermal_assets.synthetic.objects import (
    ac_outdoor_unit,
    car,
    factory_exterior,
    factory_interior,
    person,
    ship,
    storage_tank,
    switchboard,
    transport_pipe,
    transport_valve,
)
from thermal_assets.synthetic.scene import Scene


@dataclass(frozen=True)
class ObjectKind:
    """One of the ten objects.

    ``distances_m`` are the distances it is recorded from, near ones first. ``share`` is the relative number of
    (normal, anomalous) images. ``per_session`` is about how many images a session of
    them has in a data set of 1,600; ``one_distance``: a session is one long burst from one distance.
    """

    name: str
    code: str
    distances_m: tuple[float, ...]
    share: tuple[int, int]
    module: ModuleType
    per_session: tuple[int, int] = (5, 5)
    one_distance: bool = False

    @property
    def aspect(self) -> Callable[[Scene], float]:
        return self.module.aspect

    @property
    def draw(self) -> Callable[[Canvas, Scene], None]:
        return self.module.draw


OBJECTS: tuple[ObjectKind, ...] = (
    ObjectKind("storage_tank", "TNK", (5, 10, 20, 40), (66, 21), storage_tank),
    ObjectKind("transport_pipe", "PIP", (0.5, 1, 2, 5), (234, 84), transport_pipe),
    ObjectKind("transport_valve", "VLV", (0.5, 1, 2, 5), (66, 56), transport_valve),
    ObjectKind("switchboard", "SWB", (0.5, 1, 2, 3), (76, 60), switchboard),
    ObjectKind("ac_outdoor_unit", "ACU", (1, 2, 5, 10), (62, 54), ac_outdoor_unit),
    ObjectKind("factory_exterior", "FEX", (20, 30, 50, 80), (60, 54), factory_exterior),
    ObjectKind("factory_interior", "FIN", (5, 10, 15, 20), (58, 52), factory_interior),
    ObjectKind("person", "HUM", (5, 10, 15, 20), (96, 208), person, (6, 23), True),
    ObjectKind("car", "CAR", (5, 10, 15, 20, 25, 30), (90, 87), car),
    ObjectKind("ship", "SHP", (20, 30, 50, 90), (60, 56), ship),
)
BY_NAME = {kind.name: kind for kind in OBJECTS}


def class_name(kind: ObjectKind, anomalous: bool) -> str:
    """Name of a class folder."""
    return f"{kind.name}_{'anomaly' if anomalous else 'normal'}"


CLASS_SHARES: dict[str, int] = {
    class_name(kind, anomalous): kind.share[anomalous] for kind in OBJECTS for anomalous in (False, True)
}
