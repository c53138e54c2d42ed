"""L2 vectors of real images, computed once and kept: what the benchmarks of lenses, labels and planted truth share.

The lens is the one of ``../shared/lenses`` as a user would give it (mean and deviation 0.5), the images those of
``../shared/data``: 20,000 solar modules, 3,289 crops and 500 frames seen from the air. Without these there is nothing to measure,
and the benchmarks say so.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODULES = SHARED / "data" / "solar_modules.zip"
CROPS = SHARED / "data" / "hit_uav_crops.zip"
FRAMES = SHARED / "data" / "hit_uav_frames.zip"
WEIGHTS = SHARED / "lenses" / "mobilenet_v2_imagenet.pth"
NORMAL = "No-Anomaly"
_PART = 64


def solar_vectors(cache: Path | None = None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """(vectors float32 [n, 1280] of unit length, labels int64 [n], class names); embedded where ``cache`` is not there.

    ``cache`` is an .npz file with ``vectors`` and ``ids`` (class/file); left out: one in the temporary folder.
    """
    return _vectors(MODULES, cache or Path(tempfile.gettempdir()) / f"thermal-assets-benchmark-solar-{os.getuid()}.npz")


def crop_vectors(cache: Path | None = None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The same of the crops of persons, cars and bicycles seen from the air."""
    return _vectors(CROPS, cache or Path(tempfile.gettempdir()) / f"thermal-assets-benchmark-crops-{os.getuid()}.npz")


def frame_vectors(cache: Path | None = None) -> tuple[np.ndarray, list[str]]:
    """(vectors float32 [n, 1280], names class/file) of whole frames seen from the air."""
    place = cache or Path(tempfile.gettempdir()) / f"thermal-assets-benchmark-frames-{os.getuid()}.npz"
    if not place.is_file():
        _embed(FRAMES, place)
    stored = np.load(place)
    return stored["vectors"], [str(name) for name in stored["ids"]]


def _vectors(archive: Path, place: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    if not place.is_file():
        _embed(archive, place)
    stored = np.load(place)
    classes = np.array([name.split("/")[0] for name in stored["ids"]])
    names, labels = np.unique(classes, return_inverse=True)
    return stored["vectors"], labels.astype(np.int64), [str(name) for name in names]


def _embed(images: Path, place: Path) -> None:
    from thermal_assets.embedding.engine import embedder
    from thermal_assets.embedding.preprocess import network_input
    from thermal_assets.lenses.networks import resolve_lens

    for wanted in (images, WEIGHTS):
        if not wanted.is_file():
            raise SystemExit(f"{wanted} is not there: this benchmark needs the real images and the real lens")
    spec = resolve_lens("mobilenet_v2", WEIGHTS, mean=0.5, std=0.5)
    engine = embedder(spec)
    with zipfile.ZipFile(images) as archive:
        members = sorted(name for name in archive.namelist() if name.lower().endswith((".jpg", ".png")))
        pictures = [archive.read(name) for name in members]
    ids = ["/".join(name.split("/")[-2:]) for name in members]
    print(f"embedding {len(members):,} images once ({engine.description}) ...", flush=True)

    def part(start: int) -> np.ndarray:
        opened = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures[start : start + _PART]]
        return engine.embed(np.stack([network_input(image, spec.input_size) for image in opened]))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        vectors = np.concatenate(list(pool.map(part, range(0, len(members), _PART))))
    temporary = place.with_suffix(".part.npz")
    np.savez(temporary, vectors=vectors, ids=np.array(ids))
    temporary.replace(place)
