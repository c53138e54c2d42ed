"""How good the lenses are on real pictures that none of them was trained on: run this file with --help.

`thermal_mobilenet` never saw solar_modules; it was trained on hit_uav, so there it has to be measured with weights from a
run that held hit_uav out (training/thermal_mobilenet --hold-out hit_uav), given with --packaged.

    python -m benchmarks.lens_table --data DIR [--imagenet mobilenet_v2.pth] [--set solar_modules] [--limit 4000]

One line a lens: raw grey pixels, random weights, `thermal_mobilenet` (another file of weights with --packaged) and, where
a file is given, ImageNet. Measured on unit vectors as they are, without centring or fitting:

- accuracy and macro-F1: leave-one-out, ten nearest neighbours, majority vote, ties to the nearer ones;
- AUROC: mean distance to the ten nearest other pictures of the normal class (solar modules: No-Anomaly; sets without a
  normal class: each class in turn, averaged), pictures of all other classes against those of the class itself;
- AUROC planted: the same with 1 % of pictures of other classes hidden among the normal ones, nobody told which are
  which: distance to the ten nearest of that mixture, mean of five draws;
- images/s: vectors from pictures in memory, on all processors, and MB of the weights.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import rankdata

from thermal_assets.embedding.engine import Embedder, unit_length
from thermal_assets.embedding.hardware import available_cpus
from thermal_assets.embedding.preprocess import network_input
from thermal_assets.lenses.networks import resolve_lens
from thermal_assets.lenses.packaged import packaged_weights

K = 10
RAW_SIDE = 24
NORMAL = {"solar_modules": "No-Anomaly"}
LEFT_OUT = {"hit_uav_crops": ("DontCare",)}
DRAWS, PLANTED = 5, 0.01
_ROWS = 500


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    accuracy: float
    macro_f1: float
    auroc: float
    auroc_planted: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets, a folder a class in each")
    parser.add_argument("--set", dest="sets", action="append", help="data set (default: solar_modules)")
    parser.add_argument("--imagenet", type=Path, help="ImageNet weights of mobilenet_v2 (mean and std 0.5)")
    parser.add_argument("--packaged", type=Path, help="weights to measure in place of those in the package")
    parser.add_argument("--limit", type=int, default=0, help="a sample of so many pictures (seed 0); default: all")
    parser.add_argument("--only", default="", help="only the lenses with this in their names")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors from one call to the next")
    options = parser.parse_args()
    for name in options.sets or ["solar_modules"]:
        paths, labels = pictures_of(options.data / name, options.limit, LEFT_OUT.get(name, ()))
        print(f"\n{name}: {len(paths)} pictures, {len(set(labels))} classes, {available_cpus()} processors")
        print("| lens | accuracy | macro-F1 | AUROC | AUROC planted | images/s | MB |\n|---|---|---|---|---|---|---|")
        for lens, embed, size in lenses(options.imagenet, options.packaged):
            if options.only not in lens:
                continue
            kept = options.cache / f"{name}-{len(paths)}-{lens.replace(' ', '_')}.npy" if options.cache else None
            started = time.perf_counter()
            if kept is not None and kept.exists():
                vectors, rate = np.load(kept), "kept"
            else:
                vectors = embed(paths)
                rate = f"{len(paths) / (time.perf_counter() - started):.0f}"
                if kept is not None:
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    np.save(kept, vectors)
            found = measure(vectors, labels, NORMAL.get(name))
            print(
                f"| {lens} | {found.accuracy:.1%} | {found.macro_f1:.3f} | {found.auroc:.3f} | "
                f"{found.auroc_planted:.3f} | {rate} | {size / 1e6:.1f} |",
                flush=True,
            )


def pictures_of(root: Path, limit: int, left_out: tuple[str, ...]) -> tuple[list[Path], np.ndarray]:
    """Paths and their classes, sorted; a seeded sample where ``limit`` is not 0."""
    paths = sorted(p for p in root.glob("*/*") if p.suffix in (".png", ".jpg") and p.parent.name not in left_out)
    if limit:
        paths = [paths[i] for i in np.sort(np.random.default_rng(0).permutation(len(paths))[:limit])]
    return paths, np.array([path.parent.name for path in paths])


def lenses(imagenet: Path | None, packaged: Path | None) -> list[tuple[str, Callable[[list[Path]], np.ndarray], int]]:
    """Name, paths -> unit vectors, bytes of weights."""

    def network(engine: Callable[[], Embedder]) -> Callable[[list[Path]], np.ndarray]:
        return lambda paths: embedded(engine(), paths)

    own = resolve_lens("thermal_mobilenet")
    if packaged is not None:
        file = resolve_lens("mobilenet_v2", packaged, input_size=own.input_size, mean=own.mean, std=own.std)
        own = replace(file, name="thermal_mobilenet", source="file")
    untrained = resolve_lens("random-mobilenet_v2", input_size=own.input_size)
    table = [
        (f"raw pixels {RAW_SIDE} px", raw_pixels, 0),
        (f"random weights {own.input_size} px", network(lambda: Embedder(untrained)), 0),
        (
            f"thermal_mobilenet {own.input_size} px",
            network(lambda: Embedder(replace(own, name="mobilenet_v2") if packaged else own)),
            (packaged or packaged_weights()).stat().st_size,
        ),
    ]
    if imagenet is not None:
        spec = resolve_lens("mobilenet_v2", imagenet, mean=0.5, std=0.5)
        table.append(("ImageNet 224 px", network(lambda: Embedder(spec)), imagenet.stat().st_size))
    return table


def raw_pixels(paths: list[Path]) -> np.ndarray:
    """float32[n, RAW_SIDE ** 2]: grey levels less their mean, each picture at unit length (better than with the mean)."""
    levels = np.stack([_resized(path, RAW_SIDE)[:, :, 0].reshape(-1) for path in paths]).astype(np.float32)
    return unit_length(levels - levels.mean(axis=1, keepdims=True))


def embedded(engine: Embedder, paths: list[Path]) -> np.ndarray:
    """float32[n, d] by as many threads as there are processors."""
    side, size = engine.spec.input_size, 2 * engine.batch_size

    def one(start: int) -> np.ndarray:
        return engine.embed(np.stack([_resized(path, side) for path in paths[start : start + size]]))

    with ThreadPoolExecutor(available_cpus()) as pool:
        return np.concatenate(list(pool.map(one, range(0, len(paths), size))))


def _resized(path: Path, side: int) -> np.ndarray:
    with Image.open(path) as image:
        return np.ascontiguousarray(network_input(image.convert("RGB"), side))


def measure(vectors: np.ndarray, labels: np.ndarray, normal: str | None) -> Measured:
    """Everything in one pass over the similarities of unit vectors float32[n, d]."""
    names, classes = np.unique(labels, return_inverse=True)
    normals = [int(np.flatnonzero(names == normal)[0])] if normal else list(range(len(names)))
    rng = np.random.default_rng(0)
    mixtures = [_mixture(classes, value, rng) for value in normals for _ in range(DRAWS)]
    predicted = np.empty(len(vectors), np.int64)
    to_normal = np.empty((len(normals), len(vectors)))
    in_mixture = [np.empty(len(vectors)) for _ in mixtures]
    members = [np.flatnonzero(classes == value) for value in normals]
    for start in range(0, len(vectors), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(vectors)))
        similarity = vectors[rows] @ vectors.T
        similarity[np.arange(len(rows)), rows] = -2  # a picture is no neighbour of itself
        nearest = np.argpartition(-similarity, K, axis=1)[:, :K]
        order = np.argsort(-np.take_along_axis(similarity, nearest, 1), axis=1)
        predicted[rows] = _vote(classes[np.take_along_axis(nearest, order, 1)], len(names))
        for position, columns in enumerate(members):
            to_normal[position, rows] = _mean_distance(similarity[:, columns])
        for values, columns in zip(in_mixture, mixtures, strict=True):
            wanted = np.isin(rows, columns)
            if wanted.any():
                values[rows[wanted]] = _mean_distance(similarity[np.ix_(wanted, columns)])
    f1 = []
    for value in range(len(names)):
        hits = np.sum((predicted == value) & (classes == value))
        f1.append(2 * hits / max(1, np.sum(predicted == value) + np.sum(classes == value)))
    aurocs = [auroc(to_normal[i], classes != value) for i, value in enumerate(normals)]
    planted = [
        auroc(values[columns], classes[columns] != normals[i // DRAWS])
        for i, (values, columns) in enumerate(zip(in_mixture, mixtures, strict=True))
    ]
    return Measured(
        float(np.mean(predicted == classes)), float(np.mean(f1)), float(np.mean(aurocs)), float(np.mean(planted))
    )


def _mixture(classes: np.ndarray, normal: int, rng: np.random.Generator) -> np.ndarray:
    own, others = np.flatnonzero(classes == normal), np.flatnonzero(classes != normal)
    count = max(1, round(PLANTED * len(own)))
    return np.sort(np.concatenate([own, rng.choice(others, min(count, len(others)), replace=False)]))


def _mean_distance(similarity: np.ndarray) -> np.ndarray:
    k = min(K, similarity.shape[1])
    best = -np.partition(-similarity, k - 1, axis=1)[:, :k]
    return np.sqrt(np.maximum(2 - 2 * best, 0)).mean(axis=1)


def _vote(neighbours: np.ndarray, count: int) -> np.ndarray:
    votes = np.zeros((len(neighbours), count))
    for rank in range(neighbours.shape[1]):
        np.add.at(votes, (np.arange(len(neighbours)), neighbours[:, rank]), 1 + 1e-6 * (K - rank))
    return votes.argmax(axis=1)


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive scores higher than a negative, ties half."""
    ranks = rankdata(scores)
    hits, misses = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


if __name__ == "__main__":
    main()
