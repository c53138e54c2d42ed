"""Small image files and the entries of a manifest for them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from thermal_assets.embedding.image_pass import ImageFile
from thermal_assets.lenses.pseudo_images import pseudo_images


def png(seed: int, size: tuple[int, int] = (48, 40), grey: bool = False) -> bytes:
    """A PNG of width, height ``size``, different for each seed."""
    image = Image.fromarray(pseudo_images(1, 64, seed)[0]).resize(size)
    buffer = io.BytesIO()
    (image.convert("L") if grey else image).save(buffer, "PNG")
    return buffer.getvalue()


def listed(folder: Path, name: str, data: bytes) -> ImageFile:
    """Write ``data`` and list it as the manifest would."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return ImageFile(path, name, content_hash(data))


def content_hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def hashes(count: int, start: int = 0) -> list[str]:
    """Content hashes of nothing in particular."""
    return [content_hash(str(i).encode()) for i in range(start, start + count)]


def vector_of(key: str, dimensions: int) -> np.ndarray:
    """A vector that can be told from its hash, to recognise spoilt ones."""
    return np.random.default_rng(int(key[:12], 16)).standard_normal(dimensions, dtype=np.float32)
