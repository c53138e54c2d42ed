"""Do two groups of sessions differ in their mean picture? A test for few sessions and many axes, and a search over time.

With X_i the mean vector of session i, n sessions on one side and m on the other, the statistic is

    T = [sum_{i != j} X_i'X_j / n(n-1) + sum_{i != j} Y_i'Y_j / m(m-1) - 2 sum_{ij} X_i'Y_j / nm] / spread(n, m)

of Chen and Qin (Ann. Stat. 38 (2010) 808): the squared distance of the two means without the products of a session with
itself, which hold no difference but, over a hundred axes, most of the noise. spread(n, m)^2 = 1/n(n-1) + 1/m(m-1) + 2/nm
makes sides of any size comparable. Distances are those of the classifier that is asked next: in the covariance of the
class, within and between its sessions, shrunk towards a round one. p-values come from handing whole sessions round, and
over time whole days: the sessions of a day share its weather and the settings of that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from thermal_assets.statistics.hashing import generator
from thermal_assets.statistics.held_out_classifier import shrunk
from thermal_assets.statistics.resampling import MOST, PermutationResult, affordable, permutation_test, sequential_p

LEAST_SESSIONS = 2  # a side: a mean without the products of a session with itself takes two
LEAST_OF_STRETCH = 3  # days inside and outside a stretch of time that nobody named beforehand
MAX_CUTS = 24  # days at which a stretch may begin or end; 276 stretches, about as many as a year has in fortnights
_BATCH = 2_000_000


def session_means(
    vectors: NDArray[np.floating], sessions: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(float64[s, d], int64[s]): mean vector and number of every session among ``sessions`` int64[n]."""
    units, unit = np.unique(sessions, return_inverse=True)
    sums = np.zeros((units.size, vectors.shape[1]))
    np.add.at(sums, unit, vectors.astype(np.float64))
    return sums / np.bincount(unit)[:, None], units


