"""Images whose neighbours across the data set carry another label."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.frames import conform
from thermal_assets.statistics.label_evidence import LabelEvidence, label_evidence
from thermal_assets.statistics.label_pairs import judged_members, label_pair

MIN_ODDS = 3.0  # 'positive' evidence: Kass and Raftery, J. Am. Stat. Assoc. 90 (1995) 773
_LEAST_CHANCE = 1e-6
_BLOCK = 65_536


def label_conflicts(
    images: pl.DataFrame,
    vectors: NDArray[np.float32],
    *,
    lens_id: str,
    min_odds: float = MIN_ODDS,
    **options: Any,
) -> pl.DataFrame:
    """``conflicting_images`` of the evidence that ``label_evidence`` gathers with ``options``."""
    return conflicting_images(images, label_evidence(images, vectors, **options), lens_id=lens_id, min_odds=min_odds)


def conflicting_images(
    images: pl.DataFrame, evidence: LabelEvidence, *, lens_id: str, min_odds: float = MIN_ODDS
) -> pl.DataFrame:
    """Rows of table ``label_conflicts``: images whose odds for another label are at least ``min_odds``, ranked
    (0: every image, whatever its neighbours say).

    The odds are those of all other labels together against the own one, and they alone make the ``rank``. Not
    ``score``, the difference of two shares: 20 votes against none are stronger evidence than 30 against 10.
    ``typicality``: see LabelPair. Two classes that resemble each other give long odds to images where they meet;
    these look little like the other class beside its own images, and a mislabelled one looks as much like it as they.
    """
    judged = np.flatnonzero(evidence.judged)
    parts = [
        _contradicted(evidence, judged[start : start + _BLOCK], min_odds) for start in range(0, judged.size, _BLOCK)
    ]
    parts = parts or [_contradicted(evidence, judged, min_odds)]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    names = pl.Series(evidence.names, dtype=pl.String)
    frame = images.select("image_id", "class_name", "image_key")[found["row"]].with_columns(
        neighbor_class=names.gather(found["neighbor"]),
        neighbor_share=found["neighbor_share"],
        own_share=found["own_share"],
        score=found["neighbor_share"] - found["own_share"],
        typicality=pl.Series(_typicality(evidence, found["row"], found["neighbor"])).fill_nan(None),
        log_odds=found["evidence"],
        method=pl.lit("sample" if evidence.sampled else "exact"),
        lens_id=pl.lit(lens_id),
    )
    frame = frame.sort(["log_odds", "score", "image_id"], descending=[True, True, False])
    return conform("label_conflicts", frame.with_columns(rank=pl.int_range(1, pl.len() + 1)))


def _contradicted(evidence: LabelEvidence, rows: NDArray[np.int64], min_odds: float) -> dict[str, NDArray[Any]]:
    """Those of ``rows`` with odds of at least ``min_odds``: row, neighbor label, both shares, strength of the evidence."""
    logs = evidence.logs[rows].astype(np.float64)
    at, own = np.arange(rows.size), evidence.labels[rows]
    mine = np.minimum(logs[at, own], 0.0)
    logs[at, own] = -np.inf
    neighbor = logs.argmax(axis=1) if rows.size else np.zeros(0, dtype=np.int64)
    found = {
        "row": rows,
        "neighbor": neighbor,
        "neighbor_share": evidence.shares[rows, neighbor].astype(np.float64),
        "own_share": evidence.shares[rows, own].astype(np.float64),
        "evidence": np.log(np.maximum(-np.expm1(mine), _LEAST_CHANCE)) - mine,
    }
    if min_odds <= 0:
        return found
    kept = (found["evidence"] >= np.log(min_odds)) & (found["neighbor_share"] > found["own_share"])
    return {name: values[kept] for name, values in found.items()}


def _typicality(evidence: LabelEvidence, rows: NDArray[np.int64], neighbor: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64[r] of images ``rows`` for the label ``neighbor``."""
    found = np.full(rows.size, np.nan)
    members, best = judged_members(evidence)
    own = evidence.labels[rows]
    width = len(evidence.names)
    pairs, of = np.unique(own * width + neighbor, return_inverse=True)
    order = np.argsort(of, kind="stable")
    ends = np.cumsum(np.bincount(of, minlength=pairs.size))
    for number, pair in enumerate(pairs.tolist()):
        label, other = divmod(pair, width)
        mine = order[ends[number - 1] if number else 0 : ends[number]]
        logs = evidence.logs[rows[mine]]
        scores = logs[:, other].astype(np.float64) - logs[:, label]
        found[mine] = label_pair(evidence, members, best, label, other).typicality(scores)
    return found
