"""Who is there: class sizes, file names and feature vectors of a data set like the model case."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np

FULL_SIZE = 1_223_849
LARGEST, SMALLEST, CLASSES = 225_954, 20_290, 20
DIMENSIONS = 1280
PER_SESSION, PER_FRAME = 1500, 2
SITES = ("CIC", "KEP", "HMI", "POS", "ULS", "GWJ", "INC", "DJN", "BSN", "YSU")
DISTANCES = ("D1", "D2", "D5", "D10")
BLOCK = 8192
_LATENT = 64
_RISE, _STEEPNESS = 0.22, 9.9  # of the curve of sizes: they give mean 61,192 and standard deviation 50,079


def class_sizes(images: int = FULL_SIZE) -> list[int]:
    """Sizes of the 20 classes, largest first, in sum ``images``; at full size those of the model case."""
    place = np.arange(CLASSES) / (CLASSES - 1)
    ideal = SMALLEST + (LARGEST - SMALLEST) * (_RISE * place + (1 - _RISE) * place**_STEEPNESS)
    ideal[1:-1] -= (ideal.sum() - FULL_SIZE) / (CLASSES - 2)
    sizes = np.floor(ideal * images / FULL_SIZE + 0.5).astype(int)
    sizes[CLASSES // 2] += images - sizes.sum()
    return [int(size) for size in sizes[::-1]]


def image_names(code: str, state: str, number: int, size: int) -> list[str]:
    """File names of a class of ``size`` images; ``number`` is that of its object (0 to 9)."""
    names = []
    for index in range(size):
        session, frame = divmod(index, PER_SESSION)
        day = dt.date(2020, 9, 7) + dt.timedelta(days=session // 2)
        clock = ("A1016-A1110", "P0105-P0213")[session % 2]
        distance = DISTANCES[session % len(DISTANCES)]
        names.append(
            f"{code}_{state}_{day:%y.%m.%d}_{SITES[number]}_{clock}_{distance}"
            f"_{frame // PER_FRAME:06d}_bbox{frame % PER_FRAME}.png"
        )
    return names


def content_hashes(names: list[str]) -> list[str]:
    """A hash for each name, in the form of a content hash."""
    return [hashlib.blake2b(name.encode(), digest_size=16).hexdigest() for name in names]


def vector_blocks(number: int, anomaly: bool, size: int, first: int = 0) -> Iterator[np.ndarray]:
    """Unit vectors float32 [at most 8192, 1280] of the images ``first`` to ``size`` of a class, always the same ones.

    Non-negative like the features of a network after its last rectifier. Objects differ most, then sessions, states,
    frames, and images of a frame; what a camera adds to every picture is noise in all directions.
    """
    mixing = _normal("mixing", _LATENT, DIMENSIONS) / np.sqrt(np.float32(_LATENT))
    centre = 1.6 * _normal(f"object {number}", _LATENT) + 0.5 * anomaly * _normal(f"state {number}", _LATENT)
    for start in range(first, size, BLOCK):
        # Whole blocks are drawn, and cut behind the last image: a later, larger delivery must bring the same ones again.
        index = np.arange(start, start + BLOCK)
        rng = np.random.default_rng([number, anomaly, start])
        latent = np.tile(centre, (len(index), 1)).astype(np.float32)
        sessions, frames = index // PER_SESSION, index // PER_FRAME
        for session in np.unique(sessions).tolist():
            latent[sessions == session] += 0.9 * _normal(f"session {number} {session}", _LATENT)
        of_frame = 0.5 * rng.standard_normal((len(index), _LATENT), dtype=np.float32)
        latent += of_frame[frames - frames[0]]
        latent += 0.4 * rng.standard_normal(latent.shape, dtype=np.float32)
        features = latent @ mixing
        features += 0.25 * rng.standard_normal(features.shape, dtype=np.float32)
        np.maximum(features, 0, out=features)
        features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-6)
        yield features[: size - start]


@cache
def _normal(name: str, *shape: int) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape, dtype=np.float32)
