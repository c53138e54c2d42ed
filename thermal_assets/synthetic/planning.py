"""The whole data set, planned: every file before one pixel is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from thermal_assets.synthetic.catalog import CLASS_SHARES, OBJECTS, ObjectKind, class_name
from thermal_assets.synthetic.chance import Chance
from thermal_assets.synthetic.counts import class_sizes
from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.names import file_stem, session_code
from thermal_assets.synthetic.picture import Picture
from thermal_assets.synthetic.sessions import Batch, Slot, plan_batches

RGB_SHARE = 0.2  # the other files are RGBA with a constant alpha


@dataclass
class Plan:
    """Files by class. ``taken`` are the time slots in use; ``sizes`` the images a class has in all."""

    seed: int
    images: int
    sizes: dict[str, int]
    files: dict[str, list[PlannedFile]] = field(default_factory=dict)
    taken: set[Slot] = field(default_factory=set)

    def all_files(self) -> list[PlannedFile]:
        """Every file, class after class."""
        return [file for files in self.files.values() for file in files]


def plan_classes(images: int, seed: int, reserved: dict[str, int], sizes: dict[str, int] | None = None) -> Plan:
    """Plan every class; of class c, ``reserved[c]`` images are left to be planned by others.

    ``sizes`` are the images a class has in all; left out: those of the modelled data set.
    """
    plan = Plan(seed, images, sizes or class_sizes(images, CLASS_SHARES))
    for kind in OBJECTS:
        for anomalous in (False, True):
            name = class_name(kind, anomalous)
            count = plan.sizes[name] - reserved.get(name, 0)
            batches = plan_batches(seed, name, kind, anomalous, count, plan.taken)
            plan.files[name] = [file for batch in batches for file in batch_files(seed, name, kind, anomalous, batch)]
    return plan


def batch_files(
    seed: int, folder: str, kind: ObjectKind, anomalous: bool, batch: Batch, look: str = "usual"
) -> list[PlannedFile]:
    """The files of a batch: bursts of adjacent frames, with one to four boxes in each."""
    session = batch.session
    chance = Chance(seed, "batch", session.key, f"{batch.distance_m:g}")
    boxes = min(batch.images, chance.integer("boxes", 1, 3) + (1 if batch.images >= 16 else 0))
    frame = chance.integer("frame", 100, 9000)
    files = []
    for index in range(batch.images):
        number, box = divmod(index, boxes)
        if box == 0 and number:
            # A second look some time later, at about every eighth frame.
            frame += chance.integer(f"step_{number}", 1, 3) + (
                chance.integer(f"gap_{number}", 40, 300) if number % 8 == 0 else 0
            )
        picture = Picture(seed, kind.name, anomalous, session, batch.distance_m, frame, box, look)
        stem = file_stem(
            kind.code, anomalous, session.captured_on, session.site, session_code(session.start, session.end),
            batch.distance_m, frame, box,
        )  # fmt: skip
        files.append(PlannedFile(folder, f"{stem}.png", picture, "RGBA"))
    return files


def deal_modes(plan: Plan) -> None:
    """Give every fifth file of every class the mode RGB, so that the mode tells nothing about the class."""
    for name, files in plan.files.items():
        order = Chance(plan.seed, "modes", name).generator("order").permutation(len(files))
        for rank in range(round(RGB_SHARE * len(files))):
            files[int(order[rank])].mode = "RGB"
