"""Names that do not parse, or that say what cannot be."""

from __future__ import annotations

import re

from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.plants.plant import Plant, Pool, scaled

_TOO_SMALL = "the classes have too few images"
# A name that the description of the modelled data set gives as its example, dated after the collection.
LATE_NAME = "PIP_NOM_21.03.15_CIC_A1016-A1110_D1_003078_bbox0.png"


def plant_bad_names(pool: Pool) -> list[Plant]:
    """Four kinds of bad names; the pictures themselves are sound."""
    tables = ("file_manifest",)
    unparsed = Plant(
        "names_that_do_not_parse", "Names that miss a part or follow another pattern.", tables, ("names_invalid",)
    )
    late = Plant(
        "dates_outside_the_window",
        "Names dated 21.03.15, after the end of the collection (2021-02-28).",
        tables,
        ("outside_declared_ranges",),
    )
    far = Plant(
        "distances_outside_the_range",
        "Names with the distance D200, beyond the declared 90 m.",
        tables,
        ("outside_declared_ranges",),
    )
    reversed_ = Plant(
        "sessions_that_end_before_they_start",
        "Names whose session ends before it starts, such as P1513-P1505.",
        tables,
        ("names_invalid",),
    )
    for index in range(scaled(pool.plan, 3)):
        for file in _rename_into(unparsed, pool.take_anywhere()):
            file.name = _unparsable(file.name, index)
        for file in _rename_into(late, pool.take("transport_pipe_normal") if index == 0 else pool.take_anywhere()):
            file.name = LATE_NAME if index == 0 else re.sub(r"\d\d\.\d\d\.\d\d", "21.03.15", file.name)
        for file in _rename_into(far, pool.take("ship_normal" if index % 2 else "factory_exterior_normal")):
            file.name = re.sub(r"_D[\d.]+_", "_D200_", file.name)
    for _ in range(scaled(pool.plan, 2)):
        for file in _rename_into(reversed_, pool.take_anywhere()):
            file.name = re.sub(r"([AP]\d{4})-([AP]\d{4})", r"\2-\1", file.name)
    plants = [unparsed, late, far, reversed_]
    for plant in plants:
        plant.left_out = "" if plant.files else _TOO_SMALL
    return plants


def _rename_into(plant: Plant, files: list[PlannedFile]) -> list[PlannedFile]:
    plant.files += files
    return files


def _unparsable(name: str, index: int) -> str:
    if index % 3 == 0:
        return f"IR_{20417 + index}.png"
    if index % 3 == 1:
        return re.sub(r"_D[\d.]+_", "_", name)
    return name.replace("_bbox", "-copy")
