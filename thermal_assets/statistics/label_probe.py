"""What a plain classifier that has not seen an image's session thinks of its label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.folds import group_folds
from thermal_assets.statistics.label_network import fit_label_network
from thermal_assets.statistics.stratified_draw import draw_within

FOLDS = 5
MAX_FITTED = 20_000
_ROWS = 8192


def held_out_probabilities(
    gather: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    labels: NDArray[np.int64],
    keys: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    salt: str,
    max_fitted: int = MAX_FITTED,
) -> NDArray[np.float32]:
    """float32[n, labels]: probability of every label, from a small network fitted without the fold of the image.

    ``gather`` gives L2 vectors float32[r, d] of rows int64[r]; ``groups`` int64[n] (see groups.py) stay whole in the
    five folds. A fit takes at most ``max_fitted`` images, of large classes a sample by salted hash (the prior of a
    class is put back afterwards); every image is judged. A label absent from a fit has probability 0 there; rows of a
    fold that could not be fitted (fewer than two labels) are NaN.
    """
    count = int(labels.max(initial=-1)) + 1
    found = np.full((len(labels), count), np.nan, dtype=np.float32)
    if count < 2:
        return found
    folds = group_folds(labels, keys, groups, salt, FOLDS)
    sizes = np.bincount(labels, minlength=count)
    drawn = draw_within(keys, labels, max_fitted, salt)
    for fold in range(FOLDS):
        fitted, judged = drawn[folds[drawn] != fold], np.flatnonzero(folds == fold)
        if np.unique(labels[fitted]).size < 2 or judged.size == 0:
            continue
        present, of = np.unique(labels[fitted], return_inverse=True)
        network = fit_label_network(gather(fitted), of, salt=f"{salt}|{fold}")
        prior = sizes[present] / sizes[present].sum() / (np.bincount(of) / fitted.size)
        for start in range(0, judged.size, _ROWS):
            rows = judged[start : start + _ROWS]
            chances = network.probabilities(gather(rows)) * prior
            block = np.zeros((rows.size, count), dtype=np.float32)
            block[:, present] = chances / chances.sum(axis=1, keepdims=True)
            found[rows] = block
    return found
