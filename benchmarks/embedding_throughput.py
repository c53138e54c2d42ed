"""Images per second of the image pass beside its peers, in one run: run this file with --help.

The peers on the same files, weights, input size and processors, each in a process of its own:

- ``loop``: what a person writes first: torchvision's transforms, a DataLoader with two workers, fp32, batches of 32.
- ``tuned``: the same with what helps: channels-last, bfloat16 where the processor has it, and the C library told by
  environment variables (MALLOC_TRIM_THRESHOLD_ and others) to keep freed memory.
- ``ceiling``: the network alone on tensors that are ready, tuned likewise, the best of several ways to use it.
- ``ours``: `run_image_pass` with everything it does: hashing, decoding, statistics, small pictures, vectors, fsync. No
  environment variable is set for it.

Rounds are interleaved and the best of each counts. Where other work runs on the machine, believe the
processor time rather than the images per second.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from thermal_assets.embedding.engine import embedder
from thermal_assets.embedding.hardware import available_cpus, has_native_bf16
from thermal_assets.embedding.image_pass import ImageFile, run_image_pass
from thermal_assets.embedding.stats_store import StatsStore
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.imaging.palettes import palette_curve
from thermal_assets.lenses.lens_spec import LensSpec
from thermal_assets.lenses.networks import load_network, resolve_lens
from thermal_assets.lenses.pseudo_images import pseudo_images

PEERS = ("loop", "tuned", "ceiling", "ours")
TUNED = {"MALLOC_TRIM_THRESHOLD_": "1073741824", "MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TOP_PAD_": "268435456"}
BATCH, LOADERS = 32, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, help="folder of images; left out: pseudo-colour PNG crops are made")
    parser.add_argument("--count", type=int, default=400, help="images in a round (default 400)")
    parser.add_argument("--rounds", type=int, default=2, help="rounds (default 2)")
    parser.add_argument("--lens", default="random-mobilenet_v2", help="default random-mobilenet_v2")
    parser.add_argument("--lens-weights", type=Path)
    parser.add_argument("--mean", type=float)
    parser.add_argument("--std", type=float)
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    spec = resolve_lens(options.lens, options.lens_weights, mean=options.mean, std=options.std)
    if options.peer is not None:
        paths = sorted(p for p in options.images.rglob("*") if p.suffix.lower() in (".png", ".jpg", ".tif", ".tiff"))
        paths = paths[:: max(1, len(paths) // options.count)][: options.count]
        print(json.dumps(globals()[options.peer](spec, paths)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.images or made_crops(Path(scratch) / "crops", options.count)
        precision = "bf16" if has_native_bf16() else "fp32 (no bf16 units)"
        print(f"up to {options.count} images of {folder}, {available_cpus()} processors, {precision}, {spec.lens_id}")
        best: dict[str, dict[str, Any]] = {}
        for _ in range(options.rounds):
            for peer in PEERS:
                found = _in_a_process(peer, folder)
                processor = min(found["processor_ms"], best.get(peer, found)["processor_ms"])
                if peer not in best or found["rate"] > best[peer]["rate"]:
                    best[peer] = found
                best[peer]["processor_ms"] = processor
    for peer, found in best.items():
        print(
            f"{peer:8}{found['rate']:8.1f} images/s {found['processor_ms']:8.1f} ms of processor time an image"
            f"  {found['how']}"
        )
    for peer in PEERS[:-1]:
        by_clock = best["ours"]["rate"] / best[peer]["rate"]
        by_processor = best[peer]["processor_ms"] / best["ours"]["processor_ms"]
        print(f"ours / {peer:8}{by_clock:6.2f} by the clock {by_processor:6.2f} by processor time")


def _in_a_process(peer: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.embedding_throughput", *sys.argv[1:], "--images", str(folder)]
    environment = os.environ | (TUNED if peer in ("tuned", "ceiling") else {})
    done = subprocess.run([*command, "--peer", peer], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _timed(work: Callable[[], int], how: str) -> dict[str, Any]:
    """Images per second and milliseconds of processor time an image, children included, of ``work`` () -> images."""
    before, started = _processor_seconds(), time.perf_counter()
    images = work()
    seconds, processor = time.perf_counter() - started, _processor_seconds() - before
    return {"rate": images / seconds, "processor_ms": 1000 * processor / images, "how": how}


def _processor_seconds() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


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


def loop(spec: LensSpec, paths: list[Path], tuned_up: bool = False) -> dict[str, Any]:
    import torch
    from torchvision import transforms

    prepare = transforms.Compose(
        [
            transforms.Resize((spec.input_size, spec.input_size)),
            transforms.ToTensor(),
            transforms.Normalize(spec.mean, spec.std),
        ]
    )

    class Pictures(torch.utils.data.Dataset[torch.Tensor]):
        def __len__(self) -> int:
            return len(paths)

        def __getitem__(self, index: int) -> torch.Tensor:
            picture: torch.Tensor = prepare(Image.open(paths[index]).convert("RGB"))
            return picture

    network, dtype, how = load_network(spec), torch.float32, "fp32"
    if tuned_up:
        dtype = torch.bfloat16 if has_native_bf16() else torch.float32
        network = network.to(dtype).to(memory_format=torch.channels_last)
        how = f"{dtype}, channels-last, allocator"

    def work() -> int:
        loader = torch.utils.data.DataLoader(Pictures(), batch_size=BATCH, num_workers=LOADERS)
        with torch.no_grad():
            for batch in loader:
                if tuned_up:
                    batch = batch.to(dtype).contiguous(memory_format=torch.channels_last)
                torch.nn.functional.normalize(network(batch).float()).numpy()
        return len(paths)

    return _timed(work, how)


def tuned(spec: LensSpec, paths: list[Path]) -> dict[str, Any]:
    return loop(spec, paths, tuned_up=True)


def ceiling(spec: LensSpec, paths: list[Path]) -> dict[str, Any]:
    """Batches of 8 and 32, with torch's own threads over one batch and with a batch for each processor: the fastest."""
    import torch

    dtype = torch.bfloat16 if has_native_bf16() else torch.float32
    network = load_network(spec).to(dtype).to(memory_format=torch.channels_last)
    processors = available_cpus()
    found = []
    for size in (8, BATCH):
        batch = torch.randn(size, 3, spec.input_size, spec.input_size).to(dtype)
        batch = batch.contiguous(memory_format=torch.channels_last)
        for workers in (1, processors):
            torch.set_num_threads(processors // workers)
            rounds = max(1, len(paths) // size // workers)

            def one(_: int, batch: torch.Tensor = batch, rounds: int = rounds) -> int:
                with torch.inference_mode():
                    for _ in range(rounds):
                        network(batch)
                return rounds * len(batch)

            def work(one: Callable[[int], int] = one, workers: int = workers) -> int:
                with ThreadPoolExecutor(workers) as pool:
                    return sum(pool.map(one, range(workers)))

            with torch.inference_mode():
                network(batch)
            found.append(_timed(work, f"{dtype}, batches of {size}, {workers} at a time"))
    return max(found, key=lambda one: float(one["rate"]))


def ours(spec: LensSpec, paths: list[Path]) -> dict[str, Any]:
    files = [ImageFile(p, p.name, hashlib.blake2b(p.read_bytes(), digest_size=16).hexdigest()) for p in paths]
    engine = embedder(spec)

    def work(count: int) -> int:
        with tempfile.TemporaryDirectory() as home:
            vectors = VectorStore(Path(home) / "vectors", spec.lens_id, spec.dimensions)
            stats = StatsStore(Path(home) / "stats")
            return run_image_pass(files[:count], stats=stats, vectors=vectors, lens=spec).decoded

    work(engine.batch_size)  # what is loaded and compiled once, as the models of the others are loaded before
    return _timed(lambda: work(len(files)), engine.description)


if __name__ == "__main__":
    main()
