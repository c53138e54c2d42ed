"""What is uneven in the data set as a whole: modes, alpha, sizes. Most images take part in it."""

from __future__ import annotations

from thermal_assets.synthetic.files import UNREADABLE, PlannedFile
from thermal_assets.synthetic.planning import Plan
from thermal_assets.synthetic.plants.plant import Plant

SMALL = 50  # images below which a class cannot be judged


def describe_whole_set(plan: Plan) -> list[Plant]:
    """Nothing is changed here: modes and sizes were dealt when the data set was planned."""
    mixed = Plant(
        "rgb_among_rgba",
        "Every fifth picture of every class is RGB, all others are RGBA.",
        ("channel_stats",),
        ("channel_mix",),
    )
    alpha = Plant(
        "alpha_of_one_value",
        "The alpha channel of the RGBA pictures is opaque everywhere.",
        ("channel_stats",),
        ("constant_alpha",),
    )
    readable = [file for file in plan.all_files() if file.treatment not in UNREADABLE]
    mixed.files = [file for file in readable if _stored_mode(file) == "RGB"]
    alpha.files = [file for file in readable if _stored_mode(file) == "RGBA"]
    smallest = min(plan.files, key=lambda name: len(plan.files[name]))
    uneven = Plant(
        "unequal_classes",
        f"The largest class has about 11 times as many images as the smallest, {smallest}.",
        ("classes",),
        ("class_imbalance",),
        files=list(plan.files[smallest]),
    )
    tiny = Plant(
        "small_classes",
        f"Classes of fewer than {SMALL} images.",
        ("classes",),
        ("tiny_classes",),
        files=[file for files in plan.files.values() if len(files) < SMALL for file in files],
    )
    tiny.left_out = "" if tiny.files else f"every class has {SMALL} images or more"
    return [mixed, alpha, uneven, tiny]


def _stored_mode(file: PlannedFile) -> str:
    return "RGB" if file.treatment == "jpeg" else file.mode
