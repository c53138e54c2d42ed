"""Writing the sample data set: plan, plant, draw, tell the truth."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from thermal_assets.errors import UserError
from thermal_assets.synthetic import truth as truth_file
from thermal_assets.synthetic.annotations import FOLDER, write_annotation
from thermal_assets.synthetic.catalog import CLASS_SHARES
from thermal_assets.synthetic.chance import Chance
from thermal_assets.synthetic.counts import class_sizes, equal_sizes
from thermal_assets.synthetic.files import PlannedFile, file_bytes
from thermal_assets.synthetic.planning import Plan, deal_modes, plan_classes
from thermal_assets.synthetic.plants import bad_names, broken_files, contradictions, copies, damaged_pixels, pictures
from thermal_assets.synthetic.plants.bad_annotations import expected_problems, plant_bad_annotations
from thermal_assets.synthetic.plants.frame_numbers import plant_frame_numbers
from thermal_assets.synthetic.plants.plant import Pool
from thermal_assets.synthetic.plants.whole_set import describe_whole_set

LEAST_IMAGES = len(CLASS_SHARES)
POOL_FROM = 3000  # below that, starting processes costs more than it saves
_CHUNK = 64

Progress = Callable[[int, int], None]


def write_sample_dataset(
    directory: Path, images: int = 1600, seed: int = 7, clean: bool = False, progress: Progress | None = None
) -> dict[str, Any]:
    """Write thermal crops of 20 classes to ``directory/images`` and what is planted in them to ``directory/truth.json``;
    to ``directory/annotations`` an annotation of each.

    Names and folders are those of profile ``aihub-235``. ``images`` counts files that are named as images, unreadable
    ones included; stray files come on top. With ``clean`` nothing is planted, all classes have one size and all files
    one mode. The same parameters give the same bytes
    on the same version of Pillow. If the data set is already there in full, nothing is written.

    Returns the content of truth.json: parameters, counts, plants (name, description, tables, detectors, images,
    groups), sessions, files. Paths are below the image root.

    Raises:
        UserError: too few images, the folder holds something else, or it cannot be written.
    """
    directory = Path(directory)
    if images < LEAST_IMAGES:
        raise UserError(f"--images {images} is too few: every class needs one, so ask for {LEAST_IMAGES} or more")
    try:
        found = truth_file.existing(directory, images, seed, clean)
        if found is not None:
            return found
        plan, plants = plan_dataset(images, seed, clean)
        strays = [] if clean else sorted(broken_files.STRAYS)
        truth = truth_file.describe(plan, clean, plants, strays)
        truth["annotations"] = {"root": FOLDER, "expected_problems": expected_problems(plan)}
        root = directory / truth_file.IMAGES
        root.mkdir(parents=True, exist_ok=True)
        truth_file.write(directory, truth | {"complete": False})
        for name in plan.files:
            (root / name).mkdir(exist_ok=True)
            (directory / FOLDER / name).mkdir(parents=True, exist_ok=True)
        digests = _write_files(plan.all_files(), root, progress)
        if clean and len(set(digests)) < images:
            raise AssertionError("two files of a clean data set have equal pixels")
        if not clean:
            broken_files.write_strays(root)
        truth_file.write(directory, truth)
    except OSError as error:
        raise UserError(f"{directory} cannot be written: {error.strerror or error}") from None
    return truth


def plan_dataset(images: int, seed: int, clean: bool) -> tuple[Plan, list[dict[str, Any]]]:
    """Every file of the data set, and the entries of truth.json on what is planted (none if ``clean``)."""
    if clean:
        plan = plan_classes(images, seed, {}, equal_sizes(images, CLASS_SHARES))
        for file in plan.all_files():
            file.mode = "RGB"
        return plan, []
    reserved = pictures.reserve(class_sizes(images, CLASS_SHARES), images)
    plan = plan_classes(images, seed, reserved)
    own_sessions = [
        pictures.plant_close_ups(plan, reserved["person_normal"]),
        pictures.plant_car_batch(plan, reserved["person_anomaly"]),
    ]
    deal_modes(plan)
    pool = Pool(plan, Chance(seed, "plants").generator("order"))
    plants = [
        *own_sessions,
        pictures.plant_cooled_cars(plan),
        pictures.plant_dry_leaks(pool),
        *copies.plant_copies(pool),
        *broken_files.plant_unreadable(pool),
        *bad_names.plant_bad_names(pool),
        *contradictions.plant_contradictions(pool),
        *damaged_pixels.plant_damage(pool),
        *plant_frame_numbers(pool),
    ]
    plants += plant_bad_annotations(plan, plants)
    plants += describe_whole_set(plan)
    paths = [file.path for file in plan.all_files()]
    if len(set(paths)) < len(paths):
        raise AssertionError("two planned files have one name")
    return plan, [plant.record() for plant in plants] + [broken_files.strays_record()]


def _write_files(files: list[PlannedFile], root: Path, progress: Progress | None) -> list[bytes]:
    """Draw and write every file; returns a digest of the pixels of each, in no particular order."""
    chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
    digests: list[bytes] = []
    for done in _chunks_written(chunks, root, parallel=len(files) > POOL_FROM):
        digests += done
        if progress is not None:
            progress(len(digests), len(files))
    return digests


def _chunks_written(chunks: list[list[PlannedFile]], root: Path, *, parallel: bool) -> Iterator[list[bytes]]:
    if not parallel:
        yield from (_write_chunk(chunk, root) for chunk in chunks)
        return
    workers = max(1, min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_write_chunk, chunks, [root] * len(chunks))


def _write_chunk(chunk: Iterable[PlannedFile], root: Path) -> list[bytes]:
    digests = []
    for file in chunk:
        data, pixels = file_bytes(file)
        (root / file.class_name / file.name).write_bytes(data)
        write_annotation(file, root.parent / FOLDER)
        digests.append(hashlib.blake2b(pixels, digest_size=16).digest())
    return digests
