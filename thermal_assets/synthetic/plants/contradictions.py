"""Names that read well and contradict their folder or the name of another file."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from thermal_assets.synthetic.catalog import BY_NAME
from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.names import ANOMALY, NORMAL
from thermal_assets.synthetic.plants.plant import Plant, Pool, scaled

_TOO_SMALL = "the classes have too few images"
_SIBLINGS = (
    ("switchboard_normal", "switchboard_anomaly"),
    ("ac_outdoor_unit_normal", "ac_outdoor_unit_anomaly"),
    ("factory_interior_normal", "factory_interior_anomaly"),
)


def plant_contradictions(pool: Pool) -> list[Plant]:
    """Wrong states, wrong codes, boxes that come twice, names that come twice, frames in two classes."""
    tables = ("name_conflicts",)
    state = Plant(
        "state_against_folder",
        "Names that say NOM in the folder of an anomaly class, or AON in that of a normal class; the pictures fit the "
        "folder.",
        ("file_manifest",),
        ("state_contradictions",),
    )
    code = Plant(
        "code_of_another_object",
        "Single names with the object code of another class; the pictures fit the folder.",
        tables,
        ("name_conflicts",),
    )
    box = Plant(
        "one_box_twice",
        "Two different pictures of a class whose names say the same session, distance, frame and box, one with fewer "
        "leading zeros.",
        tables,
        ("name_conflicts",),
    )
    name = Plant(
        "one_name_in_two_classes",
        "Two different pictures with one file name in the folders of two classes; the name does not parse either.",
        tables,
        ("name_conflicts", "names_invalid"),
    )
    frame = Plant(
        "one_frame_in_two_classes",
        "A box in a normal class and another box of the same frame in the anomaly class: legal, and to be told as such.",
        tables,
        ("name_conflicts",),
    )
    for index in range(scaled(pool.plan, 3)):
        for file in _take(state, pool):
            says = ANOMALY if file.class_name.endswith("_normal") else NORMAL
            file.name = re.sub(f"_({NORMAL}|{ANOMALY})_", f"_{says}_", file.name)
        if index < scaled(pool.plan, 2):
            for file in _take(code, pool):
                file.name = _other_code(file)
            _pair(box, pool.take_anywhere(2), _same_box)
    for index in range(scaled(pool.plan, 1)):
        _pair(name, _of_two_classes(pool, index), partial(_same_name, f"export_{411 + index}.png"))
        _pair(frame, _of_two_classes(pool, index + 1), _same_frame)
    plants = [state, code, box, name, frame]
    for plant in plants:
        plant.left_out = "" if plant.files else _TOO_SMALL
    return plants


def _take(plant: Plant, pool: Pool) -> list[PlannedFile]:
    taken = pool.take_anywhere()
    plant.files += taken
    return taken


def _pair(plant: Plant, pair: list[PlannedFile], rename: Callable[[PlannedFile, PlannedFile], None]) -> None:
    if pair:
        rename(*pair)
        plant.groups.append(pair)
        plant.files += pair


def _of_two_classes(pool: Pool, index: int) -> list[PlannedFile]:
    normal, anomaly = _SIBLINGS[index % len(_SIBLINGS)]
    return pool.take(normal) + pool.take(anomaly) if pool.room(normal) and pool.room(anomaly) else []


def _other_code(file: PlannedFile) -> str:
    codes = sorted(kind.code for kind in BY_NAME.values())
    own = file.name.partition("_")[0]
    return file.name.replace(own, codes[(codes.index(own) + 1) % len(codes)], 1)


def _same_box(first: PlannedFile, second: PlannedFile) -> None:
    second.name = re.sub(r"_0+(\d+_bbox)", r"_\1", first.name)


def _same_name(name: str, first: PlannedFile, second: PlannedFile) -> None:
    first.name = second.name = name


def _same_frame(first: PlannedFile, second: PlannedFile) -> None:
    """The second name takes date, site, session, distance and frame of the first, and a box of its own."""
    own_code_and_state = "_".join(second.name.split("_")[:2])
    rest = first.name.split("_", 2)[2]
    second.name = f"{own_code_and_state}_{re.sub(r'bbox[0-9]+', 'bbox9', rest)}"
