"""Images per second of the image pass beside its peers, in one run: run this file with --help.

The peers on the same files, weights and processors:

- ``naive``: the loop a person writes first: Pillow, torchvision's transforms, fp32, batches of 32, one after the other.
- ``bare network``: torchvision's own network in bfloat16 and channels-last, fed from memory: no files, no decoding.
- ``pass``: `run_image_pass` with everything it does: hashing, decoding, statistics, small pictures, vectors, fsync.

Rounds are interleaved and the best of each counts. Where other work runs on the machine, believe the
processor time rather than the images per second.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from thermal_assets.embedding.engine import embedder
from thermal_assets.embedding.hardware import available_cpus
from thermal_assets.embedding.image_pass import ImageFile, run_image_pass
from thermal_assets.embedding.stats_store import StatsStore
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.imaging.palettes import palette_curve
from thermal_assets.lenses.lens_spec import LensSpec
from thermal_assets.lenses.networks import load_network, resolve_lens
from thermal_assets.lenses.pseudo_images import pseudo_images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, help="folder of images; left out: pseudo-colour PNG crops are made")
    parser.add_argument("--count", type=int, default=600, help="images in a round (default 600)")
    parser.add_argument("--rounds", type=int, default=2, help="rounds (default 2)")
    parser.add_argument("--lens", default="random-mobilenet_v2", help="default random-mobilenet_v2")
    parser.add_argument("--lens-weights", type=Path)
    parser.add_argument("--mean", type=float)
    parser.add_argument("--std", type=float)
    options = parser.parse_args()
    spec = resolve_lens(options.lens, options.lens_weights, mean=options.mean, std=options.std)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.images or made_crops(Path(scratch) / "crops", options.count)
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".tif", ".tiff"))
        paths = paths[:: max(1, len(paths) // options.count)][: options.count]
        files = [ImageFile(p, p.name, hashlib.blake2b(p.read_bytes(), digest_size=16).hexdigest()) for p in paths]
        engine = embedder(spec)
        print(f"{len(files)} images of {folder}, {available_cpus()} processors; {engine.description}")
        peers: dict[str, Callable[[], float]] = {
            "naive": lambda: naive(spec, paths[: len(paths) // 4]),
            "bare network": lambda: bare_network(spec, len(paths)),
            "pass": lambda: full_pass(spec, files),
        }
        best = dict.fromkeys(peers, 0.0)
        processor = dict.fromkeys(peers, float("inf"))
        for _ in range(options.rounds):
            for name, measure in peers.items():
                before, started = time.process_time(), time.perf_counter()
                rate = measure()
                share = (time.process_time() - before) / (time.perf_counter() - started)
                best[name] = max(best[name], rate)
                processor[name] = min(processor[name], 1000 * share / rate)
    for name, rate in best.items():
        print(f"{name:14}{rate:8.0f} images/s {processor[name]:8.1f} ms of processor time an image")
    for peer in ("bare network", "naive"):
        by_clock, by_processor = best["pass"] / best[peer], processor[peer] / processor["pass"]
        print(f"pass / {peer:14}{by_clock:6.2f} by the clock {by_processor:6.2f} by processor time")


def made_crops(folder: Path, count: int) -> Path:
    """Pseudo-colour PNG crops of 120 to 220 px with sensor noise, the way thermal cameras export them."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    curve = np.clip(np.rint(palette_curve("iron")), 0, 255).astype(np.uint8)
    fields = pseudo_images(16, 256, 0)[:, :, :, 0].astype(np.float32)
    for index in range(count):
        height, width = generator.integers(120, 221, 2)
        top, left = generator.integers(0, 256 - height), generator.integers(0, 256 - width)
        levels = fields[index % 16, top : top + height, left : left + width] + generator.normal(0, 3, (height, width))
        Image.fromarray(curve[np.clip(levels, 0, 255).astype(np.uint8)]).save(folder / f"{index:05d}.png")
    return folder


def naive(spec: LensSpec, paths: list[Path]) -> float:
    import torch
    from torchvision import transforms

    network = load_network(spec)
    prepare = transforms.Compose(
        [
            transforms.Resize((spec.input_size, spec.input_size)),
            transforms.ToTensor(),
            transforms.Normalize(spec.mean, spec.std),
        ]
    )
    started = time.perf_counter()
    with torch.no_grad():
        for start in range(0, len(paths), 32):
            batch = torch.stack([prepare(Image.open(path).convert("RGB")) for path in paths[start : start + 32]])
            torch.nn.functional.normalize(network(batch)).numpy()
    return len(paths) / (time.perf_counter() - started)


def bare_network(spec: LensSpec, count: int) -> float:
    """The faster of batches of 8 and 32: large ones suffer from the allocator, small ones from overhead."""
    import torch

    network = load_network(spec).to(torch.bfloat16).to(memory_format=torch.channels_last)
    rates = []
    for size in (8, 32):
        batch = torch.randn(size, 3, spec.input_size, spec.input_size).to(torch.bfloat16)
        batch = batch.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            network(batch)
            started = time.perf_counter()
            for _ in range(max(1, count // size // 2)):
                network(batch)
        rates.append(max(1, count // size // 2) * size / (time.perf_counter() - started))
    return max(rates)


def full_pass(spec: LensSpec, files: list[ImageFile]) -> float:
    with tempfile.TemporaryDirectory() as home:
        vectors = VectorStore(Path(home) / "vectors", spec.lens_id, spec.dimensions)
        summary = run_image_pass(files, stats=StatsStore(Path(home) / "stats"), vectors=vectors, lens=spec)
    return summary.images_per_second


if __name__ == "__main__":
    main()
