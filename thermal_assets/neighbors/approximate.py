"""Approximate neighbours by faiss, where someone needs them sooner and may miss a few; the share missed is measured.

faiss is an optional extra: ``pip install thermal-assets[approximate]``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thermal_assets.errors import UserError
from thermal_assets.neighbors.distances import sorted_candidates, to_distances
from thermal_assets.neighbors.exact import Neighbors, nearest
from thermal_assets.neighbors.selection import empty_lists
from thermal_assets.neighbors.space import Metric, Progress, Space

if TYPE_CHECKING:
    import faiss

Index = Literal["hnsw", "ivf"]

SAMPLED = 1000
_LINKS = 32  # of a vector in the graph
_SEARCHED = 64  # vectors kept in sight while searching the graph, and at least 2 k
_PROBED_SHARE = 0.05
_VECTORS_A_CELL = 39  # faiss wants so many for each centre, at least
_BLOCK = 8192


def has_faiss() -> bool:
    """Whether the optional extra is installed."""
    return importlib.util.find_spec("faiss") is not None


def nearest_approximate(
    vectors: np.ndarray,
    k: int,
    *,
    index: Index = "hnsw",
    metric: Metric = "euclidean",
    sampled: int = SAMPLED,
    progress: Progress | None = None,
) -> Neighbors:
    """Like ``exact.nearest`` of all vectors, but some neighbours may be missing: ``recall`` says how many.

    index    'hnsw' a graph of neighbours, or 'ivf' cells around centres of clusters
    sampled  queries, drawn once for all, whose exact neighbours are found as well; the share of these that the
             approximate search found is ``recall`` of the result, and stands in its ``method``

    The distances of what was found are exact, and -1 with infinity stands where fewer than k were found.
    Raises UserError where faiss is not installed.
    """
    if k < 1:
        raise ValueError(f"k must be 1 or more, not {k}")
    space = Space(vectors, metric)
    k = max(0, min(k, space.count - 1))
    columns, scores = empty_lists(space.count, k)
    for rows, near, near_scores in found_blocks(space, k, index, progress):
        columns[rows], scores[rows] = near, near_scores
    recall = recall_of_sample(space, columns, sampled)
    return Neighbors(
        columns,
        to_distances(scores, space),
        np.full(space.count, max(space.count - 1, 0), dtype=np.int64),
        method=described(index, recall, sampled, space.count),
        recall=recall,
    )


def require_faiss() -> None:
    """Raise UserError where the optional extra is not installed."""
    if not has_faiss():
        raise UserError("approximate neighbours need faiss: pip install 'thermal-assets[approximate]'")


def described(index: Index, recall: float, sampled: int, count: int) -> str:
    """The method, in words."""
    name = "faiss HNSW32" if index == "hnsw" else "faiss IVF"
    return f"approximate: {name}, recall {recall:.4f} on {min(sampled, count):,} sampled images"


def found_blocks(
    space: Space, k: int, index: Index, progress: Progress | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Blocks of rows int64 [b] with what was found for them: columns int64 [b, k] and true scores float64 [b, k].

    The index holds a float32 copy of all vectors in memory. Raises UserError where faiss is not installed.
    """
    require_faiss()
    if k < 1:
        return
    built = _built(space, index, k)
    for start in range(0, space.count, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, space.count))
        found = built.search(_as_given(space, rows), k + 1)[1].astype(np.int64)
        found[found == rows[:, None]] = -1
        near, scores = sorted_candidates(space, rows, space, found)
        yield rows, near[:, :k], scores[:, :k]
        if progress is not None:
            progress(int(rows[-1]) + 1, space.count)


def _built(space: Space, index: Index, k: int) -> faiss.Index:
    import faiss

    if index == "hnsw":
        built: Any = faiss.IndexHNSWFlat(space.dimensions, _LINKS)
        built.hnsw.efSearch = max(_SEARCHED, 2 * k)
    else:
        cells = max(1, min(int(4 * np.sqrt(space.count)), space.count // _VECTORS_A_CELL))
        quantizer = faiss.IndexFlatL2(space.dimensions)
        built = faiss.IndexIVFFlat(quantizer, space.dimensions, cells)
        built.nprobe = max(2, int(_PROBED_SHARE * cells))
        rows = np.random.default_rng(0).permutation(space.count)[: 64 * cells]
        built.train(_as_given(space, np.sort(rows)))
    for start in range(0, space.count, _BLOCK):
        built.add(_as_given(space, np.arange(start, min(start + _BLOCK, space.count))))
    return built


def _as_given(space: Space, rows: np.ndarray) -> np.ndarray:
    """float32 rows such that Euclidean order is the order of the metric."""
    return (space.array[rows] * space.factors[rows, None]).astype(np.float32)


def recall_of_sample(space: Space, columns: np.ndarray, sampled: int = SAMPLED) -> float:
    """Share of the true nearest that are among ``columns`` int64 [n, k], over ``sampled`` rows drawn once for all."""
    if not columns.size:
        return 1.0
    rows = np.sort(np.random.default_rng(1).permutation(space.count)[:sampled])
    truth = nearest(space.array, columns.shape[1], queries=rows, metric=space.metric).indices
    return float(np.mean([np.isin(true, mine).mean() for true, mine in zip(truth, columns[rows], strict=True)]))
