"""Which labels the neighbours of an image carry, with large and small classes given comparable weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from thermal_assets.neighbors.exact import nearest_between
from thermal_assets.statistics.stratified_draw import draw_per_stratum

MAX_REFERENCES = 5000
MIN_K, MAX_K = 10, 50
_BLOCK = 16_384


def voters(n: int) -> int:
    """How many neighbours vote among ``n`` images: the square root of n, at least 10 and at most 50."""
    return min(MAX_K, max(MIN_K, isqrt(n)))


@dataclass(frozen=True)
class VoteBlock:
    """Votes for the images ``rows`` int64[b].

    votes      float64[b, labels]: neighbours that carry each label
    available  float64[b, strata]: references of each stratum that the image could have had as neighbours
    """

    rows: NDArray[np.int64]
    votes: NDArray[np.float64]
    available: NDArray[np.float64]


def vote_blocks(
    vectors: NDArray[np.float32],
    keys: NDArray[np.int64],
    labels: NDArray[np.int64],
    strata: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    k: int | None = None,
    max_references: int = MAX_REFERENCES,
    salt: str,
    rows: NDArray[np.int64] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[VoteBlock]:
    """The labels of the k nearest references of each image, those of its own group left out.

    ``vectors`` float32[n, d] of unit length (Euclidean order is then that of the cosine); ``labels`` int64[n] are
    counted, ``strata`` int64[n] are what is balanced: each gives up to ``max_references`` references, so an image
    meets no more of a huge stratum than of a large one. ``groups`` int64[n]: see groups.py.
    """
    rows = np.arange(len(keys)) if rows is None else rows
    references = draw_per_stratum(keys, strata, max_references, salt)
    if references.size == 0 or rows.size == 0:
        return
    k = voters(len(keys)) if k is None else k
    label_count, stratum_count = int(labels.max()) + 1, int(strata.max()) + 1
    found = np.ascontiguousarray(vectors[references], dtype=np.float32)
    sizes = np.bincount(strata[references], minlength=stratum_count)
    cells, counts = np.unique(groups[references] * stratum_count + strata[references], return_counts=True)
    for start in range(0, rows.size, _BLOCK):
        if progress is not None:
            progress(start, rows.size)
        part = rows[start : start + _BLOCK]
        nearest = nearest_between(
            np.ascontiguousarray(vectors[part], dtype=np.float32),
            found,
            k,
            query_groups=groups[part],
            candidate_groups=groups[references],
        ).indices
        at, column = np.nonzero(nearest >= 0)
        voted = labels[references[nearest[at, column]]]
        votes = np.bincount(at * label_count + voted, minlength=part.size * label_count).astype(np.float64)
        wanted = groups[part, None] * stratum_count + np.arange(stratum_count)
        place = np.minimum(np.searchsorted(cells, wanted), cells.size - 1)
        own = np.where(cells[place] == wanted, counts[place], 0)
        yield VoteBlock(part, votes.reshape(part.size, label_count), (sizes - own).astype(np.float64))
    if progress is not None:
        progress(rows.size, rows.size)
