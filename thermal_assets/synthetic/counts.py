"""How many images each class gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    target = max(1, round(images * weights[names[0]] / sum(weights.values())))
    near = range(target - target // 20, target + target // 20 + 1)
    smallest = min(near, key=lambda n: (round(abs(round(n * IMBALANCE) / n - IMBALANCE), 2), abs(n - target)))
    largest = min(round(smallest * IMBALANCE), images - smallest * (len(names) - 1))
    # Every class has the smallest size and shares in the rest. The next largest come first: what one of them may not
    # have for growing larger than the largest, the others get.
    sizes = dict.fromkeys(names, smallest) | {names[-1]: largest}
    rest = names[1:-1]
    above = [weights[name] - weights[names[0]] for name in rest]
    for count in range(len(rest), 0, -1):
        share = shares_of(images - sum(sizes.values()), above[:count])[-1]
        sizes[rest[count - 1]] += min(largest - smallest, share)
    return {name: sizes[name] for name in weights}


def equal_sizes(images: int, names: Iterable[str]) -> dict[str, int]:
    """Images a class, in all ``images``, no class more than one larger than another."""
    listed = list(names)
    return dict(zip(listed, shares_of(images, [1.0] * len(listed)), strict=True))
