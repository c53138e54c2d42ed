"""The whole data set, planned: every file before one pixel is drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
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
            plan.files[name] = []
            shot: dict[str, set[int]] = defaultdict(set)
            for batch in batches:
                used = shot[batch.session.key]
                files = batch_files(seed, name, kind, anomalous, batch, used=used)
                used.update(file.picture.frame for file in files)
                plan.files[name] += files
    return plan


def batch_files(
    seed: int,
    folder: str,
    kind: ObjectKind,
    anomalous: bool,
    batch: Batch,
    look: str = "usual",
    *,
    used: Collection[int] = (),
) -> list[PlannedFile]:
    """The files of a batch: bursts of adjacent frames, with one to four boxes in each.

    ``used`` are the frame numbers of the session at other distances: a camera counts on and gives none twice.
    """
    session = batch.session
    chance = Chance(seed, "batch", session.key, f"{batch.distance_m:g}")
    boxes = min(batch.images, chance.integer("boxes", 1, 3) + (1 if batch.images >= 16 else 0))
    frames = _frame_numbers(chance, -(-batch.images // boxes), used)
    files = []
    for index in range(batch.images):
        number, box = divmod(index, boxes)
        frame = frames[number]
        picture = Picture(seed, kind.name, anomalous, session, batch.distance_m, frame, box, look)
        stem = file_stem(
            kind.code, anomalous, session.captured_on, session.site, session_code(session.start, session.end),
            batch.distance_m, frame, box,
        )  # fmt: skip
        files.append(PlannedFile(folder, f"{stem}.png", picture, "RGBA"))
    return files


def _frame_numbers(chance: Chance, count: int, used: Collection[int]) -> list[int]:
    """``count`` rising frame numbers, none of them in ``used``."""
    numbers = [chance.integer("frame", 100, 9000)]
    for index in range(1, count):
        # A second look some time later, at about every eighth frame.
        pause = chance.integer(f"gap_{index}", 40, 300) if index % 8 == 0 else 0
        numbers.append(numbers[-1] + chance.integer(f"step_{index}", 1, 3) + pause)
    while not set(numbers).isdisjoint(used):
        numbers = [number + 1 for number in numbers]
    return numbers


def deal_modes(plan: Plan) -> None:
    """Give every fifth file of every class the mode RGB, so that the mode tells nothing about the class."""
    for name, files in plan.files.items():
        order = Chance(plan.seed, "modes", name).generator("order").permutation(len(files))
        for rank in range(round(RGB_SHARE * len(files))):
            files[int(order[rank])].mode = "RGB"
