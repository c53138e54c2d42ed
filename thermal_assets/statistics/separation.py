"""How well normal and anomaly images of one object lie apart, with classes compared at equal size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.auc import UnitAuc, resampled_mean_auc
from thermal_assets.statistics.false_alarms import ResampledRecall, recall_at_false_alarms
from thermal_assets.statistics.frames import finite, table_frame
from thermal_assets.statistics.gray_zone import gray_rows
from thermal_assets.statistics.hashing import hashed_order, short_id
from thermal_assets.statistics.resampling import Interval, session_bootstrap
from thermal_assets.statistics.separation_strata import (
    ImageColumns,
    Sides,
    Stratum,
    measure,
    over_draws,
)

K = 10
DRAWS = 5
MAX_REFERENCES = 2000
MAX_QUERIES = 20_000
SALT = "separation"


def separation(
    images: pl.DataFrame,
    vectors: NDArray[np.float32],
    *,
    level: str,
    lens_id: str,
    pairs: Sequence[tuple[str, str]],
    densities: NDArray[np.floating[Any]] | None = None,
    copies: NDArray[np.int64] | None = None,
    measured_on: Sequence[str] | None = None,
    k: int = K,
    draws: int = DRAWS,
    max_references: int = MAX_REFERENCES,
    max_queries: int = MAX_QUERIES,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rows of table ``separation`` for each (normal class, anomaly class) of ``pairs`` that has images.

    ``vectors`` float32[n, d] is the reading made for comparing: unit length at L2, whitened and of unit length at L3;
    ``densities`` float[n] is the density inside the class (NaN: none), shown as a median only. ``copies`` int64[n]
    numbers the groups of near copies (-1: none), which stand in for sessions where names have none.
    D_c(x) is the mean distance of image x to its k nearest among m frozen images of class c, own session left out; m
    and the number of sessions they come from are the same for every image of both classes.
    compactness = AUC(D_own: anomaly > normal), distance = AUC(D_normal: anomaly > normal),
    separability = AUC(ln D_normal - ln D_anomaly: anomaly > normal); each is the mean over draws.
    Matched rows are made where both classes have distances, from distances that leave k references or more.
    Classes beyond ``max_queries`` are judged by a random sample of that many images; interval_note says so.
    ``measured_on`` goes into the rows of each pair.
    """
    marks = dict(zip(pairs, measured_on or [""] * len(pairs), strict=True))
    columns = ImageColumns.of(images, copies)
    limits = Limits(k, draws, max_references, max_queries, salt)
    rows, _ = _compare(columns, None, vectors, pairs, densities, limits, progress)
    for row in rows:
        row["measured_on"] = marks[row["normal_class"], row["anomaly_class"]]
    return table_frame("separation", [row | {"level": level, "lens_id": lens_id} for row in rows])


