"""How well normal and anomaly images of one object lie apart, with classes compared at equal size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.auc import UnitAuc, auc, resampled_mean_auc, weighted_mean_auc
from thermal_assets.statistics.frames import finite, table_frame
from thermal_assets.statistics.groups import codes, exclusion_groups
from thermal_assets.statistics.hashing import hashed_order, short_id
from thermal_assets.statistics.reference_distance import Reference, largest_m
from thermal_assets.statistics.resampling import Interval, session_bootstrap

K = 10
DRAWS = 5
MAX_REFERENCES = 2000
MAX_QUERIES = 20_000
SALT = "separation"


@dataclass
class _Stratum:
    """Both classes inside one distance (or all distances): what was measured, draw by draw."""

    rows: tuple[NDArray[np.int64], NDArray[np.int64]]
    m: int
    log_to_normal: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=list)
    log_to_anomaly: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=list)

    @property
    def sizes(self) -> tuple[float, float]:
        return float(self.rows[1].size), float(self.rows[0].size)

    def compactness(self, draw: int) -> float | None:
        return auc(self.log_to_anomaly[draw][1], self.log_to_normal[draw][0])

    def distance(self, draw: int) -> float | None:
        return auc(self.log_to_normal[draw][1], self.log_to_normal[draw][0])

    def separability(self, draw: int) -> float | None:
        return auc(*self.scores(draw))

    def scores(self, draw: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(anomaly, normal) log distance to normal minus log distance to anomaly."""
        near, far = self.log_to_normal[draw], self.log_to_anomaly[draw]
        return near[1] - far[1], near[0] - far[0]


