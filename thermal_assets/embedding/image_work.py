"""What a worker does with one image: read, verify, decode, measure, shrink."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.embedding.pass_types import FileProblem, ImageFile
from thermal_assets.embedding.preprocess import network_input
from thermal_assets.embedding.stats_records import StatsRecord
from thermal_assets.embedding.stopwatch import Stopwatch
from thermal_assets.imaging.channel_stats import channel_statistics
from thermal_assets.imaging.class_pictures import canvas, histogram
from thermal_assets.imaging.decode import DecodeLimits, decode_image
from thermal_assets.imaging.decoded_image import DecodedImage
from thermal_assets.imaging.palette_levels import palette_levels
from thermal_assets.imaging.perceptual_hash import perceptual_hash
from thermal_assets.imaging.problems import ImageProblem
from thermal_assets.imaging.radiometric import sensor_figures

if TYPE_CHECKING:
    from thermal_assets.embedding.pass_plan import Task

#: Problems of the moment, not of the bytes: they are reported and never remembered.
_PASSING = frozenset({"out_of_memory"})


@dataclass(slots=True)
class Outcome:
    """What became of a task. ``pixels`` (uint8[S, S, 3]) is turned into ``vector`` by the network."""

    task: Task
    record: StatsRecord | None = None
    pixels: np.ndarray | None = None
    vector: np.ndarray | None = None
    decoded: bool = False
    undecodable: tuple[str, str] | None = None
    problems: list[FileProblem] = field(default_factory=list)


class _Unusable(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


def process(task: Task, side: int, limits: DecodeLimits, watch: Stopwatch) -> Outcome:
    """Do everything for one content except the network; never raises for a bad file.

    The first of its files that still holds the content counts. ``watch`` learns the stages.
    """
    outcome = Outcome(task)
    try:
        data = _first_readable(task, limits, outcome, watch)
        if data is None:
            return outcome
        started = perf_counter()
        image = decode_image(data, limits)
        outcome.decoded = True
    except ImageProblem as problem:
        if problem.code in _PASSING:
            outcome.problems += [FileProblem(file.image_id, problem.code, problem.message) for file in task.files]
            return outcome
        outcome.undecodable = (problem.code, problem.message)
        if task.measure:
            outcome.record = StatsRecord(task.content_hash, None, [outcome.undecodable])
        return outcome
    decoded = perf_counter()
    watch.add("decode", decoded - started)
    if task.measure:
        outcome.record = _measured(task.content_hash, image)
        watch.add("statistics", perf_counter() - decoded)
    if task.embed:
        with watch.stage("resize"):
            outcome.pixels = network_input(image.picture, side)
    return outcome


def _measured(content_hash: str, image: DecodedImage) -> StatsRecord:
    small = canvas(image)
    statistics = channel_statistics(image) | {"perceptual_hash": perceptual_hash(small)} | by_product_columns(image)
    return StatsRecord(content_hash, statistics, list(image.problems), histogram(image), small)


def by_product_columns(image: DecodedImage) -> dict[str, dict[str, object] | None]:
    """Columns of the row of an image in each of ``by_products.TABLES``, None where it has no row."""
    return {"palette_levels": palette_levels(image), "sensor_temperatures": sensor_figures(image.thermogram)}


def _first_readable(task: Task, limits: DecodeLimits, outcome: Outcome, watch: Stopwatch) -> bytes | None:
    for file in task.files:
        started = perf_counter()
        try:
            return _read(file, limits)
        except _Unusable as problem:
            outcome.problems.append(FileProblem(file.image_id, problem.code, problem.message))
        finally:
            watch.add("read", perf_counter() - started)
    return None


def _read(file: ImageFile, limits: DecodeLimits) -> bytes:
    try:
        data = _bytes_of(file.path, limits.max_bytes + 1)
    except FileNotFoundError:
        raise _Unusable("vanished", "The file was listed but is gone: run again to bring the list up to date") from None
    except OSError as error:
        raise _Unusable("unreadable", f"The file cannot be read ({error.strerror}): check its permissions") from None
    if len(data) > limits.max_bytes:
        return data  # decode_image refuses it by its size
    if hashlib.blake2b(data, digest_size=16).hexdigest() != file.content_hash:
        raise _Unusable("changed_while_reading", "The file changed after it was listed: run again to take the new one")
    return data


def _bytes_of(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a file. For a small picture a buffered file object costs more than the reading."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        length = min(os.fstat(handle).st_size + 1, most)  # one more, to see the end
        data = os.read(handle, length)
        while len(data) < most and (more := os.read(handle, min(most - len(data), 1 << 20))):
            data += more
        return data
    finally:
        os.close(handle)
