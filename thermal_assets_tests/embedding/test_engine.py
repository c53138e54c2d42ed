"""The engine: close to plain fp32 torchvision, and the same bits whatever the batch."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from thermal_assets.embedding.engine import Embedder, unit_length
from thermal_assets.embedding.hardware import has_native_bf16
from thermal_assets.embedding.preparation import _forms
from thermal_assets.embedding.preprocess import network_input
from thermal_assets.errors import UserError
from thermal_assets.lenses.lens_spec import PACKAGED, LensSpec
from thermal_assets.lenses.networks import load_network, resolve_lens
from thermal_assets.lenses.pseudo_images import pseudo_images

if TYPE_CHECKING:
    import torch

SIDE = 96


@pytest.fixture(scope="module")
def spec() -> LensSpec:
    return resolve_lens("random-mobilenet_v2", input_size=SIDE)


@pytest.fixture(scope="module")
def embedder(spec: LensSpec) -> Embedder:
    return Embedder(spec, device="cpu")


def plain_torchvision(spec: LensSpec, images: np.ndarray) -> np.ndarray:
    """What a straightforward torchvision loop gives: fp32, batch norms as they are."""
    import torch
    from torchvision.transforms.functional import normalize

    batch = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        features = load_network(spec)(normalize(batch, list(spec.mean), list(spec.std)))
        return torch.nn.functional.normalize(features).numpy()


def test_any_batch_size_place_and_thread_give_the_same_bits(embedder: Embedder) -> None:
    images = pseudo_images(21, SIDE, 5)
    together = embedder.embed(images)
    assert np.array_equal(together, np.concatenate([embedder.embed(image[None]) for image in images]))
    assert np.array_equal(together[::-1], embedder.embed(np.ascontiguousarray(images[::-1])))
    assert np.array_equal(together[3:16], embedder.embed(images[3:16]))
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(embedder.embed(images))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(together, other) for other in found)


def test_threads_of_torch_do_not_change_bits_and_are_left_alone(embedder: Embedder) -> None:
    import torch

    images = pseudo_images(5, SIDE, 6)
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(embedder.embed(images))
            assert torch.get_num_threads() == threads
        assert np.array_equal(found[0], found[1])
        assert np.array_equal(found[0], found[2])
    finally:
        torch.set_num_threads(before)


def test_vectors_have_unit_length_and_the_engine_says_what_it_is(embedder: Embedder) -> None:
    vectors = embedder.embed(pseudo_images(3, SIDE, 7))
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert embedder.spec.lens_id in embedder.description
    assert embedder.kind in ("mixed cpu", "fp32 cpu")
    assert embedder.embed(np.empty((0, SIDE, SIDE, 3), np.uint8)).shape == (0, 1280)
    with pytest.raises(ValueError, match="expected uint8"):
        embedder.embed(np.zeros((1, SIDE, SIDE + 1, 3), np.uint8))


def test_features_without_direction_become_zeros() -> None:
    rows = np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 1]], np.float32)
    with np.errstate(invalid="ignore"):
        assert np.allclose(unit_length(rows), [[0.6, 0.8], [0, 0], [0, 0], [0, 0]])


@pytest.mark.parametrize("name", ["random-mobilenet_v2", "random-efficientnet_b0"])
@pytest.mark.parametrize("precision", ["auto", "fp32"])
def test_close_to_plain_fp32_torchvision(name: str, precision: str) -> None:
    spec = resolve_lens(name, input_size=SIDE)
    images = pseudo_images(24, SIDE, 8)
    cosine = (Embedder(spec, precision, "cpu").embed(images) * plain_torchvision(spec, images)).sum(axis=1)
    assert cosine.min() >= (0.999 if precision == "auto" else 0.9999)


def real_crops(shared_dir: Path, side: int, count: int) -> np.ndarray:
    """uint8[n, side, side, 3]: about ``count`` crops of each real set."""
    images = []
    for name in ("hit_uav_crops", "solar_modules"):
        with zipfile.ZipFile(shared_dir / "data" / f"{name}.zip") as archive:
            members = sorted(m for m in archive.namelist() if m.endswith((".png", ".jpg")))
            for member in members[:: len(members) // count]:
                image = Image.open(io.BytesIO(archive.read(member))).convert("RGB")
                images.append(network_input(image, side))
    return np.stack(images)


def test_real_lens_on_real_crops_stays_at_a_cosine_of_0_999(shared_dir: Path) -> None:
    weights = shared_dir / "lenses" / "mobilenet_v2_imagenet.pth"
    spec = resolve_lens("mobilenet_v2", weights, mean=0.5, std=0.5)
    images = real_crops(shared_dir, spec.input_size, 16)
    embedder = Embedder(spec, device="cpu")
    assert embedder.precision == ("mixed" if has_native_bf16() else "fp32")
    cosine = (embedder.embed(images) * plain_torchvision(spec, images)).sum(axis=1)
    assert cosine.min() >= 0.999


def test_the_packaged_lens_finds_the_neighbours_that_plain_fp32_finds(shared_dir: Path) -> None:
    spec = resolve_lens(PACKAGED)
    images = real_crops(shared_dir, spec.input_size, 150)
    found, wanted = Embedder(spec, device="cpu").embed(images), plain_torchvision(spec, images)
    assert (found * wanted).sum(axis=1).min() >= 0.999
    nearest = []
    for vectors in (found, wanted):
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -2)
        nearest.append(np.argpartition(-similarity, 10, axis=1)[:, :10])
    same = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*(rows.tolist() for rows in nearest), strict=True)])
    assert same >= (0.97 if has_native_bf16() else 0.99)
    # Those that bfloat16 puts in the place of others lie as near as they.
    apart = [np.linalg.norm(wanted[:, None] - wanted[rows], axis=2).mean(axis=1) for rows in nearest]
    assert (apart[0] / apart[1]).mean() <= 1.001


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_sixteen_bits_as_on_cuda_are_used_only_where_they_are_faithful(spec: LensSpec, precision: str) -> None:
    """The form that CUDA runs, on the processor: either it is as close as promised, or fp32 takes its place."""
    embedder = Embedder(spec, precision, "cpu")
    assert embedder.precision in (precision, "fp32")
    images = pseudo_images(8, SIDE, 8)
    found = embedder.embed(images)
    assert (found * plain_torchvision(spec, images)).sum(axis=1).min() >= 0.999
    assert np.array_equal(found, np.concatenate([embedder.embed(image[None]) for image in images]))


@pytest.mark.parametrize("name", ["random-mobilenet_v2", "random-resnet18"])
def test_every_part_of_the_network_moves_to_another_device(name: str) -> None:
    """On the device ``meta``, which has shapes and no numbers, anything left behind on the processor would fail."""
    import torch

    spec = resolve_lens(name, input_size=SIDE)
    (candidate, _), *_ = _forms("bf16", load_network(spec), _folded(spec), spec, lambda images: torch.empty(0))
    batch = torch.empty(3, 3, SIDE, SIDE, device="meta")
    features = candidate.to("meta")(batch)
    assert (features.device.type, features.dtype, tuple(features.shape)) == (
        "meta",
        torch.float32,
        (3, spec.dimensions),
    )


def _folded(spec: LensSpec) -> torch.nn.Sequential | None:
    from thermal_assets.embedding.fast_network import folded

    return folded(load_network(spec).get_submodule("0")) if spec.is_plain else None


def test_without_the_bf16_kernel_the_engine_falls_back_to_fp32(spec: LensSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr("thermal_assets.embedding.fast_network.FusedConvolution.forward", absent)
    images = pseudo_images(3, SIDE, 9)
    fallback = Embedder(spec, "mixed", "cpu")
    assert fallback.kind == "fp32 cpu"
    assert np.array_equal(fallback.embed(images), Embedder(spec, "fp32", "cpu").embed(images))


def test_wrong_choices_are_told(spec: LensSpec) -> None:
    with pytest.raises(UserError, match="precision 'int4'"):
        Embedder(spec, "int4")
    with pytest.raises(UserError, match="device 'tpu'"):
        Embedder(spec, device="tpu")


def test_the_whole_crop_is_stretched_and_grey_is_repeated() -> None:
    crop = np.zeros((20, 300, 3), np.uint8)
    crop[:, :30] = 200  # an object at the far end of a long crop
    small = network_input(crop, 50)
    assert small.shape == (50, 50, 3)
    assert (small[:, :4] == 200).all()
    assert (small[:, 8:] == 0).all()
    grey = network_input(crop[:, :, 0], 50)
    assert np.array_equal(grey, small)
    stripes = np.zeros((64, 640), np.uint8)
    stripes[:, ::2] = 255
    assert abs(int(network_input(stripes, 64).mean()) - 127) <= 1, "shrinking averages instead of picking"
    assert network_input(stripes, 64).std() < 10
