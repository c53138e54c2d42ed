"""What the search is compared with: everything against everything in float64, and plain loops."""

from __future__ import annotations

import numpy as np


def distances(queries: np.ndarray, candidates: np.ndarray, metric: str = "euclidean") -> np.ndarray:
    """float64 [m, n]."""
    queries, candidates = queries.astype(np.float64), candidates.astype(np.float64)
    if metric == "cosine":
        lengths = [np.linalg.norm(side, axis=1) for side in (queries, candidates)]
        units = [
            side / np.where(length > 0, length, 1)[:, None]
            for side, length in zip((queries, candidates), lengths, strict=True)
        ]
        far = ((units[0][:, None] - units[1][None]) ** 2).sum(axis=-1) / 2
        far[lengths[0] == 0] = 1
        far[:, lengths[1] == 0] = 1
        return far
    return np.sqrt(((queries[:, None] - candidates[None]) ** 2).sum(axis=-1))


def nearest(vectors: np.ndarray, k: int, metric: str = "euclidean") -> tuple[np.ndarray, np.ndarray]:
    """Indices [n, k] and float64 distances [n, k], self excluded, ties by row."""
    far = distances(vectors, vectors, metric)
    np.fill_diagonal(far, np.inf)
    order = np.argsort(far, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(far, order, axis=1)


def across(
    vectors: np.ndarray,
    k: int,
    session: np.ndarray,
    frame: np.ndarray,
    near_copy_distance: float,
    sample: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Indices [n, k] (-1 = none) and distances by the rules of neighbors.grouped, one image after the other.

    ``sample``: the rows that can be neighbours.
    """
    far = distances(vectors, vectors)
    indices = np.full((len(vectors), k), -1)
    found = np.full((len(vectors), k), np.inf)
    sessions = len(set(session[session >= 0].tolist()))
    for row in range(len(vectors)):
        if session[row] >= 0 and sessions < 3:
            continue
        seen: set[int] = set()
        for other in np.argsort(far[row], kind="stable").tolist():
            if other == row or len(seen) == k or (sample is not None and other not in sample):
                continue
            if session[row] >= 0 and (session[other] < 0 or session[other] == session[row]):
                continue
            if session[row] < 0 and far[row, other] < near_copy_distance:
                continue
            key = int(frame[other]) if frame[other] >= 0 else -1 - other
            if key not in seen:
                indices[row, len(seen)], found[row, len(seen)] = other, far[row, other]
                seen.add(key)
    return indices, found
