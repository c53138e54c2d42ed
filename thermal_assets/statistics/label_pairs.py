"""Two labels against each other: how surely every image of one looks like the other, and how usual that is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.label_evidence import LabelEvidence


@dataclass(frozen=True)
class LabelPair:
    """Images ``own`` int64[a] of a label and ``other`` int64[b] of another, with how much each looks like the other one.

    ``own_scores`` float64[a] and ``other_scores`` float64[b], the latter sorted: ln of the odds of the other label
    against the own one. Images that look more like some third label than like either are in neither.
    """

    own: NDArray[np.int64]
    other: NDArray[np.int64]
    own_scores: NDArray[np.float64]
    other_scores: NDArray[np.float64]

    def typicality(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64: share of the images of the other label that look less surely like it than ``scores`` do.

        An image of the other label, drawn at random, is spread evenly over 0..1, whatever its own label says; one
        from where two classes meet lies near 0. NaN where there is nothing to compare with.
        """
        if self.other_scores.size == 0:
            return np.full(scores.shape, np.nan)
        return np.asarray(np.searchsorted(self.other_scores, scores, side="left") / self.other_scores.size)


def label_pair(
    evidence: LabelEvidence, members: list[NDArray[np.int64]], best: NDArray[np.float32], label: int, other: int
) -> LabelPair:
    """``members``: rows int64 of each label that are judged; ``best`` float32[n]: the largest of each row's logs."""
    logs = evidence.logs
    rows = []
    for name in (label, other):
        mine = members[name]
        two = np.maximum(logs[mine, label], logs[mine, other])
        rows.append(mine[two >= best[mine]])
    scores = [logs[of, other].astype(np.float64) - logs[of, label] for of in rows]
    order = np.argsort(scores[1], kind="stable")
    return LabelPair(rows[0], rows[1][order], scores[0], scores[1][order])


def judged_members(evidence: LabelEvidence) -> tuple[list[NDArray[np.int64]], NDArray[np.float32]]:
    """(rows of each label that are judged, the largest of each row's logs)."""
    judged = evidence.judged
    members = [np.flatnonzero((evidence.labels == label) & judged) for label in range(len(evidence.names))]
    best = np.full(len(evidence.labels), np.nan, dtype=np.float32)
    if judged.any():
        best[judged] = evidence.logs[judged].max(axis=1)
    return members, best
