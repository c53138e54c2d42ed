"""Frame numbers that come again: at another distance of the session, which cannot be, and in another session, which can."""

from __future__ import annotations

import re
from collections import defaultdict

from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.plants.plant import HOSTS, Plant, Pool, scaled

_NAME = re.compile(r"[A-Z]+_[A-Z]+_(?P<session>[^_]+_[^_]+_[^_]+)_D(?P<distance>[^_]+)_(?P<frame>\d+)_bbox\d+\.\w+")


def plant_frame_numbers(pool: Pool) -> list[Plant]:
    """Both kinds; only the frame number of a name changes. To be called once no other plant renames files."""
    repeated = Plant(
        "frame_number_at_two_distances",
        "Names with a frame number that their session has at another distance too, and the boxes of that frame: a "
        "camera gives no number twice.",
        ("name_conflicts",),
        ("name_conflicts",),
    )
    legal = Plant(
        "frame_number_in_two_sessions",
        "Names with a frame number that another session has too, at the same distance. Nothing is wrong with that.",
        ("file_manifest",),
    )
    for plant, same_session in ((repeated, True), (legal, False)):
        for _ in HOSTS:  # not every file has such another; a class may have no session of two distances
            if len(plant.groups) < scaled(pool.plan, 2):
                for file in pool.take_anywhere():
                    _rename(plant, file, pool, same_session=same_session)
        plant.left_out = "" if plant.files else "no such other frame is left, or the classes have too few images"
    return [repeated, legal]


def _rename(plant: Plant, file: PlannedFile, pool: Pool, *, same_session: bool) -> None:
    """Give ``file`` the number of another frame of its class that carries no fault, if there is one."""
    session, distance, _ = _unit(file)
    frames: dict[tuple[str, str, int], list[PlannedFile]] = defaultdict(list)
    for other in pool.plan.files[file.class_name]:
        if _NAME.fullmatch(other.name):
            frames[_unit(other)].append(other)
    own = {number for its_session, _, number in frames if its_session == session}
    for (its_session, its_distance, number), boxes in frames.items():
        fits = its_distance != distance if same_session else its_distance == distance and number not in own
        if (its_session == session) == same_session and fits and pool.claim(file.class_name, boxes):
            file.name = re.sub(r"_\d+_bbox", f"_{number:06d}_bbox", file.name)
            plant.groups.append([file, *boxes])
            plant.files += [file, *boxes]
            return


def _unit(file: PlannedFile) -> tuple[str, str, int]:
    """(session, distance, frame number) of the name, which must parse."""
    match = _NAME.fullmatch(file.name)
    assert match is not None, file.name
    return match["session"], match["distance"], int(match["frame"])