def session_coordinates(vectors: NDArray[np.floating], sessions: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64[s, min(s, d)]: centred session means, in axes in which the shrunk covariance of ``vectors`` [n, d] is round.

    Every session counts the same in the covariance. In order of the session numbers.
    """
    means, units = session_means(vectors, sessions)
    unit = np.searchsorted(units, sessions)
    within = vectors - means[unit]
    share = 1 / np.bincount(unit)[unit] / units.size
    centred = means - means.mean(axis=0)
    covariance = (within * share[:, None]).T @ within + centred.T @ centred / units.size
    if units.size >= covariance.shape[0]:
        return np.asarray(solve_triangular(np.linalg.cholesky(shrunk(covariance)), centred.T, lower=True).T)
    values, axes = np.linalg.eigh(centred @ np.linalg.solve(shrunk(covariance), centred.T))
    return np.asarray(axes * np.sqrt(np.maximum(values, 0)))


def mean_difference(coordinates: NDArray[np.float64], mine: NDArray[np.bool_], salt: str) -> PermutationResult:
    """Test of the sessions ``mine`` bool[s] against all others; no p-value with fewer than two on a side.

    ``coordinates`` float64[s, r] as ``session_coordinates`` gives them.
    """
    few = min(int(mine.sum()), int((~mine).sum()))
    if few < LEAST_SESSIONS:
        return PermutationResult(None, None, 0, True)
    own, total = np.einsum("ij,ij->i", coordinates, coordinates), coordinates.sum(axis=0)

    def statistic(labellings: NDArray[np.int64]) -> NDArray[np.float64]:
        x = labellings.astype(np.float64)
        here = x @ coordinates
        there = total - here
        inside, between, outside = (np.einsum("ij,ij->i", *pair) for pair in ((here,) * 2, (here, there), (there,) * 2))
        return _statistic(inside, between, outside, x @ own, own.sum(), x.sum(axis=1), len(own))

    return permutation_test(statistic, mine.astype(np.int64), salt=salt, most=MOST)


@dataclass(frozen=True)
class Stretch:
    """The days ``first`` to ``end`` (exclusive), which of ``tried`` stretches stand out most.

    The p-value of ``test`` allows for the choice: it is that of the largest statistic over all stretches.
    """

    first: int
    end: int
    tried: int
    test: PermutationResult


def changed_from(coordinates: NDArray[np.float64], salt: str) -> Stretch | None:
    """The day from which on pictures differ most from the earlier ones; None where days are too few.

    ``coordinates`` float64[t, r]: of every day with sessions, in order, the mean over its sessions. Of more than
    ``MAX_CUTS`` days, so many are tried, evenly spread.
    """
    cuts = _cuts(len(coordinates))
    last = len(cuts) - 1
    return _most_different(coordinates, cuts, [(place, last) for place in range(1, last)], salt)


def passing_stretch(coordinates: NDArray[np.float64], salt: str) -> Stretch | None:
    """The stretch with days before and after it that differs most from these; arguments as ``changed_from``."""
    cuts = _cuts(len(coordinates))
    last = len(cuts) - 1
    pairs = [(first, end) for first in range(1, last) for end in range(first + 1, last)]
    return _most_different(coordinates, cuts, pairs, salt)


def _cuts(days: int) -> NDArray[np.int64]:
    """Numbers of the days before which a stretch may begin or end, 0 and ``days`` included."""
    return np.unique(np.linspace(0, days, min(days, MAX_CUTS + 1) + 1).round().astype(np.int64))


def _most_different(
    coordinates: NDArray[np.float64], cuts: NDArray[np.int64], pairs: list[tuple[int, int]], salt: str
) -> Stretch | None:
    s = len(coordinates)
    inside = [int(cuts[end] - cuts[first]) for first, end in pairs]
    usable = [pair for pair, n in zip(pairs, inside, strict=True) if LEAST_OF_STRETCH <= n <= s - LEAST_OF_STRETCH]
    if not usable:
        return None
    first, end = np.array(usable).T
    values = _of_stretches(coordinates[None], cuts, first, end)[0]
    best = int(values.argmax())
    limit = float(values[best]) - 1e-9 * max(1.0, abs(float(values[best])))
    random = generator(salt)

    def beyond(count: int) -> NDArray[np.bool_]:
        found = []
        step = max(1, _BATCH // coordinates.size)
        for start in range(0, count, step):
            order = np.argsort(random.random((min(step, count - start), s)), axis=1)
            found.append(_of_stretches(coordinates[order], cuts, first, end).max(axis=1) >= limit)
        return np.concatenate(found)

    most = affordable(coordinates.size)
    p_value = sequential_p(beyond, most)
    smallest = max(1 / (1 + most), _smallest(s, cuts[end] - cuts[first]))
    return Stretch(
        int(cuts[first[best]]), int(cuts[end[best]]), len(usable), PermutationResult(p_value, smallest, most, False)
    )


def _of_stretches(
    ordered: NDArray[np.float64], cuts: NDArray[np.int64], first: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.float64]:
    """float64[b, w]: the statistic of every stretch in each of b orders of the days, float64[b, t, r]."""
    s = ordered.shape[1]
    sums = np.zeros((len(ordered), len(cuts), ordered.shape[2]))
    sums[:, 1:] = np.add.reduceat(ordered, cuts[:-1], axis=1).cumsum(axis=1)
    own = np.zeros((len(ordered), len(cuts)))
    own[:, 1:] = np.add.reduceat(np.einsum("bij,bij->bi", ordered, ordered), cuts[:-1], axis=1).cumsum(axis=1)
    products = sums @ sums.transpose(0, 2, 1)  # of the sums up to every cut, from which those of all stretches follow
    inside = products[:, end, end] - 2 * products[:, first, end] + products[:, first, first]
    with_all = products[:, end, -1] - products[:, first, -1]
    outside = products[:, -1, -1][:, None] - 2 * with_all + inside
    n = (cuts[end] - cuts[first]).astype(np.float64)
    return _statistic(inside, with_all - inside, outside, own[:, end] - own[:, first], own[:, -1:], n, s)


def _statistic(
    inside: NDArray[np.float64],
    between: NDArray[np.float64],
    outside: NDArray[np.float64],
    own_inside: NDArray[np.float64],
    own: NDArray[np.float64] | float,
    n: NDArray[np.float64],
    s: int,
) -> NDArray[np.float64]:
    """T from sums of products inside, between and outside a group of ``n`` of ``s``; ``own`` are those with itself."""
    m = s - n
    spread = np.sqrt(1 / (n * (n - 1)) + 1 / (m * (m - 1)) + 2 / (n * m))
    squared = (inside - own_inside) / (n * (n - 1)) + (outside - (own - own_inside)) / (m * (m - 1))
    return np.asarray((squared - 2 * between / (n * m)) / spread)


def _smallest(s: int, sizes: NDArray[np.int64]) -> float:
    """Share of the orders that put one set of days, or all others, into a stretch: for the rarest set."""
    counts = {int(n): int(np.sum(sizes == n)) for n in np.unique(sizes)}
    return min(1.0, min((count + counts.get(s - n, 0)) / comb(s, n) for n, count in counts.items()))
