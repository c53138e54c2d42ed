"""Copies: equal files, equal pixels, nearly equal pixels, inside a class and across two."""

from __future__ import annotations

from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.plants.plant import Plant, Pool, scaled

_TOO_SMALL = "the classes have too few images"
_LABEL_PAIRS = (
    ("switchboard_normal", "switchboard_anomaly"),
    ("factory_exterior_normal", "factory_exterior_anomaly"),
    ("transport_valve_normal", "transport_valve_anomaly"),
)


def _become_copy(copy: PlannedFile, original: PlannedFile, treatment: str = "", mode: str = "") -> None:
    copy.picture, copy.mode, copy.treatment = original.picture, mode or original.mode, treatment
    if treatment == "jpeg":
        copy.name = copy.name.removesuffix(".png") + ".jpg"


def _across_classes(pool: Pool, index: int, *, large: bool = False) -> list[PlannedFile]:
    """One file of a normal class and one of its anomaly class."""
    normal, anomaly = _LABEL_PAIRS[index % len(_LABEL_PAIRS)]
    if not (pool.room(normal) and pool.room(anomaly)):
        return []
    return pool.take(normal, large=large) + pool.take(anomaly)


def plant_copies(pool: Pool) -> list[Plant]:
    """Every kind of copy; each plant lists original and copy as a group."""
    tables = ("duplicates",)
    plants = [
        Plant("file_copies", "Files with equal bytes under two names of one class.", tables, ("duplicate_files",)),
        Plant(
            "two_labels_one_file",
            "Files with equal bytes in a normal class and in the anomaly class of the same object: one of the two "
            "labels is wrong.",
            tables,
            ("two_labels_one_picture",),
        ),
        Plant(
            "rgb_and_rgba_copies",
            "The same pixels saved once as RGB and once as RGBA, in one class: the files differ, the pictures do not.",
            tables,
            ("duplicate_files",),
        ),
        Plant(
            "near_copies",
            "Pictures that are almost equal to another of their class: one level of noise, a shift by one pixel, or "
            "saved again as JPEG.",
            tables,
        ),
        Plant(
            "near_copies_with_two_labels",
            "Pictures that are almost equal to one of another class: one level of noise or a shift by one pixel.",
            tables,
            ("two_labels_one_picture",),
        ),
    ]
    equal, labels, modes, near, near_labels = plants
    for index in range(scaled(pool.plan, 3)):
        _add(equal, pool.take_anywhere(2))
        _add(labels, _across_classes(pool, index))
        _add(modes, pool.take_anywhere(2), mode="RGB")
    # One level of noise is little only where a crop has many pixels.
    for index in range(scaled(pool.plan, 6)):
        _add(near, pool.take_anywhere(2, large=True), treatment=("level_noise", "shift", "jpeg")[index % 3])
    for index in range(scaled(pool.plan, 2)):
        _add(near_labels, _across_classes(pool, index + 1, large=True), treatment=("level_noise", "shift")[index % 2])
    for original, _ in modes.groups:
        original.mode = "RGBA"
    for plant in plants:
        plant.left_out = "" if plant.groups else _TOO_SMALL
    return plants


def _add(plant: Plant, pair: list[PlannedFile], *, treatment: str = "", mode: str = "") -> None:
    if not pair:
        return
    original, copy = pair
    _become_copy(copy, original, treatment, mode)
    plant.groups.append(pair)
    plant.files += pair