def supervised_separation(
    images: pl.DataFrame,
    vectors: NDArray[np.float32],
    folds: NDArray[np.int64],
    *,
    lens_id: str,
    fitted_images: int,
    pairs: Sequence[tuple[str, str]],
    copies: NDArray[np.int64] | None = None,
    k: int = K,
    draws: int = DRAWS,
    max_references: int = MAX_REFERENCES,
    max_queries: int = MAX_QUERIES,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of tables ``supervised_separation`` and ``gray_zone``.

    As `separation`, with ``vectors`` from two heads (see lenses/crossfit.py): every image is compared with references
    of its own fold ``folds`` int64[n] only, and the AUCs of the folds are averaged like those of distances.
    ``fitted_images`` is how many images the smaller fit used; ``lens_id`` the L2 lens below it.
    """
    columns = ImageColumns.of(images, copies)
    limits = Limits(k, draws, max_references, max_queries, salt)
    rows, strata = _compare(columns, folds, vectors, pairs, None, limits, progress)
    gray: list[dict[str, Any]] = []
    for row, parts in zip(rows, strata, strict=True):
        row |= {"fitted_images": fitted_images, "lens_id": lens_id, "gray_normal": None, "gray_anomaly": None}
        if row["matched"] or not parts:
            continue
        found, counts = gray_rows(parts, images, (row["normal_class"], row["anomaly_class"]), lens_id)
        gray += found
        row["gray_normal"], row["gray_anomaly"] = counts
    for row in rows:
        del row["median_density_normal"], row["median_density_anomaly"]
    return table_frame("supervised_separation", rows), table_frame("gray_zone", gray)


@dataclass(frozen=True)
class Limits:
    """How many neighbours, draws, references and queries a comparison takes, and the salt of its draws."""

    k: int
    draws: int
    max_references: int
    max_queries: int
    salt: str


def _compare(
    columns: ImageColumns,
    folds: NDArray[np.int64] | None,
    vectors: NDArray[np.float32],
    pairs: Sequence[tuple[str, str]],
    densities: NDArray[np.floating[Any]] | None,
    limits: Limits,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[dict[str, Any]], list[list[Stratum]]]:
    """A row for each pair and matching, and the strata behind it."""
    k, draws, salt = limits.k, limits.draws, limits.salt
    rows: list[dict[str, Any]] = []
    measured: list[list[Stratum]] = []
    for number, names in enumerate(pairs):
        if progress is not None:
            progress(number, len(pairs))
        members = columns.rows_of(names[0]), columns.rows_of(names[1])
        if min(side.size for side in members) == 0:
            continue
        judged = np.concatenate([_sample(side, columns.keys, limits.max_queries, salt) for side in members])
        has_distances = all(np.isfinite(columns.distances[side]).any() for side in members)
        for matched in (False, True) if has_distances else (False,):
            pair_salt = f"{salt}|{names[0]}|{names[1]}"
            strata, support = [], []
            for distance, whole in columns.strata(members) if matched else [(0.0, members)]:
                found = []
                for part in _by_fold(whole, folds):
                    queries = part[0][np.isin(part[0], judged)], part[1][np.isin(part[1], judged)]
                    sizes = {"min_m": k if matched else 1, "max_m": limits.max_references}
                    stratum = measure(part, queries, columns, vectors, **sizes, k=k, draws=draws, salt=pair_salt)
                    if stratum is not None:
                        found.append(stratum)
                if not found:
                    continue
                strata += found
                normals, anomalies = (sum(part.queries[side].size for part in found) for side in (0, 1))
                support.append(f"{distance:g} m ({normals} normal, {anomalies} anomaly)")
            row = _measures(strata, columns, names, draws, pair_salt)
            if not strata:
                row["interval_note"] = _why_empty(columns, names, members, k)
            for side, name in zip(members, names, strict=True):
                if side.size > limits.max_queries:
                    row["interval_note"] += (
                        f"; {name}: a random sample of {limits.max_queries:,} of {side.size:,} images"
                    )
            row |= {"normal_class": names[0], "anomaly_class": names[1], "matched": matched}
            row["median_density_normal"], row["median_density_anomaly"] = (_median(densities, side) for side in members)
            row["common_support"] = (", ".join(support) or "none") if matched else None
            rows.append(row)
            measured.append(strata)
    if progress is not None:
        progress(len(pairs), len(pairs))
    return rows, measured


def _by_fold(members: Sides, folds: NDArray[np.int64] | None) -> list[Sides]:
    if folds is None:
        return [members]
    return [(members[0][folds[members[0]] == fold], members[1][folds[members[1]] == fold]) for fold in (0, 1)]


def _sample(rows: NDArray[np.int64], keys: NDArray[np.int64], size: int, salt: str) -> NDArray[np.int64]:
    return rows if rows.size <= size else rows[hashed_order(keys[rows], f"{salt}|queries")[:size]]


def _measures(
    strata: list[Stratum], columns: ImageColumns, names: tuple[str, str], draws: int, salt: str
) -> dict[str, Any]:
    empty = np.zeros(0, dtype=np.int64)
    queries = tuple(np.concatenate([empty, *(part.queries[side] for part in strata)]) for side in (0, 1))
    sessions = [np.unique(columns.sessions[rows][columns.sessions[rows] >= 0]).size for rows in queries]
    separability, spread = over_draws(strata, Stratum.separability, draws)
    interval, of_recall = _intervals(strata, columns, names, (queries[0], queries[1]), draws, salt)
    recall = recall_at_false_alarms(strata, draws)
    return {
        "compactness_auc": over_draws(strata, Stratum.compactness, draws)[0],
        "distance_auc": over_draws(strata, Stratum.distance, draws)[0],
        "separability_auc": separability,
        "recall_at_1_percent": recall,
        "recall_ci_low": None if recall is None else of_recall.low,
        "recall_ci_high": None if recall is None else of_recall.high,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "interval_note": interval.note,
        "draw_spread": spread,
        "m": min((part.m for part in strata), default=0),
        "n_normal": queries[0].size,
        "n_anomaly": queries[1].size,
        "sessions_normal": sessions[0],
        "sessions_anomaly": sessions[1],
        "reference_id": short_id(*(keys for part in strata for keys in part.reference_keys)),
    }


def _intervals(
    strata: list[Stratum], columns: ImageColumns, names: tuple[str, str], queries: Sides, draws: int, salt: str
) -> tuple[Interval, Interval]:
    """Of the separability AUC, and of the recall at 1 % false alarms."""
    # Images without a session share the number -1, so they move as one unit: cautious, never too narrow.
    units, numbers = np.unique(columns.sessions[np.concatenate(queries)], return_inverse=True)
    unit_of = np.full(columns.sessions.size, -1, dtype=np.int64)
    unit_of[np.concatenate(queries)] = numbers
    named = [unit_of[rows[columns.sessions[rows] >= 0]] for rows in queries]
    if min(side.size for side in named) == 0:
        none = session_bootstrap(lambda drawn: drawn.sum(axis=1), *named, salt=salt, names=names)
        return none, none
    parts = [
        UnitAuc([part.scores(draw) for draw in range(draws)], unit_of[part.queries[1]], unit_of[part.queries[0]])
        for part in strata
    ]

    def statistic(multiplicities: NDArray[np.float64]) -> NDArray[np.float64]:
        return resampled_mean_auc(parts, multiplicities)

    recall = ResampledRecall(strata, unit_of, units.size, draws)
    auc, found = (
        session_bootstrap(one, *named, units=units.size, salt=f"{salt}|bootstrap", names=names)
        for one in (statistic, recall)
    )
    return auc, found


def _why_empty(columns: ImageColumns, names: tuple[str, str], members: Sides, k: int) -> str:
    for name, rows in zip(names, members, strict=True):
        if np.unique(columns.groups[rows]).size < 2:
            what = "one image only" if rows.size == 1 else "one session only"
            return f"Not measured: {name} has {what}, so nothing is left to compare with once its own is left out"
    return f"Not measured: no distance at which both classes leave {k} references outside an image's own session"


def _median(values: NDArray[np.floating[Any]] | None, rows: NDArray[np.int64]) -> float | None:
    if values is None:
        return None
    known = values[rows][np.isfinite(values[rows])]
    return finite(float(np.median(known))) if known.size else None
