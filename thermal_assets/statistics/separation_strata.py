"""Distances of the images of two classes to equally large references of both, inside one distance or overall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.auc import auc, weighted_mean_auc
from thermal_assets.statistics.groups import codes, exclusion_groups
from thermal_assets.statistics.reference_distance import ReferencePool

Sides = tuple[NDArray[np.int64], NDArray[np.int64]]  # rows of the normal class, rows of the anomaly class


@dataclass(frozen=True)
class ImageColumns:
    """What comparing needs of the frame ``images``, as arrays; NULL is NaN in distances and -1 in sessions."""

    class_names: NDArray[np.object_]
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]
    sessions: NDArray[np.int64]
    groups: NDArray[np.int64]

    @classmethod
    def of(cls, images: pl.DataFrame, copies: NDArray[np.int64] | None) -> ImageColumns:
        return cls(
            images["class_name"].to_numpy(),
            images["image_key"].to_numpy().astype(np.int64),
            images["distance_m"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
            codes(images["session_id"]),
            exclusion_groups(images, copies),
        )

    def rows_of(self, class_name: str) -> NDArray[np.int64]:
        return np.flatnonzero(self.class_names == class_name)

    def strata(self, members: Sides) -> list[tuple[float, Sides]]:
        """(distance, rows of both classes at it) for each distance that both have."""
        first, second = (self.distances[side] for side in members)
        shared = np.intersect1d(first, second)
        shared = shared[np.isfinite(shared)]
        return [(float(value), (members[0][first == value], members[1][second == value])) for value in shared]


@dataclass
class Stratum:
    """``queries`` of both classes, and draw by draw (normal, anomaly) ln D to the normal and anomaly references."""

    queries: Sides
    m: int
    to_normal: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=list)
    to_anomaly: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=list)
    reference_keys: list[NDArray[np.int64]] = field(default_factory=list)

    @property
    def sizes(self) -> tuple[float, float]:
        return float(self.queries[1].size), float(self.queries[0].size)

    def compactness(self, draw: int) -> float | None:
        return auc(self.to_anomaly[draw][1], self.to_normal[draw][0])

    def distance(self, draw: int) -> float | None:
        return auc(self.to_normal[draw][1], self.to_normal[draw][0])

    def separability(self, draw: int) -> float | None:
        return auc(*self.scores(draw))

    def scores(self, draw: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(anomaly, normal) ln D to normal minus ln D to anomaly."""
        near, far = self.to_normal[draw], self.to_anomaly[draw]
        return near[1] - far[1], near[0] - far[0]


def measure(
    members: Sides,
    queries: Sides,
    columns: ImageColumns,
    vectors: NDArray[np.float32],
    *,
    min_m: int,
    max_m: int,
    k: int,
    draws: int,
    salt: str,
) -> Stratum | None:
    """Measures ``queries`` against ``draws`` references of both classes of ``members``: m images, equally many groups.

    m is the largest, up to ``max_m``, that every query of both classes can be given in every draw; None if that is
    less than ``min_m`` or there is nothing to measure.
    """
    spread = min(np.unique(columns.groups[side]).size for side in members) - 1
    if spread < 1 or min(side.size for side in queries) == 0:
        return None
    pools = [
        [
            ReferencePool(columns.keys[side], columns.groups[side], spread, f"{salt}|{draw}|{which}")
            for which, side in enumerate(members)
        ]
        for draw in range(draws)
    ]
    m = min(max_m, min(pool.largest_m for pair in pools for pool in pair))
    if m < min_m:
        return None
    stratum = Stratum(queries, m)
    points = [np.asarray(vectors[rows], dtype=np.float32) for rows in queries]
    for pair in pools:
        for side, target, pool in zip(members, (stratum.to_normal, stratum.to_anomaly), pair, strict=True):
            reference = pool.freeze(m)
            rows = side[reference.rows]
            found = np.asarray(vectors[rows], dtype=np.float32)
            normal, anomaly = (
                np.log(reference.mean_distances(point, columns.groups[query], found, k))
                for point, query in zip(points, queries, strict=True)
            )
            target.append((normal, anomaly))
            stratum.reference_keys.append(columns.keys[rows])
    return stratum


def over_draws(
    strata: Sequence[Stratum], measure_of: Callable[[Stratum, int], float | None], draws: int
) -> tuple[float | None, float | None]:
    """Mean and standard deviation over draws of the AUC averaged over strata."""
    sizes = [stratum.sizes for stratum in strata]
    values = [weighted_mean_auc([measure_of(part, draw) for part in strata], sizes) for draw in range(draws)]
    known = [value for value in values if value is not None]
    return (float(np.mean(known)), float(np.std(known))) if known else (None, None)
