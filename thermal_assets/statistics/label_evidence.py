"""How probable each label is for an image, by its neighbours and by a classifier that has not seen its session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.balanced_votes import VoteBlock, vote_blocks
from thermal_assets.statistics.groups import codes, exclusion_groups

MAX_REFERENCES = 10_000
MIN_OWN_REFERENCES = 10
SALT = "label_conflicts"
_PSEUDO_VOTE = 0.5
_LEAST_CHANCE = 1e-6


@dataclass(frozen=True)
class LabelEvidence:
    """What speaks for each label of every image.

    labels    int64[n], numbers of ``names``
    logs      float32[n, labels], ln of the probability of each label; NaN in rows that are not judged
    shares    float32[n, labels], size-balanced share of each label among the neighbours
    groups    int64[n], images of one number are no evidence for each other (see groups.py)
    sampled   whether a label gave only some of its images as references
    """

    names: list[str]
    labels: NDArray[np.int64]
    logs: NDArray[np.float32]
    shares: NDArray[np.float32]
    groups: NDArray[np.int64]
    sampled: bool

    @property
    def judged(self) -> NDArray[np.bool_]:
        """bool[n]: images with references enough to be judged."""
        return np.asarray(~np.isnan(self.logs[:, :1]).all(axis=1))


def label_evidence(
    images: pl.DataFrame,
    vectors: NDArray[np.float32],
    *,
    copies: NDArray[np.int64] | None = None,
    probabilities: NDArray[np.float32] | None = None,
    k: int | None = None,
    max_references: int = MAX_REFERENCES,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> LabelEvidence:
    """The probability of every label for every image.

    ``vectors`` float32[n, d]: the whitened reading of L3, unit length. The k nearest references vote, up to
    ``max_references`` a class by salted hash; a vote for a class weighs 1 / sqrt(its references within reach). Why
    the root: the odds that a label is wrong are the likelihood ratio of two classes, which weighs votes by 1 / size,
    times their prior odds, which bring the sizes back. How far mix-ups follow class sizes is not known, so the weight
    stands halfway (on the log scale) between the two.
    Two witnesses: the votes, with half a vote added to each label, and ``probabilities`` float32[n, labels] of a
    classifier that has not seen the image's session (label_probe.py; None or NaN: the votes alone). Their geometric
    mean, brought back to sum 1, is the probability of each label. The neighbours see what is local, the classifier
    what a class has in common: together they find more wrong labels than either.
    Own session left out. Without sessions, ``copies`` int64[n] (groups of near copies, -1: none) stand in: copies
    with the same label cannot vouch for each other, for a mistake is copied along; copies under another label do vote.
    Images that are left fewer than ten references of their own label are not judged.
    """
    labels = codes(images["class_name"])
    names = images["class_name"].unique().drop_nulls().sort().to_list()
    groups = _groups(images, labels, copies)
    logs = np.full((len(labels), len(names)), np.nan, dtype=np.float32)
    shares = np.zeros_like(logs)
    sampled = bool(labels.size) and int(np.bincount(labels[labels >= 0]).max(initial=0)) > max_references
    if len(names) > 1:
        keys = images["image_key"].to_numpy().astype(np.int64)
        for block in vote_blocks(
            vectors, keys, labels, labels, groups, k=k, max_references=max_references, salt=salt, progress=progress
        ):
            shares[block.rows], found = _block(block, probabilities)
            enough = block.available[np.arange(block.rows.size), labels[block.rows]] >= MIN_OWN_REFERENCES
            logs[block.rows[enough]] = found[enough]
    return LabelEvidence(names, labels, logs, shares, groups, sampled)


def _groups(images: pl.DataFrame, labels: NDArray[np.int64], copies: NDArray[np.int64] | None) -> NDArray[np.int64]:
    if copies is None:
        return exclusion_groups(images)
    same_label = np.where(copies >= 0, copies * (int(labels.max(initial=0)) + 1) + labels, -1)
    return exclusion_groups(images, same_label)


def _block(
    block: VoteBlock, probabilities: NDArray[np.float32] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(shares, ln of the probabilities), float64[b, labels]."""
    weights = 1 / np.sqrt(np.maximum(block.available, 1))
    weighted = block.votes * weights
    total = weighted.sum(axis=1)
    logs = _normalised(np.log((block.votes + _PSEUDO_VOTE) * weights))
    if probabilities is not None:
        witness = np.log(np.maximum(probabilities[block.rows].astype(np.float64), _LEAST_CHANCE))
        known = np.isfinite(witness).all(axis=1)
        logs[known] = _normalised((logs[known] + witness[known]) / 2)
    return weighted / np.where(total > 0, total, 1)[:, None], logs


def _normalised(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
