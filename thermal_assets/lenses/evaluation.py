"""What each lens is worth on one data set, judged on images it was not fitted on, all lenses in the same splits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thermal_assets.lenses.candidates import CANDIDATES, LOGISTIC, Candidate, Vectors, class_log_odds
from thermal_assets.lenses.evaluation_measures import (
    K,
    intrinsic_dimension,
    least_dense,
    macro_f1,
    mean_distance,
    neighbour_labels,
)
from thermal_assets.statistics.auc import auc
from thermal_assets.statistics.hashing import hashed_order

DEPTH = 100
LEFT_OUT_ROUNDS = 2
MIN_LEFT_OUT = 20  # judged images below which the AUC of a class left out is noise
Split = tuple[NDArray[np.int64], NDArray[np.int64]]  # rows fitted on, rows judged


@dataclass(frozen=True)
class Pair:
    """A normal class and its anomaly classes, as labels."""

    normal: int
    anomalies: tuple[int, ...]


@dataclass
class _Found:
    """What one lens reached, split by split and class by class."""

    separability: list[float] = field(default_factory=list)
    f1: list[float] = field(default_factory=list)
    left_out: dict[int, float] = field(default_factory=dict)
    kept: list[float] = field(default_factory=list)
    dimension: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    dimensions: int = 0
    fitted: list[int] = field(default_factory=list)
    judged: list[int] = field(default_factory=list)


def evaluate_lenses(
    vectors: Vectors,
    labels: NDArray[np.int64],
    keys: NDArray[np.int64],
    names: Sequence[str],
    pairs: Sequence[Pair],
    splits: Sequence[Split],
    *,
    salt: str,
    groups: NDArray[np.int64] | None = None,
    candidates: Sequence[Candidate] = CANDIDATES,
    logistic: bool = True,
    rounds: int = LEFT_OUT_ROUNDS,
    left_out: dict[str, dict[str, float]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """One dictionary a lens, with the measures of table ``lens_evaluation`` (how the images were drawn left out).

    ``vectors`` float32 [n, d] L2 vectors of unit length; ``labels`` int64 [n] index ``names``; ``keys`` int64 [n].
    Separability: AUC of anomaly by the mean distance to the ten nearest normals of the pair among the fitted images,
    mean over ``pairs``; for logistic regression, by its log odds. Left out: the anomaly classes are dealt into
    ``rounds`` groups, and each group is judged by lenses fitted without it, in the first split. Macro-F1: vote of the
    ten nearest fitted images. A measure that the data cannot give is None. ``groups`` int64 [n] (see
    groups.py) keep near frames out of the intrinsic dimension. ``left_out`` receives the AUC of every
    class left out: lens -> class -> AUC.
    """
    found = {candidate.name: _Found() for candidate in candidates}
    if logistic:
        found[LOGISTIC] = _Found()
    anomalies = np.array([label for pair in pairs for label in pair.anomalies], dtype=np.int64)
    dealt = [anomalies[hashed_order(anomalies, f"{salt}|left out")][start::rounds] for start in range(rounds)]
    dealt = [group for group in dealt if group.size]
    total, done = len(splits) + len(dealt), 0
    for number, (fitted, judged) in enumerate(splits):
        fitted = _with_company(fitted, labels)
        _judge_split(vectors, labels, keys, pairs, (fitted, judged), found, candidates, f"{salt}|{number}", groups)
        done += 1
        if progress is not None:
            progress(done, total)
    for group in dealt:
        fitted, judged = splits[0]
        fitted = _with_company(fitted[~np.isin(labels[fitted], group)], labels)
        if np.unique(labels[fitted]).size >= 2:
            _judge_left_out(vectors, labels, keys, pairs, (fitted, judged), group, found, candidates, f"{salt}|out")
        done += 1
        if progress is not None:
            progress(done, total)
    if left_out is not None:
        for name, item in found.items():
            left_out[name] = {names[label]: value for label, value in item.left_out.items()}
    return [_row(name, item, names) for name, item in found.items()]


def _judge_split(
    vectors: Vectors,
    labels: NDArray[np.int64],
    keys: NDArray[np.int64],
    pairs: Sequence[Pair],
    split: Split,
    found: dict[str, _Found],
    candidates: Sequence[Candidate],
    salt: str,
    groups: NDArray[np.int64] | None,
) -> None:
    fitted, judged = split
    if np.unique(labels[fitted]).size < 2 or judged.size == 0:
        return
    for item in found.values():
        item.fitted.append(fitted.size)
        item.judged.append(judged.size)
    sparse = least_dense(vectors[judged], DEPTH)
    for candidate in candidates:
        item = found[candidate.name]
        started = time.perf_counter()
        embed = candidate.fit(vectors[fitted], labels[fitted], _states(labels[fitted], pairs), keys[fitted], salt)
        item.seconds.append(time.perf_counter() - started)
        references, points = embed(vectors[fitted]), embed(vectors[judged])
        item.dimensions = points.shape[1]
        scores = [_by_distance(references, points, labels, split, pair) for pair in pairs]
        _append(item.separability, [value for value in scores if value is not None])
        item.f1.append(macro_f1(labels[judged], neighbour_labels(points, references, labels[fitted])))
        if sparse.size:
            item.kept.append(np.intersect1d(sparse, least_dense(points, DEPTH)).size / sparse.size)
        dimension = intrinsic_dimension(points, None if groups is None else groups[judged])
        if dimension is not None:
            item.dimension.append(dimension)
    if LOGISTIC not in found:
        return
    item = found[LOGISTIC]
    started = time.perf_counter()
    log_odds = class_log_odds(vectors[fitted], labels[fitted])
    item.seconds.append(time.perf_counter() - started)
    item.dimensions = vectors.shape[1]
    chances = log_odds(vectors[judged])
    columns = np.unique(labels[fitted])
    scores = [_by_odds(chances, columns, labels[judged], pair) for pair in pairs]
    _append(item.separability, [value for value in scores if value is not None])
    item.f1.append(macro_f1(labels[judged], columns[chances.argmax(axis=1)]))


def _judge_left_out(
    vectors: Vectors,
    labels: NDArray[np.int64],
    keys: NDArray[np.int64],
    pairs: Sequence[Pair],
    split: Split,
    group: NDArray[np.int64],
    found: dict[str, _Found],
    candidates: Sequence[Candidate],
    salt: str,
) -> None:
    fitted, judged = split
    wanted = [Pair(p.normal, (label,)) for p in pairs for label in p.anomalies if label in group]
    wanted = [pair for pair in wanted if int(np.sum(labels[judged] == pair.anomalies[0])) >= MIN_LEFT_OUT]
    concerned = judged[np.isin(labels[judged], [label for p in wanted for label in (p.normal, *p.anomalies)])]
    if not concerned.size:
        return
    for candidate in candidates:
        embed = candidate.fit(vectors[fitted], labels[fitted], _states(labels[fitted], pairs), keys[fitted], salt)
        references, points = embed(vectors[fitted]), embed(vectors[concerned])
        for pair in wanted:
            value = _by_distance(references, points, labels, (fitted, concerned), pair)
            if value is not None:
                found[candidate.name].left_out[pair.anomalies[0]] = value
    if LOGISTIC not in found:
        return
    chances = class_log_odds(vectors[fitted], labels[fitted])(vectors[concerned])
    columns = np.unique(labels[fitted])
    for pair in wanted:
        value = _not_normal(chances, columns, labels[concerned], pair)
        if value is not None:
            found[LOGISTIC].left_out[pair.anomalies[0]] = value


def _by_distance(
    references: Vectors, points: Vectors, labels: NDArray[np.int64], split: Split, pair: Pair
) -> float | None:
    fitted, judged = split
    normals = references[labels[fitted] == pair.normal]
    if len(normals) == 0:
        return None
    sides = [np.isin(labels[judged], pair.anomalies), labels[judged] == pair.normal]
    anomaly, normal = (mean_distance(points[side], normals, K) for side in sides)
    return auc(anomaly, normal)


def _by_odds(
    chances: NDArray[np.float64], columns: NDArray[np.int64], labels: NDArray[np.int64], pair: Pair
) -> float | None:
    """AUC of the log odds of any anomaly of the pair against its normal class."""
    anomalies = np.isin(columns, pair.anomalies)
    if pair.normal not in columns or not anomalies.any():
        return None
    score = np.logaddexp.reduce(chances[:, anomalies], axis=1) - chances[:, columns == pair.normal][:, 0]
    return auc(score[np.isin(labels, pair.anomalies)], score[labels == pair.normal])


def _not_normal(
    chances: NDArray[np.float64], columns: NDArray[np.int64], labels: NDArray[np.int64], pair: Pair
) -> float | None:
    """AUC of how little the model believes in the normal class: what is left for a class it has never seen."""
    if pair.normal not in columns:
        return None
    score = -chances[:, columns == pair.normal][:, 0]
    return auc(score[np.isin(labels, pair.anomalies)], score[labels == pair.normal])


def _states(labels: NDArray[np.int64], pairs: Sequence[Pair]) -> NDArray[np.int64]:
    """int64 [n]: the normal class, or one of the anomaly classes for all of the pair; else the class itself."""
    found = labels.copy()
    for pair in pairs:
        found[np.isin(labels, pair.anomalies)] = pair.anomalies[0]
    return found


def _with_company(rows: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows whose label occurs twice or more among them: a class of one image cannot be fitted."""
    counts = np.bincount(labels[rows], minlength=int(labels.max(initial=0)) + 1)
    return rows[counts[labels[rows]] >= 2]


def _append(into: list[float], values: Sequence[float]) -> None:
    if values:
        into.append(float(np.mean(values)))


def _row(name: str, item: _Found, names: Sequence[str]) -> dict[str, Any]:
    lowest = min(item.left_out, key=lambda label: (item.left_out[label], label), default=None)
    return {
        "lens": name,
        "separability_auc": _mean(item.separability),
        "separability_low": min(item.separability, default=None),
        "separability_high": max(item.separability, default=None),
        "macro_f1": _mean(item.f1),
        "left_out_auc": _mean(list(item.left_out.values())),
        "left_out_lowest": None if lowest is None else item.left_out[lowest],
        "left_out_class": None if lowest is None else names[lowest],
        "outlier_ranks_kept": _mean(item.kept),
        "intrinsic_dimension": _mean(item.dimension),
        "dimensions": item.dimensions,
        "fit_seconds": _mean(item.seconds) or 0.0,
        "splits": len(item.fitted),
        "images_fitted": item.fitted,
        "images_judged": item.judged,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
