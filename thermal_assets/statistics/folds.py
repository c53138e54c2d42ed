"""Folds whose images do not know each other: whole sessions, or whole groups of near copies, stratified by label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.hashing import hashed


def group_folds(
    labels: NDArray[np.int64], keys: NDArray[np.int64], groups: NDArray[np.int64], salt: str, count: int = 2
) -> NDArray[np.int64]:
    """int64 [n], 0 .. count - 1: ``groups`` (see groups.py) stay whole, and every label is spread evenly over the folds.

    Groups are dealt label by label (that of most of their images), the largest first and equal ones in an order by
    salted hash, each to the fold that has the fewest images of the label so far. Rows may come in any order.
    """
    if len(keys) == 0:
        return np.zeros(0, dtype=np.int64)
    names, of = np.unique(groups, return_inverse=True)
    smallest = np.full(names.size, np.iinfo(np.int64).max)
    np.minimum.at(smallest, of, keys)
    sizes = np.bincount(of)
    order = hashed(smallest, salt)
    main = _main_label(of, labels, names.size)
    fold = np.zeros(names.size, dtype=np.int64)
    for label in np.unique(main):
        mine = np.flatnonzero(main == label)
        mine = mine[np.lexsort((smallest[mine], order[mine], -sizes[mine]))]
        single = int(np.sum(sizes[mine] > 1))
        filled = np.zeros(count, dtype=np.int64)
        for group in mine[:single].tolist():
            fold[group] = int(filled.argmin())
            filled[fold[group]] += sizes[group]
        # Single images level the folds out first, then they take turns.
        lacking = np.repeat(np.arange(count), filled.max() - filled)[: mine.size - single]
        turns = np.arange(mine.size - single - lacking.size) % count
        fold[mine[single:]] = np.concatenate([lacking, turns])
    return fold[of]


def _main_label(of: NDArray[np.int64], labels: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """int64 [groups]: the label that most images of a group carry, the smallest of equals."""
    width = int(labels.max()) + 2
    cells, counts = np.unique(of * width + labels + 1, return_counts=True)
    group, label = cells // width, cells % width - 1
    best = np.lexsort((label, -counts, group))
    first = np.ones(best.size, dtype=bool)
    first[1:] = group[best][1:] != group[best][:-1]
    main = np.empty(groups, dtype=np.int64)
    main[group[best][first]] = label[best][first]
    return main
