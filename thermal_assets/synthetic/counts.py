"""How many images each class gets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Largest over smallest class of the data set that the sample is modelled on.
IMBALANCE = 11.14


def shares_of(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers that add up to ``total``, in proportion to ``weights`` (largest remainders are rounded up)."""
    exact = np.asarray(weights, dtype=float) / np.sum(weights) * total
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact, kind="stable")[: total - counts.sum()]:
        counts[index] += 1
    return [int(count) for count in counts]


def class_sizes(images: int, weights: dict[str, int]) -> dict[str, int]:
    """Images a class, in all ``images``: in proportion to ``weights``, the largest 11.14 times the smallest.

    With few images the ratio is as near as whole numbers allow, and every class has at least one.
    """
    names = sorted(weights, key=lambda name: weights[name])
    smallest = max(1, round(images * weights[names[0]] / sum(weights.values())))
    candidates = [smallest + step for step in range(-3, 4) if smallest + step >= 1]
    smallest = min(candidates, key=lambda n: (round(abs(round(n * IMBALANCE) / n - IMBALANCE), 2), abs(n - smallest)))
    rest = names[1:-1]
    largest = min(round(smallest * IMBALANCE), images - smallest * (len(names) - 1))
    counts = shares_of(images - smallest - largest, [weights[name] for name in rest])
    sizes = {names[0]: smallest, names[-1]: largest} | dict(zip(rest, counts, strict=True))
    return {name: sizes[name] for name in weights}
