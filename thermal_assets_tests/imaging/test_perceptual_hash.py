"""The perceptual hash: as defined, hardly touched by small changes, and another one for another picture."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

from thermal_assets.imaging.class_pictures import CANVAS, canvas
from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.perceptual_hash import perceptual_hash
from thermal_assets.warehouse.near_copies import DEFAULT_BITS
from thermal_assets_tests.imaging.pictures import encode

Change = Callable[[Image.Image], Image.Image]


def hash_of(data: bytes) -> NDArray[np.uint8]:
    digits = perceptual_hash(canvas(decode_image(data)))
    assert digits is not None
    assert len(digits) == 64
    return np.unpackbits(np.frombuffer(bytes.fromhex(digits), dtype=np.uint8))


def scene(seed: int) -> NDArray[np.uint8]:
    """A warm and a cold body of random place and size on rough ground, 90 x 70, with noise of a level."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:70, :90]
    levels = 90 + 60 * gaussian_filter(random.normal(size=(70, 90)), 2)
    for strength in (110, -45):
        at, wide = random.uniform(15, 55, 2), random.uniform(4, 16)
        levels += strength * np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * wide**2))
    return np.clip(np.rint(levels + random.normal(0, 1, levels.shape)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_bits_are_the_signs_of_the_slow_waves_of_the_cosine_transform(channels: int) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (CANVAS, CANVAS, channels), dtype=np.uint8)
    luminance = levels[:, :, 0].astype(float) if channels == 1 else levels @ np.array([0.299, 0.587, 0.114])
    waves = dctn(luminance.reshape(32, 2, 32, 2).mean(axis=(1, 3)), norm="ortho")[:16, :16].ravel()
    bits = np.concatenate([[False], waves[1:] > 0])
    assert perceptual_hash(levels) == np.packbits(bits).tobytes().hex()


def test_containers_and_grey_as_colours_have_one_hash() -> None:
    levels = scene(1)
    grey = hash_of(encode(Image.fromarray(levels)))
    assert (hash_of(encode(Image.fromarray(levels).convert("RGB"))) == grey).all()
    assert (hash_of(encode(Image.fromarray(levels), "BMP")) == grey).all()


def test_an_even_picture_or_a_drawn_shade_has_none() -> None:
    assert perceptual_hash(np.full((CANVAS, CANVAS, 1), 7, np.uint8)) is None
    shade = np.repeat(np.arange(CANVAS, dtype=np.uint8)[:, None], CANVAS, axis=1)[:, :, None]
    assert perceptual_hash(np.ascontiguousarray(shade)) is None


def changed(change: Change, levels: NDArray[np.uint8]) -> bytes:
    return encode(change(Image.fromarray(levels)))


def jpeg(quality: int) -> Change:
    def change(picture: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        return Image.open(io.BytesIO(buffer.getvalue()))

    return change


CHANGES: dict[str, Change] = {
    "brighter": lambda picture: picture.point(lambda level: min(255, round(level * 1.1))),
    "compressed": jpeg(80),
    "smaller": lambda picture: picture.resize((68, 53), Image.Resampling.BILINEAR),
    "noisy": lambda picture: Image.fromarray(
        np.clip(np.asarray(picture) + np.random.default_rng(5).normal(0, 1, (70, 90)), 0, 255).astype(np.uint8)
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_small_changes_leave_most_bits(change: Change) -> None:
    for seed in range(10):
        levels = scene(seed)
        assert (hash_of(changed(change, levels)) != hash_of(encode(Image.fromarray(levels)))).sum() <= DEFAULT_BITS


def test_other_scenes_differ_by_far_more() -> None:
    hashes = [hash_of(encode(Image.fromarray(scene(seed)))) for seed in range(30)]
    least = min((a != b).sum() for i, a in enumerate(hashes) for b in hashes[:i])
    assert least > 1.5 * DEFAULT_BITS


def test_real_crops_keep_their_hash_and_no_two_share_one(shared_dir: Path) -> None:
    """300 crops of cars and people: each is found again at JPEG 80 and 3/4 of its size; no two are taken for one."""
    with zipfile.ZipFile(shared_dir / "data" / "hit_uav_crops.zip") as stored:
        names = sorted(name for name in stored.namelist() if name.endswith(".png"))
        pictures = [Image.open(io.BytesIO(stored.read(name))).convert("L") for name in names[::11]]
    pictures = [picture for picture in pictures if min(picture.size) >= 24]
    hashes = np.stack([hash_of(encode(picture)) for picture in pictures])
    differing = (hashes[:, None] != hashes).sum(axis=2)
    assert len(pictures) > 150
    assert differing[~np.eye(len(pictures), dtype=bool)].min() > DEFAULT_BITS
    for change, least in ((jpeg(80), 0.95), (_three_quarters, 0.95)):
        found = [(hash_of(encode(change(p))) != own).sum() for p, own in zip(pictures, hashes, strict=True)]
        assert np.mean(np.array(found) <= DEFAULT_BITS) >= least


def _three_quarters(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * 3 // 4, picture.height * 3 // 4), Image.Resampling.BILINEAR)
