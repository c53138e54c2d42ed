"""Values of one column in a few bins, and how much more often one side has each of them than the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

STEPS = 20
_EPOCH = date(1970, 1, 1).toordinal()
_PRIOR = 0.5  # half a session a side in every bin, so that a value seen once decides nothing


@dataclass(frozen=True)
class Bins:
    """``codes`` int64 [n] of the images, ``names`` of the bins; ``ordered`` bins are neighbours of each other."""

    codes: NDArray[np.int64]
    names: tuple[str, ...]
    ordered: bool

    def unknown(self, rows: NDArray[np.int64]) -> bool:
        """Whether none of ``rows`` has a value."""
        return bool((self.codes[rows] == len(self.names) - 1).all())

    def telling(
        self, rows: NDArray[np.int64], positive: NDArray[np.bool_], weights: NDArray[np.float64]
    ) -> tuple[str, float, float]:
        """(bin whose share differs most between the sides, its share of the one side, its share of the other)."""
        sides = [_shares(self.codes[rows[side]], weights[side], len(self.names)) for side in (positive, ~positive)]
        most = int(np.abs(sides[0] - sides[1]).argmax())
        return self.names[most], float(sides[0][most]), float(sides[1][most])


def binned(values: pl.Series) -> Bins:
    """Text as it is; numbers and days in at most twenty steps of equally many images; NULL is the last bin."""
    if values.dtype != pl.Date and not values.dtype.is_numeric():
        names = values.cast(pl.String).drop_nulls().unique().sort().to_list()
        lookup = {name: code for code, name in enumerate(names)}
        found = values.cast(pl.String).replace_strict(lookup, default=len(names), return_dtype=pl.Int64)
        return Bins(found.fill_null(len(names)).to_numpy().astype(np.int64), (*names, "not known"), False)
    numbers = (
        (values.cast(pl.Int32) if values.dtype == pl.Date else values)
        .cast(pl.Float64)
        .fill_null(float("nan"))
        .to_numpy()
    )
    known = numbers[np.isfinite(numbers)]
    levels = np.unique(known)
    if levels.size > STEPS:
        levels = np.unique(np.quantile(known, np.linspace(0, 1, STEPS + 1)[:-1], method="lower"))
    code = np.clip(np.searchsorted(levels, numbers, side="right") - 1, 0, None)
    code[~np.isfinite(numbers)] = levels.size
    shown = [str(date.fromordinal(_EPOCH + int(v))) if values.dtype == pl.Date else f"{v:.4g}" for v in levels]
    ends = [*(f" to below {following}" for following in shown[1:]), " and more"]
    exact = np.unique(known).size == levels.size
    names = [f"{name}{'' if exact else end}" for name, end in zip(shown, ends, strict=False)]
    return Bins(code.astype(np.int64), (*names, "not known"), True)


def log_ratios(
    bins: Bins,
    rows: NDArray[np.int64],
    positive: NDArray[np.bool_],
    folds: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """float64 [r]: ln of the share of the positives over that of the negatives in the bin of each image, counted in
    the other folds; ordered bins share with their neighbours (1 : 2 : 1); bins not seen there give 0."""
    width = len(bins.names)
    found = np.zeros(rows.size)
    for fold in np.unique(folds):
        elsewhere, here = folds != fold, folds == fold
        sides = []
        for side in (positive, ~positive):
            counts = _counts(bins.codes[rows[elsewhere & side]], weights[elsewhere & side], width)
            if bins.ordered:
                counts[:-1] = _smoothed(counts[:-1])
            sides.append((counts, counts.sum()))
        (high, all_high), (low, all_low) = sides
        pooled = (high + low) / max(all_high + all_low, 1e-12)
        # The prior follows how common the bin is on both sides together: it pulls towards "tells nothing".
        ratio = np.log((high + _PRIOR * pooled * width + 1e-9) / (all_high + _PRIOR * width + 1e-9))
        ratio -= np.log((low + _PRIOR * pooled * width + 1e-9) / (all_low + _PRIOR * width + 1e-9))
        ratio[(high + low) <= 0] = 0
        found[here] = ratio[bins.codes[rows[here]]]
    return found


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    if counts.size < 3:
        return counts
    padded = np.concatenate([counts[:1], counts, counts[-1:]])
    return (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4


def _shares(codes: NDArray[np.int64], weights: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    counts = _counts(codes, weights, width)
    return np.asarray(counts / max(counts.sum(), 1e-12))


def _counts(codes: NDArray[np.int64], weights: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    return np.bincount(codes, weights, minlength=width).astype(np.float64)
