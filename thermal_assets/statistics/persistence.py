"""Whether the least dense images of L2 stay the least dense at L3, and how many would stay by chance alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr

from thermal_assets.neighbors.exact import nearest
from thermal_assets.statistics.frames import finite, table_frame
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.hashing import generator, hashed_order

DEPTHS = (5, 20, 100)
PROJECTIONS = 20
MAX_IMAGES = 20_000
K = 10
WHOLE = "*"
SALT = "outlier_persistence"
_SMALL = 400


def outlier_persistence(
    images: pl.DataFrame,
    l2_vectors: NDArray[np.float32],
    l3_vectors: NDArray[np.float32],
    *,
    dimensions: int | None = None,
    depths: Sequence[int] = DEPTHS,
    projections: int = PROJECTIONS,
    max_images: int = MAX_IMAGES,
    k: int = K,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rows of table ``outlier_persistence``: one a class and depth, and '*' for the data set.

    ``l2_vectors`` float32[n, 1280] unit length; ``l3_vectors`` float32[n, 120] in the Euclidean reading;
    ``dimensions``: how many of its axes carry data (default all). Density everywhere here is 1 / mean distance to the
    k nearest, sessions not excluded, so that L2, L3 and each Gaussian projection of L2 to as many dimensions are
    measured alike. More than ``max_images`` images are compared on a sample of that many by salted hash, inside which
    the densities are measured anew: bounds the cost to 22 searches of ``max_images`` each a class.
    A depth n is left out where there are fewer than 2n images: their less dense half overlaps anyway.
    """
    keys = images["image_key"].to_numpy().astype(np.int64)
    class_names = images["class_name"].to_numpy()
    sessions = codes(images["session_id"])
    has_sessions = bool((sessions >= 0).any())
    parts = [(name, "class", np.flatnonzero(class_names == name)) for name in sorted(set(class_names))]
    parts.append((WHOLE, "dataset", np.arange(images.height)))
    width = dimensions or l3_vectors.shape[1]
    # The same draws for every class: making one takes far longer than using it on a small class.
    matrices = [_random_matrix(l2_vectors.shape[1], width, f"{salt}|{draw}") for draw in range(projections)]
    rows: list[dict[str, Any]] = []
    for number, (name, scope, members) in enumerate(parts):
        if progress is not None:
            progress(number, len(parts))
        used = [n for n in depths if 2 * n <= min(members.size, max_images)]
        if not used:
            continue
        sample = np.sort(members[hashed_order(keys[members], f"{salt}|sample")[:max_images]])
        ties = keys[sample]
        generic = np.ascontiguousarray(l2_vectors[sample], dtype=np.float32)
        at_l2 = _loneliness(generic, k)
        at_l3 = _loneliness(np.ascontiguousarray(l3_vectors[sample], dtype=np.float32), k)
        first, second = _loneliest(at_l2, ties), _loneliest(at_l3, ties)
        by_chance = [_loneliest(_loneliness(generic @ matrix, k), ties) for matrix in matrices]
        rho = float(spearmanr(at_l2, at_l3).statistic) if np.ptp(at_l2) > 0 and np.ptp(at_l3) > 0 else None
        for n in used:
            shared = np.intersect1d(first[:n], second[:n])
            chance = [np.intersect1d(first[:n], other[:n]).size for other in by_chance]
            named = sessions[sample[shared]]
            rows.append(
                {
                    "class_name": name,
                    "scope": scope,
                    "n": n,
                    "overlap": shared.size,
                    "expected": float(np.mean(chance)) if chance else None,
                    "expected_low": float(min(chance)) if chance else None,
                    "expected_high": float(max(chance)) if chance else None,
                    "projections": projections,
                    "images_compared": sample.size,
                    "method": "exact" if sample.size == members.size else "sample",
                    "sessions": np.unique(named[named >= 0]).size if has_sessions else None,
                    "rank_correlation": finite(rho),
                }
            )
    if progress is not None:
        progress(len(parts), len(parts))
    return table_frame("outlier_persistence", rows)


def _loneliness(vectors: NDArray[np.float32], k: int) -> NDArray[np.float64]:
    """float64[n] mean distance to the k nearest others: the inverse of density."""
    k = min(k, len(vectors) - 1)
    if len(vectors) <= _SMALL:
        # The search spends some 50 ms on preparing itself, twenty times what so few images take outright.
        apart = squareform(pdist(vectors.astype(np.float64)))
        np.fill_diagonal(apart, np.inf)
        distances = np.partition(apart, k - 1, axis=1)[:, :k]
    else:
        distances = nearest(vectors, k).distances.astype(np.float64)
    return np.maximum(distances.mean(axis=1), 0.001)


def _loneliest(loneliness: NDArray[np.float64], ties: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64[n] positions, least dense first; equal densities by image_key."""
    return np.lexsort((ties, -loneliness))


def _random_matrix(rows: int, columns: int, salt: str) -> NDArray[np.float32]:
    """float32[rows, columns] that keeps distances on average."""
    matrix = generator(salt).standard_normal((rows, columns)) / np.sqrt(columns)
    return matrix.astype(np.float32)
