"""Images whose neighbours across the data set carry another label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.balanced_votes import VoteBlock, vote_blocks
from thermal_assets.statistics.frames import conform
from thermal_assets.statistics.groups import codes, exclusion_groups

MIN_ODDS = 3.0  # 'positive' evidence: Kass and Raftery, J. Am. Stat. Assoc. 90 (1995) 773
MAX_REFERENCES = 10_000
MIN_OWN_REFERENCES = 10
SALT = "label_conflicts"
_PSEUDO_VOTE = 0.5
_LEAST_CHANCE = 1e-6


def label_conflicts(
    images: pl.DataFrame,
    vectors: NDArray[np.float32],
    *,
    lens_id: str,
    copies: NDArray[np.int64] | None = None,
    probabilities: NDArray[np.float32] | None = None,
    min_odds: float = MIN_ODDS,
    k: int | None = None,
    max_references: int = MAX_REFERENCES,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rows of table ``label_conflicts``: images whose odds for another label are at least ``min_odds``, ranked
    (0: every image, whatever its neighbours say).

    ``vectors`` float32[n, d]: the whitened reading of L3, unit length. The k nearest references vote, up to
    ``max_references`` a class by salted hash; a vote for a class weighs 1 / sqrt(its references within reach). Why
    the root: the odds that a label is wrong are the likelihood ratio of two classes, which weighs votes by 1 / size,
    times their prior odds, which bring the sizes back. How far mix-ups follow class sizes is not known, so the weight
    stands halfway (on the log scale) between the two.
    Two witnesses make the odds, and with them the ``rank``: the votes, with half a vote added to each label, and
    ``probabilities`` float32[n, labels] of a classifier that has not seen the image's session (label_probe.py; None or
    NaN: the votes alone). Their geometric mean, brought back to sum 1, is the chance of each label; the odds are those
    against the own one. The neighbours see what is local, the classifier what a class has in common: together they
    find more wrong labels than either. Not ``score``, the difference of two shares: 20 votes against none are
    stronger evidence than 30 against 10.
    Own session left out. Without sessions, ``copies`` int64[n] (groups of near copies, -1: none) stand in: copies
    with the same label cannot vouch for each other, for a mistake is copied along; copies under another label do vote.
    Images that are left fewer than ten references of their own label are not judged.
    """
    labels = codes(images["class_name"])
    sampled = bool(labels.size) and int(np.bincount(labels[labels >= 0]).max(initial=0)) > max_references
    names = images["class_name"].unique().drop_nulls().sort().to_list()
    if len(names) < 2:
        return _frame([], names, images, lens_id, sampled)
    blocks = vote_blocks(
        vectors,
        images["image_key"].to_numpy().astype(np.int64),
        labels,
        labels,
        _groups(images, labels, copies),
        k=k,
        max_references=max_references,
        salt=salt,
        progress=progress,
    )
    return _frame([_judge(block, labels, probabilities, min_odds) for block in blocks], names, images, lens_id, sampled)


def _groups(images: pl.DataFrame, labels: NDArray[np.int64], copies: NDArray[np.int64] | None) -> NDArray[np.int64]:
    if copies is None:
        return exclusion_groups(images)
    same_label = np.where(copies >= 0, copies * (int(labels.max(initial=0)) + 1) + labels, -1)
    return exclusion_groups(images, same_label)


def _judge(
    block: VoteBlock, labels: NDArray[np.int64], probabilities: NDArray[np.float32] | None, min_odds: float
) -> dict[str, NDArray[Any]]:
    """The conflicting images of a block: row, neighbor label, both shares, strength of the evidence."""
    at = np.arange(block.rows.size)
    own = labels[block.rows]
    weights = 1 / np.sqrt(np.maximum(block.available, 1))
    weighted = block.votes * weights
    total = weighted.sum(axis=1)
    shares = weighted / np.where(total > 0, total, 1)[:, None]
    own_share = shares[at, own]
    logs = _normalised(np.log((block.votes + _PSEUDO_VOTE) * weights))
    if probabilities is not None:
        witness = np.log(np.maximum(probabilities[block.rows].astype(np.float64), _LEAST_CHANCE))
        known = np.isfinite(witness).all(axis=1)
        logs[known] = _normalised((logs[known] + witness[known]) / 2)
    mine = logs[at, own]
    others = logs.copy()
    others[at, own] = -np.inf
    neighbor = others.argmax(axis=1)
    neighbor_share = shares[at, neighbor]
    evidence = np.log(np.maximum(-np.expm1(mine), _LEAST_CHANCE)) - mine
    kept = np.ones(at.size, dtype=bool)
    if min_odds > 0:
        kept = (evidence >= np.log(min_odds)) & (neighbor_share > own_share)
    kept &= block.available[at, own] >= MIN_OWN_REFERENCES
    columns = {"row": block.rows, "neighbor": neighbor, "neighbor_share": neighbor_share, "own_share": own_share}
    return {name: values[kept] for name, values in (columns | {"evidence": evidence}).items()}


def _normalised(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))


def _frame(
    parts: list[dict[str, NDArray[Any]]], names: list[str], images: pl.DataFrame, lens_id: str, sampled: bool
) -> pl.DataFrame:
    types = {"row": np.int64, "neighbor": np.int64, "neighbor_share": float, "own_share": float, "evidence": float}
    merged = {
        name: np.concatenate([part[name] for part in parts]) if parts else np.zeros(0, dtype)
        for name, dtype in types.items()
    }
    frame = images.select("image_id", "class_name", "image_key")[merged["row"]].with_columns(
        neighbor_class=pl.Series([names[code] for code in merged["neighbor"]], dtype=pl.String),
        neighbor_share=merged["neighbor_share"],
        own_share=merged["own_share"],
        score=merged["neighbor_share"] - merged["own_share"],
        log_odds=merged["evidence"],
        method=pl.lit("sample" if sampled else "exact"),
        lens_id=pl.lit(lens_id),
    )
    frame = frame.sort(["log_odds", "score", "image_id"], descending=[True, True, False])
    return conform("label_conflicts", frame.with_columns(rank=pl.int_range(1, pl.len() + 1)))
