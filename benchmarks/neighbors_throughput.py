"""Exact nearest neighbours against peers, in queries per second and recall.

    python -m benchmarks.neighbors_throughput [--images 20000] [--dimensions 1280] [--vectors file.npy]

All with two threads. Ours computes each pair's product once, so it can pass the rate of "product of every row".
Every line is one run over the same vectors on this machine as it is: other work on it slows all lines, so read the
ratios, and the CPU seconds beside the wall-clock ones. Recall is against brute force in float64 on sampled queries.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from thermal_assets.neighbors.exact import nearest
from thermal_assets.neighbors.operands import fast_bfloat16

SAMPLED = 200
THREADS = 2
OURS = "thermal_assets nearest"


def unit_vectors(images: int, dimensions: int, seed: int = 0) -> np.ndarray:
    """float32 unit vectors with the shape of network features: non-negative, in clusters, some 30 real directions."""
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((30, dimensions)).astype(np.float32)
    centres = 1.5 * rng.standard_normal((12, 30)).astype(np.float32)
    vectors = np.empty((images, dimensions), dtype=np.float32)
    for start in range(0, images, 4096):
        block = vectors[start : start + 4096]
        latent = centres[rng.integers(0, 12, len(block))] + rng.standard_normal((len(block), 30)).astype(np.float32)
        features = np.maximum(latent @ mixing + 2 * rng.standard_normal(block.shape).astype(np.float32), 0)
        block[:] = features / np.linalg.norm(features, axis=1, keepdims=True)
    return vectors


def true_neighbors(vectors: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """int64 [rows, k] by brute force in float64: candidates from products, the final k from differences."""
    wide = vectors.astype(np.float64)
    squares = np.vecdot(wide, wide)
    found = np.empty((len(rows), k), dtype=np.int64)
    for at, row in enumerate(rows):
        rough = squares - 2 * wide @ wide[row]
        rough[row] = np.inf
        near = np.sort(np.argpartition(rough, 2 * k)[: 2 * k])
        exact = ((wide[near] - wide[row]) ** 2).sum(axis=1)
        found[at] = near[np.argsort(exact, kind="stable")[:k]]
    return found


def torch_topk(vectors: np.ndarray, k: int) -> Callable[[np.ndarray], np.ndarray]:
    """The usual few lines: float32 product, topk over the whole row, blocks of 1024 queries."""
    all_vectors = torch.from_numpy(vectors)
    halves = all_vectors.square().sum(dim=1) / 2

    def search(rows: np.ndarray) -> np.ndarray:
        found = []
        for start in range(0, len(rows), 1024):
            some = torch.from_numpy(rows[start : start + 1024])
            score = all_vectors[some] @ all_vectors.T - halves
            score[torch.arange(len(some)), some] = -torch.inf
            found.append(score.topk(k, dim=1).indices)
        return torch.cat(found).numpy()

    return search


def product_only(vectors: np.ndarray, bfloat16: bool, queries_of: int) -> None:
    """Products of the first ``queries_of`` rows with all and nothing else: what a search row by row cannot beat."""
    matrix = torch.from_numpy(vectors).to(torch.bfloat16 if bfloat16 else torch.float32)
    buffer = torch.empty(1024, 4096, dtype=matrix.dtype)
    for start in range(0, queries_of, 1024):
        queries = matrix[start : min(start + 1024, queries_of)]
        for first in range(0, len(matrix), 4096):
            candidates = matrix[first : first + 4096]
            torch.mm(queries, candidates.T, out=buffer[: len(queries), : len(candidates)])


def scikit_learn(vectors: np.ndarray, k: int) -> Callable[[np.ndarray], np.ndarray]:
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=k + 1, algorithm="brute", n_jobs=THREADS).fit(vectors)
    return lambda rows: _without_self(model.kneighbors(vectors[rows], return_distance=False), rows, k)


def faiss_flat(vectors: np.ndarray, k: int) -> Callable[[np.ndarray], np.ndarray]:
    import faiss

    # Of unit vectors the largest inner product is the nearest.
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return lambda rows: _without_self(index.search(vectors[rows], k + 1)[1], rows, k)


def faiss_hnsw(vectors: np.ndarray, k: int) -> np.ndarray:
    import faiss

    index = faiss.IndexHNSWFlat(vectors.shape[1], 32)
    index.add(vectors)
    index.hnsw.efSearch = 64
    return _without_self(index.search(vectors, k + 1)[1], np.arange(len(vectors)), k)


def _without_self(indices: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    order = np.argsort(indices == rows[:, None], axis=1, kind="stable")
    return np.take_along_axis(indices, order, axis=1)[:, :k]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--dimensions", type=int, default=1280)
    parser.add_argument("--vectors", type=Path, help="float32 [n, d] as .npy instead of synthetic vectors")
    parser.add_argument(
        "--skip", nargs="*", default=[], choices=["hundred", "hnsw", "sklearn"], help="lines to leave out"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    given = arguments.vectors
    vectors = np.load(given) if given else unit_vectors(arguments.images, arguments.dimensions)
    n, everything = len(vectors), np.arange(len(vectors))
    sample = np.random.default_rng(1).choice(n, min(SAMPLED, n), replace=False)
    truth = {k: true_neighbors(vectors, sample, k) for k in (10, 100)}
    load = f"{os.getloadavg()[0]:.1f}"

    def measure(what: str, k: int | None, run: Callable[[], object], queries: np.ndarray = everything) -> None:
        began, cpu = time.perf_counter(), time.process_time()
        found = run()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        rates[what] = len(queries) / seconds, len(queries) / cpu
        recall = "" if k is None else f"{_recall(found, queries, sample, truth[k]):.6f}"
        note = getattr(found, "arithmetic", "") or (f"{len(queries)} queries" if len(queries) < n else "")
        lines.append((what, str(k or ""), recall, note))

    rates: dict[str, tuple[float, float]] = {}
    lines: list[tuple[str, str, str, str]] = []
    precisions = (True, False) if fast_bfloat16() else (False,)
    for precision in precisions:  # the first product of a process also prepares its kernels
        product_only(vectors[:2048], precision, 2048)
    nearest(vectors[:2048], 10)
    # Row by row every query costs the same: a part of them tells the rate.
    some = np.unique(np.concatenate([sample, everything[: max(2048, n // 10)]]))
    for precision in precisions:
        name = f"product of every row, {'bfloat16' if precision else 'float32'}"
        measure(name, None, lambda p=precision: product_only(vectors, p, len(some)), some)  # type: ignore[misc]
    measure(OURS, 10, lambda: nearest(vectors, 10))
    if "hundred" not in arguments.skip:
        measure("thermal_assets nearest, k = 100", 100, lambda: nearest(vectors, 100))
    if importlib.util.find_spec("faiss"):
        import faiss

        faiss.omp_set_num_threads(THREADS)
        flat = faiss_flat(vectors, 10)
        measure("faiss IndexFlatIP", 10, lambda: flat(some), some)
        if "hnsw" not in arguments.skip:
            measure("faiss HNSW32, build and search", 10, lambda: faiss_hnsw(vectors, 10))
    topk = torch_topk(vectors, 10)
    measure("torch float32 product + topk", 10, lambda: topk(some), some)
    if "sklearn" not in arguments.skip:
        search = scikit_learn(vectors, 10)
        measure("scikit-learn brute", 10, lambda: search(some), some)
    table = Table("what", "k", "queries/s", "ours to it", "queries per CPU-s", "ours to it", "recall", "note")
    for what, k, recall, note in lines:
        wall, own = rates[what]
        ours = rates[OURS]
        table.add_row(
            what, k, f"{wall:,.0f}", f"{ours[0] / wall:.2f}", f"{own:,.0f}", f"{ours[1] / own:.2f}", recall, note
        )
    console = Console(width=140)
    console.print(f"{n:,} x {vectors.shape[1]} vectors, {os.cpu_count()} CPUs, load average {load} before the runs")
    console.print(table)
    if not importlib.util.find_spec("faiss"):
        console.print("faiss is not installed here: no line for it")


def _recall(found: object, queries: np.ndarray, sample: np.ndarray, truth: np.ndarray) -> float:
    indices = np.asarray(getattr(found, "indices", found))[np.searchsorted(queries, sample)]
    return float(
        np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(indices.tolist(), truth.tolist(), strict=True)])
    )


if __name__ == "__main__":
    main()
