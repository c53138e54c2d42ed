"""Neighbours in a declared reference sample, for data sets too large to compare every image with every other at L2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.neighbors.collected import mean_of_first
from thermal_assets.neighbors.exact import Neighbors, Wanted, nearest_lists_between
from thermal_assets.neighbors.grouped import MINIMUM_SESSIONS, OTHER_SESSIONS, TOO_FEW_SESSIONS, Neighborhood
from thermal_assets.progress import reporter
from thermal_assets.statistics.groups import codes
from thermal_assets.steps.images import vectors_of
from thermal_assets.steps.neighborhood import (
    NEIGHBORS_KEPT,
    NEIGHBORS_MEASURED,
    NeighborhoodRows,
    means_of,
    neighborhood_rows,
)

METHOD = "reference sample"
_BLOCK = 8192


def measure_against_reference(
    home: Home, images: pl.DataFrame, reference: np.ndarray, level: str, lens_id: str, k: int, shown: str
) -> NeighborhoodRows:
    """Like ``measure_neighborhood``, but searched among the rows ``reference`` (int64 [r]) of ``images`` only.

    Exact inside the sample. density_xs is over sample images of other sessions; crops of one frame are
    not collapsed, since a sample rarely holds two of them.
    """
    sample = vectors_of(home, level, lens_id, images["content_hash"].gather(reference))
    own = np.arange(images.height, dtype=np.int64)
    sessions = codes(images["session_id"])
    apart = np.where(sessions >= 0, sessions, sessions.max(initial=-1) + 1 + own)  # without a session: itself alone
    enough = len(np.unique(sessions[sessions >= 0])) >= MINIMUM_SESSIONS
    basis = np.where((sessions >= 0) & enough, OTHER_SESSIONS, TOO_FEW_SESSIONS).astype(object)
    plain, across = [], []
    report = reporter(shown)
    for start in range(0, images.height, _BLOCK):
        rows = slice(start, start + _BLOCK)
        queries = vectors_of(home, level, lens_id, images["content_hash"][rows])
        wanted = [
            Wanted(NEIGHBORS_MEASURED, own[rows], own[reference]),
            Wanted(k, apart[rows], apart[reference]),
        ]
        found, elsewhere = nearest_lists_between(queries, sample, wanted)
        elsewhere.indices[basis[rows] != OTHER_SESSIONS] = -1
        plain.append(_beginnings(found, max(k, NEIGHBORS_KEPT), means_of(k)))
        across.append(_beginnings(elsewhere, 1, (k,)))
        report(min(start + _BLOCK, images.height), images.height)
    found_plain, found_across = _joined(plain, reference), _joined(across, reference)
    both = Neighborhood(found_plain, found_across, basis, len(np.unique(sessions[sessions >= 0])))
    return neighborhood_rows(images, level, lens_id, both, k)


def _beginnings(found: Neighbors, kept: int, mean_of: tuple[int, ...]) -> Neighbors:
    """The first ``kept`` neighbours and the means that densities are made of: whole lists of a million images fill 2 GB."""
    means = {k: mean_of_first(found.indices, found.distances, k) for k in mean_of}
    indices, distances = found.indices[:, :kept].copy(), found.distances[:, :kept].copy()
    return replace(found, indices=indices, distances=distances, means=means)


def _joined(parts: list[Neighbors], reference: np.ndarray) -> Neighbors:
    """One result over all blocks, with indices into all images instead of the sample."""
    indices = np.concatenate([part.indices for part in parts])
    return Neighbors(
        np.where(indices >= 0, reference[np.maximum(indices, 0)], -1),
        np.concatenate([part.distances for part in parts]),
        np.concatenate([part.candidates for part in parts]),
        method=METHOD,
        arithmetic=parts[0].arithmetic,
        means={k: np.concatenate([part.means[k] for part in parts]) for k in parts[0].means},
        recall=float("nan"),  # against all images nothing was measured
    )
