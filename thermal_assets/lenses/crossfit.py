"""Every image seen through a supervised head that was fitted on the other fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thermal_assets.lenses.supervised import DEFAULT_SETTINGS, HeadSettings, fit_head
from thermal_assets.statistics.stratified_draw import draw_per_stratum

FOLDS = 2
_ROWS_AT_ONCE = 8192


def crossfitted(
    gather: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    labels: NDArray[np.int64],
    states: NDArray[np.int64],
    keys: NDArray[np.int64],
    folds: NDArray[np.int64],
    *,
    salt: str,
    settings: HeadSettings = DEFAULT_SETTINGS,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[NDArray[np.float32], list[int]]:
    """float32 [n, outputs] of unit length, and how many images each of the two heads was fitted on.

    ``gather`` gives the L2 vectors float32 [r, d] of rows int64 [r]; ``labels`` and ``states`` int64 [n] are classes
    and the coarser normal or anomaly of an object (see `fit_head`); ``folds`` int64 [n] is 0 or 1 (see
    statistics/folds.py). Rows of fold 0 pass through the head fitted on fold 1 and the other way round: coordinates
    of the two folds come from two lenses and must never be compared with each other.
    A label with fewer than two images in a fold takes no part in the fit of that fold.
    """
    found = np.zeros((len(keys), settings.outputs), dtype=np.float32)
    images, done = [], 0
    for fold in range(FOLDS):
        fitted_on, judged = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        counts = np.bincount(labels[fitted_on], minlength=int(labels.max(initial=0)) + 1)
        fitted_on = fitted_on[counts[labels[fitted_on]] >= 2]
        drawn = fitted_on[
            draw_per_stratum(keys[fitted_on], labels[fitted_on], settings.max_per_class, f"{salt}|{fold}")
        ]
        head = fit_head(
            gather(drawn), labels[drawn], keys[drawn], states=states[drawn], salt=f"{salt}|{fold}", settings=settings
        )
        images.append(head.images)
        for start in range(0, judged.size, _ROWS_AT_ONCE):
            rows = judged[start : start + _ROWS_AT_ONCE]
            found[rows] = head.embed(gather(rows))
            done += rows.size
            if progress is not None:
                progress(done, len(keys))
    return found, images
