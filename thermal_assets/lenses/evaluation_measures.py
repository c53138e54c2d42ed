"""The measures by which lenses are compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermal_assets.neighbors.exact import nearest, nearest_between

K = 10
_DISCARDED = 0.1


def mean_distance(points: NDArray[np.float32], references: NDArray[np.float32], k: int = K) -> NDArray[np.float64]:
    """float64 [n] mean Euclidean distance of ``points`` float32 [n, d] to their k nearest ``references`` [r, d]."""
    if len(points) == 0:
        return np.zeros(0)
    found = nearest_between(np.ascontiguousarray(points), np.ascontiguousarray(references), min(k, len(references)))
    return found.distances.astype(np.float64).mean(axis=1)


def neighbour_labels(
    points: NDArray[np.float32], references: NDArray[np.float32], labels: NDArray[np.int64], k: int = K
) -> NDArray[np.int64]:
    """int64 [n]: the label that most of the k nearest references carry, of equals the one of the nearest."""
    k = min(k, len(references))
    found = nearest_between(np.ascontiguousarray(points), np.ascontiguousarray(references), k)
    voted = labels[found.indices]
    width = int(labels.max()) + 1
    votes = np.zeros((len(points), width))
    rows = np.arange(len(points))
    for column in range(k):
        # A hair more for the nearer one decides between equals.
        votes[rows, voted[:, column]] += 1 + (k - column) * 1e-6
    return votes.argmax(axis=1)


def macro_f1(truth: NDArray[np.int64], told: NDArray[np.int64]) -> float:
    """Mean F1 over the labels of ``truth`` int64 [n], each counting the same however rare."""
    scores = []
    for label in np.unique(truth):
        right = np.sum((truth == label) & (told == label))
        scores.append(2 * right / (np.sum(truth == label) + np.sum(told == label)))
    return float(np.mean(scores))


def least_dense(points: NDArray[np.float32], depth: int, k: int = K) -> NDArray[np.int64]:
    """int64 [depth] the points with the largest mean distance to their k nearest others; none below 2 depth points."""
    if len(points) < max(2 * depth, k + 1):
        return np.zeros(0, dtype=np.int64)
    far = nearest(np.ascontiguousarray(points), k).distances.mean(axis=1)
    return np.argsort(-far, kind="stable")[:depth].astype(np.int64)


def intrinsic_dimension(points: NDArray[np.float32], groups: NDArray[np.int64] | None = None) -> float | None:
    """TwoNN estimate from the ratio of the distances to the second and first neighbour; None below 20 usable points.

    Facco, d'Errico, Rodriguez and Laio, Scientific Reports 7 (2017) 12140; the maximum-likelihood form, without the
    largest tenth of the ratios, which belong to the sparse rim. Copies (distance 0) are left out, and images of one of
    ``groups`` int64 [n] are no neighbours of each other: the near frames of a session would speak of the session.
    """
    if len(points) < 20:
        return None
    points = np.ascontiguousarray(points)
    if groups is None:
        distances = nearest(points, 2).distances.astype(np.float64)
    else:
        found = nearest_between(points, points, 2, query_groups=groups, candidate_groups=groups)
        distances = found.distances.astype(np.float64)
    usable = (distances[:, 0] > 0) & np.isfinite(distances[:, 1])
    ratios = np.sort(np.log(distances[usable, 1] / distances[usable, 0]))
    kept = ratios[: int(len(ratios) * (1 - _DISCARDED))]
    if len(kept) < 20:
        return None
    # Of ratios cut off at the largest kept one, each of the cut ones is known to be at least that large.
    total = float(kept.sum() + (len(ratios) - len(kept)) * kept[-1])
    return len(kept) / total if total > 0 else None