def separation(
    images: pl.DataFrame,
    vectors: NDArray[np.float32],
    *,
    level: str,
    lens_id: str,
    pairs: Sequence[tuple[str, str]],
    densities: NDArray[np.floating[Any]] | None = None,
    copies: NDArray[np.int64] | None = None,
    k: int = K,
    draws: int = DRAWS,
    max_references: int = MAX_REFERENCES,
    max_queries: int = MAX_QUERIES,
    salt: str = SALT,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rows of table ``separation`` for each (normal class, anomaly class) of ``pairs`` that has images.

    ``vectors`` float32[n, d] is the reading made for comparing: unit length at L2, whitened and of unit length at L3;
    ``densities`` float[n] is the density inside the class, shown as a median only. ``copies`` int64[n] numbers the
    groups of near copies (-1: none), which stand in for sessions where names have none.
    D_c(x) is the mean distance of image x to its k nearest among m frozen images of class c, own session left out; m
    is the same for every image of both classes. compactness = AUC(D_own: anomaly > normal), distance = AUC(D_normal:
    anomaly > normal), separability = AUC(ln D_normal - ln D_anomaly: anomaly > normal); each is the mean over draws.
    Classes beyond ``max_queries`` are judged by a random sample of that many images; interval_note says so.
    """
    columns = _Columns.of(images, copies)
    rows: list[dict[str, Any]] = []
    for number, (normal, anomaly) in enumerate(pairs):
        if progress is not None:
            progress(number, len(pairs))
        members = columns.rows_of(normal), columns.rows_of(anomaly)
        if min(members[0].size, members[1].size) == 0:
            continue
        sampled = tuple(_sample(part, columns.keys, max_queries, salt) for part in members)
        strata_of = {False: [(None, members)]}
        if np.isfinite(columns.distances[members[0]]).any() and np.isfinite(columns.distances[members[1]]).any():
            strata_of[True] = _by_distance(members, columns.distances)
        for matched, parts in strata_of.items():
            pair_salt = f"{salt}|{normal}|{anomaly}"
            reference_keys: list[NDArray[np.int64]] = []
            strata, support = [], []
            for distance, part in parts:
                m = min(max_references, *(largest_m(columns.groups[side]) for side in part))
                queries = tuple(side[np.isin(side, judged)] for side, judged in zip(part, sampled, strict=True))
                if m < (k if matched else 1) or min(side.size for side in queries) == 0:
                    continue
                stratum = _Stratum((queries[0], queries[1]), m)
                for draw in range(draws):
                    _measure(stratum, part, columns, vectors, k, f"{pair_salt}|{draw}", reference_keys)
                strata.append(stratum)
                support.append(f"{distance:g} m ({queries[0].size} normal, {queries[1].size} anomaly)" if matched else "")
            row = _row(strata, columns, (normal, anomaly), members, sampled, draws, pair_salt, matched)
            for side, name in enumerate(("normal", "anomaly")):
                values = None if densities is None else densities[members[side]]
                row[f"median_density_{name}"] = _median(values)
            row |= {"normal_class": normal, "anomaly_class": anomaly, "level": level, "lens_id": lens_id}
            row |= {"matched": matched, "reference_id": short_id(*reference_keys)}
            row["common_support"] = (", ".join(support) or "none") if matched else None
            rows.append(row)
    if progress is not None:
        progress(len(pairs), len(pairs))
    return table_frame("separation", rows)


@dataclass(frozen=True)
class _Columns:
    class_names: NDArray[np.object_]
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]
    sessions: NDArray[np.int64]
    groups: NDArray[np.int64]

    @classmethod
    def of(cls, images: pl.DataFrame, copies: NDArray[np.int64] | None) -> _Columns:
        return cls(
            images["class_name"].to_numpy(),
            images["image_key"].to_numpy().astype(np.int64),
            images["distance_m"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
            codes(images["session_id"]),
            exclusion_groups(images, copies),
        )

    def rows_of(self, class_name: str) -> NDArray[np.int64]:
        return np.flatnonzero(self.class_names == class_name)


def _sample(rows: NDArray[np.int64], keys: NDArray[np.int64], size: int, salt: str) -> NDArray[np.int64]:
    return rows if rows.size <= size else np.sort(rows[hashed_order(keys[rows], f"{salt}|queries")[:size]])


def _by_distance(
    members: tuple[NDArray[np.int64], NDArray[np.int64]], distances: NDArray[np.float64]
) -> list[tuple[float, tuple[NDArray[np.int64], NDArray[np.int64]]]]:
    shared = np.intersect1d(distances[members[0]], distances[members[1]])
    return [
        (float(value), (members[0][distances[members[0]] == value], members[1][distances[members[1]] == value]))
        for value in shared[np.isfinite(shared)]
    ]


def _measure(
    stratum: _Stratum,
    members: tuple[NDArray[np.int64], NDArray[np.int64]],
    columns: _Columns,
    vectors: NDArray[np.float32],
    k: int,
    salt: str,
    reference_keys: list[NDArray[np.int64]],
) -> None:
    for side, target in enumerate((stratum.log_to_normal, stratum.log_to_anomaly)):
        reference = Reference(columns.keys[members[side]], columns.groups[members[side]], stratum.m, f"{salt}|{side}")
        rows = members[side][reference.rows]
        reference_keys.append(columns.keys[rows])
        found = vectors[rows]
        normal, anomaly = (
            np.log(reference.mean_distances(vectors[queries], columns.groups[queries], found, k))
            for queries in stratum.rows
        )
        target.append((normal, anomaly))


def _row(
    strata: list[_Stratum],
    columns: _Columns,
    names: tuple[str, str],
    members: tuple[NDArray[np.int64], ...],
    sampled: tuple[NDArray[np.int64], ...],
    draws: int,
    salt: str,
    matched: bool,
) -> dict[str, Any]:
    sizes = [stratum.sizes for stratum in strata]

    def mean_over_draws(measure: Callable[[_Stratum, int], float | None]) -> tuple[float | None, float | None]:
        values = [weighted_mean_auc([measure(part, draw) for part in strata], sizes) for draw in range(draws)]
        known = [value for value in values if value is not None]
        return (float(np.mean(known)), float(np.std(known))) if known else (None, None)

    judged = [
        np.concatenate([part.rows[side] for part in strata]) if strata else np.zeros(0, np.int64) for side in (0, 1)
    ]
    sessions = [np.unique(columns.sessions[rows][columns.sessions[rows] >= 0]) for rows in judged]
    separability, spread = mean_over_draws(_Stratum.separability)
    interval = _interval(strata, columns, names, judged, draws, salt)
    notes = [interval.note if strata else _why_empty(columns, names, members, matched)]
    for name, whole, part in zip(names, members, sampled, strict=True):
        if part.size < whole.size:
            notes.append(f"{name}: a random sample of {part.size:,} of {whole.size:,} images")
    return {
        "compactness_auc": mean_over_draws(_Stratum.compactness)[0],
        "distance_auc": mean_over_draws(_Stratum.distance)[0],
        "separability_auc": separability,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "interval_note": "; ".join(notes),
        "draw_spread": spread,
        "m": min((part.m for part in strata), default=0),
        "n_normal": judged[0].size,
        "n_anomaly": judged[1].size,
        "sessions_normal": sessions[0].size,
        "sessions_anomaly": sessions[1].size,
    }


def _interval(
    strata: list[_Stratum],
    columns: _Columns,
    names: tuple[str, str],
    judged: list[NDArray[np.int64]],
    draws: int,
    salt: str,
) -> Interval:
    # Images without a session share the number -1, so they move as one unit: cautious, never too narrow.
    rows = np.concatenate(judged)
    units = np.unique(columns.sessions[rows], return_inverse=True)[1]
    unit_of = np.full(columns.sessions.size, -1, dtype=np.int64)
    unit_of[rows] = units
    named = [unit_of[side[columns.sessions[side] >= 0]] for side in judged]
    per_draw = [
        [UnitAuc(*part.scores(draw), unit_of[part.rows[1]], unit_of[part.rows[0]]) for part in strata]
        for draw in range(draws)
    ]

    def statistic(multiplicities: NDArray[np.float64]) -> float | None:
        values = [resampled_mean_auc(parts, multiplicities) for parts in per_draw]
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None

    return session_bootstrap(statistic, named[0], named[1], salt=f"{salt}|bootstrap", names=names)


def _why_empty(
    columns: _Columns, names: tuple[str, str], members: tuple[NDArray[np.int64], ...], matched: bool
) -> str:
    for name, rows in zip(names, members, strict=True):
        if largest_m(columns.groups[rows]) == 0:
            what = "one image only" if rows.size == 1 else "one session only"
            return f"Not measured: {name} has {what}, so nothing is left to compare with once its own is left out"
    if matched:
        return f"Not measured: no distance at which both classes leave {K} references outside an image's own session"
    return "Not measured"


def _median(values: NDArray[np.floating[Any]] | None) -> float | None:
    if values is None:
        return None
    known = values[np.isfinite(values)]
    return finite(float(np.median(known))) if known.size else None
