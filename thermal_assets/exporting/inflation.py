"""How much too good a score on a split is: nearest neighbours as a stand-in for a model that remembers.

A test image is given the class that most of its ten nearest training images carry (L2). Once every training image may
vote, once none of its own session: what the first is better by is owed to recognising the session, not the object.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.resampling import session_bootstrap

K = 10


def inflation(
    test: NDArray[np.float32],
    train: NDArray[np.float32],
    test_class: NDArray[np.int64],
    train_class: NDArray[np.int64],
    test_group: NDArray[np.int64],
    train_group: NDArray[np.int64],
    near_copy_distance: float,
) -> dict[str, Any]:
    """Scores with and without the training images of a test image's own group, and the nearest training image.

    test, train   float32 [m, d], [n, d]: L2 vectors
    *_class       int64 codes of the classes; *_group int64 codes of sessions (one numbering for both; negative = none)

    Returns accuracy, accuracy_other_sessions, ratio, difference (of the two), their 95 % bounds by resampling whole
    test groups (None below eight), near_images (test images whose nearest training image is at most
    ``near_copy_distance`` away), near_share, test_images, train_images, groups, k. A test image with no training
    image of another session is wrong in the second score.
    """
    from thermal_assets.neighbors.exact import nearest_between

    k = min(K, len(train))
    everyone = nearest_between(test, train, k)
    others = nearest_between(test, train, k, query_groups=test_group, candidate_groups=train_group)
    right = _votes(everyone.indices, everyone.distances, train_class) == test_class
    right_others = _votes(others.indices, others.distances, train_class) == test_class
    near = everyone.distances[:, 0] <= near_copy_distance
    sessions = np.unique(test_group[test_group >= 0])
    return {
        "k": k,
        "test_images": len(test),
        "train_images": len(train),
        "groups": len(sessions),
        "near_images": int(near.sum()),
        "near_share": float(near.mean()),
        **_scores(float(right.sum()), float(right_others.sum()), len(test)),
        **_intervals(right, right_others, test_group, "split inflation"),
    }


def _scores(right: float, right_others: float, count: int) -> dict[str, float | None]:
    return {
        "accuracy": right / count,
        "accuracy_other_sessions": right_others / count,
        "ratio": right / right_others if right_others else None,
        "difference": (right - right_others) / count,
    }


def _intervals(
    right: NDArray[np.bool_], right_others: NDArray[np.bool_], group: NDArray[np.int64], salt: str
) -> dict[str, Any]:
    """Bounds of ratio and difference when whole sessions of test images are drawn again."""
    units = np.unique(group, return_inverse=True)[1]
    count = int(units.max()) + 1
    first, second, images = (np.bincount(units, v, count) for v in (right, right_others, np.ones(len(group))))
    known = np.unique(units[group >= 0])  # images without a session are drawn as one unit and do not count

    def ratio(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        below = weights @ second
        return np.divide(weights @ first, below, out=np.full(len(weights), np.nan), where=below > 0)

    def difference(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return (weights @ (first - second)) / np.maximum(weights @ images, 1)

    bounds: dict[str, Any] = {}
    for name, statistic in (("ratio", ratio), ("difference", difference)):
        interval = session_bootstrap(statistic, known, units=count, salt=f"{salt} {name}")
        bounds |= {f"{name}_low": interval.low, f"{name}_high": interval.high, "interval_note": interval.note}
    return bounds


def _votes(indices: NDArray[np.int64], distances: NDArray[np.float32], classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 [m]: the commonest class of each row of neighbours, of equal counts the one met first; -1 without any."""
    there = indices >= 0
    votes = np.where(there, classes[np.maximum(indices, 0)], -1)
    same = (votes[:, :, None] == votes[:, None, :]) & there[:, :, None] & there[:, None, :]
    best = same.sum(axis=2).argmax(axis=1)
    return votes[np.arange(len(votes)), best]
