"""Can two groups of images be told apart by a classifier that has not seen their sessions?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.auc import UnitAuc, auc, resampled_mean_auc, weighted_mean_auc
from thermal_assets.statistics.folds import group_folds
from thermal_assets.statistics.resampling import Interval, session_bootstrap

FOLDS = 5
LEAST_SESSIONS = 2  # a side: one to learn from, one to judge by
SHRINKAGE = 0.3  # of the covariance towards a round one: 120 axes, and often fewer than 120 sessions
REPLICATES = 500


@dataclass(frozen=True)
class HeldOut:
    """``auc`` of group against the rest in held-out sessions, its interval, and ``scores`` float64[n].

    Scores are ranks inside the fold, 0..1 with 1 most like the group, since scores of two folds have no common zero.
    """

    auc: float | None
    interval: Interval
    scores: NDArray[np.float64]


def held_out_classifier(
    vectors: NDArray[np.float32],
    group: NDArray[np.bool_],
    sessions: NDArray[np.int64],
    keys: NDArray[np.int64],
    *,
    salt: str,
) -> HeldOut:
    """Tell ``group`` bool[n] from the rest by ``vectors`` float32[n, d] (whitened, unit length).

    Linear discriminant with a shrunk covariance (Friedman, J. Am. Stat. Assoc. 84 (1989) 165), both sides and every
    session of a side weighing the same, fitted in turn without each of up to five folds of whole ``sessions``
    int64[n] (>= 0). The AUC of every fold is taken by itself and averaged by n1 n0 / (n1 + n0). Without two sessions
    on each side there is nothing to hold out: auc None, and the note says so.
    """
    sides = [np.unique(sessions[side]) for side in (group, ~group)]
    scores = np.full(len(group), np.nan)
    least = min(side.size for side in sides)
    if least < LEAST_SESSIONS:
        return HeldOut(None, Interval(None, None, "Not identifiable: one session only on a side"), scores)
    # A session on both sides must stay whole as well, so folds are dealt by session with the side as label.
    folds = group_folds(group.astype(np.int64), keys, sessions, salt, min(FOLDS, least))
    weights = _weights(group, sessions)
    raw = np.full(len(group), np.nan)
    values, sizes = [], []
    for fold in np.unique(folds):
        here, elsewhere = folds == fold, folds != fold
        if not (group[elsewhere].any() and (~group[elsewhere]).any()):
            continue
        points = vectors[elsewhere].astype(np.float64)
        raw[here] = vectors[here].astype(np.float64) @ _direction(points, group[elsewhere], weights[elsewhere])
        scores[here] = _ranks(raw[here])
        high, low = raw[here & group], raw[here & ~group]
        values.append(auc(high, low))
        sizes.append((float(high.size), float(low.size)))
    result = weighted_mean_auc(values, sizes)
    judged = np.isfinite(raw)
    units, unit = np.unique(sessions, return_inverse=True)
    parts: list[UnitAuc] = []

    def statistic(multiplicities: NDArray[np.float64]) -> NDArray[np.float64]:
        if not parts:  # only where there are sessions enough to ask
            for fold in np.unique(folds[judged]):
                of = (folds == fold) & judged
                parts.append(UnitAuc([(raw[of & group], raw[of & ~group])], unit[of & group], unit[of & ~group]))
        return resampled_mean_auc(parts, multiplicities)

    interval = session_bootstrap(
        statistic, unit[group], unit[~group], units=units.size, salt=f"{salt}|bootstrap", replicates=REPLICATES
    )
    return HeldOut(result, interval, scores)


def typical(
    scores: NDArray[np.float64], rows: NDArray[np.int64], sessions: NDArray[np.int64], most: int
) -> NDArray[np.int64]:
    """Up to ``most`` of ``rows`` with the highest scores, one of each session in turn."""
    rows = rows[np.isfinite(scores[rows])]
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    _, of = np.unique(sessions[rows], return_inverse=True)
    turn = np.zeros(rows.size, dtype=np.int64)
    for session in np.unique(of):
        turn[of == session] = np.arange(int(np.sum(of == session)))
    return rows[np.lexsort((-scores[rows], turn))][:most]


def _direction(
    points: NDArray[np.float64], group: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    means = [np.average(points[side], axis=0, weights=weights[side]) for side in (group, ~group)]
    centred = points - np.where(group[:, None], means[0], means[1])
    covariance = (centred * weights[:, None]).T @ centred / weights.sum()
    return np.asarray(np.linalg.solve(shrunk(covariance), means[0] - means[1]))


def shrunk(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """``covariance`` float64[d, d] moved by ``SHRINKAGE`` towards a round one of the same trace; never singular."""
    d = len(covariance)
    round_one = max(float(np.trace(covariance)) / d, 1e-12)
    return np.asarray((1 - SHRINKAGE) * covariance + SHRINKAGE * round_one * np.eye(d))


def _weights(group: NDArray[np.bool_], sessions: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64[n]: sides weigh the same, and sessions inside a side."""
    found = np.empty(len(group))
    for side in (group, ~group):
        _, of = np.unique(sessions[side], return_inverse=True)
        counts = np.bincount(of)
        found[side] = 1 / (counts[of] * counts.size)
    return found


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    ranks = np.empty(values.size)
    ranks[np.argsort(values, kind="stable")] = np.arange(1, values.size + 1)
    return ranks / values.size
