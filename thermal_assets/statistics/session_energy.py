"""How far one group of sessions lies from the others: energy distance of session means, and its test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.resampling import PermutationResult, permutation_test


def session_energy(
    apart: NDArray[np.float64], mine: NDArray[np.bool_], salt: str
) -> tuple[float | None, float | None, PermutationResult]:
    """(energy distance between the sessions ``mine`` bool[s] and all others, its mean over arrangements, the test).

    ``apart`` float64[s, s] holds the distances between session means, every session counting the same. The energy
    distance is 2 E|X - Y| - E|X - X'| - E|Y - Y'| (Szekely and Rizzo, J. Stat. Plan. Inference 143 (2013) 1249), a
    V-statistic: it is above 0 by chance too. The test hands whole sessions round. None where one side is empty.
    """
    observed = energy_distance(apart, mine)
    if observed is None:
        return None, None, PermutationResult(None, None, 0, True)
    seen: list[NDArray[np.float64]] = []

    def energy(labellings: NDArray[np.int64]) -> NDArray[np.float64]:
        seen.append(_energies(apart, labellings))
        return seen[-1]

    result = permutation_test(energy, mine.astype(np.int64), salt=salt)
    arranged = np.concatenate(seen[1:]) if len(seen) > 1 else None  # the first is the observed one
    return observed, float(arranged.mean()) if arranged is not None else None, result


def energy_distance(apart: NDArray[np.float64], mine: NDArray[np.bool_]) -> float | None:
    """The energy distance alone, for arguments as above; None where one side is empty."""
    if not mine.any() or mine.all():
        return None
    return float(_energies(apart, mine.astype(np.int64)[None, :])[0])


def _energies(apart: NDArray[np.float64], labellings: NDArray[np.int64]) -> NDArray[np.float64]:
    x = labellings.astype(np.float64)
    y = 1 - x
    n, m = x.sum(axis=1), y.sum(axis=1)
    to_x, to_y = x @ apart, y @ apart
    between = np.einsum("ij,ij->i", to_x, y) / (n * m)
    within_x, within_y = np.einsum("ij,ij->i", to_x, x) / n**2, np.einsum("ij,ij->i", to_y, y) / m**2
    return np.asarray(2 * between - within_x - within_y)
