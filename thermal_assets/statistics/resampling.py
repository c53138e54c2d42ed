"""Intervals and p-values whose unit is the session: images of one session are not independent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from math import factorial, prod

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import false_discovery_control

from thermal_assets.statistics.hashing import generator

MIN_SESSIONS_A_SIDE = 8
REPLICATES = 1000
PERMUTATIONS = 999
MOST = 19_999  # arrangements that a small p-value is worth: enough for two hundred questions at once
EXACT_LIMIT = 5000
_TIE = 1e-9
_ENOUGH_HITS = 10
_SEQUENTIAL_BATCH = 2000
_WORK = 400_000_000  # numbers that may be handed round for one p-value: seconds


@dataclass(frozen=True)
class Interval:
    """A 95 % percentile interval, or None and None with the reason in ``note``."""

    low: float | None
    high: float | None
    note: str


def session_bootstrap(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    sessions_a: ArrayLike,
    sessions_b: ArrayLike | None = None,
    *,
    units: int | None = None,
    salt: str,
    names: tuple[str, str] = ("one side", "the other"),
    replicates: int = REPLICATES,
) -> Interval:
    """Interval of ``statistic`` when whole sessions are drawn with replacement and every value stays as measured.

    ``statistic`` maps float64[b, units], how often each session was drawn, to float64[b] (NaN: no value).
    ``sessions_a`` and ``sessions_b`` are the session numbers (0..units-1) found on each side, or None where there is one
    side only; a session on both sides is drawn for both at once. Numbers on neither side (images without a session, as
    one unit) are drawn too but do not count towards the eight.
    Percentile bootstrap over clusters: Davison and Hinkley, Bootstrap Methods and their Application (1997), 3.8.
    """
    side_a = np.unique(np.asarray(sessions_a, dtype=np.int64))
    side_b = side_a if sessions_b is None else np.unique(np.asarray(sessions_b, dtype=np.int64))
    if min(side_a.size, side_b.size) == 0:
        return Interval(None, None, "No interval: the names carry no session, and images are not independent")
    if min(side_a.size, side_b.size) < MIN_SESSIONS_A_SIDE:
        few = f"{side_a.size} sessions of {names[0]} and {side_b.size} of {names[1]}; it takes {MIN_SESSIONS_A_SIDE} on each side"
        if sessions_b is None:
            few = f"{side_a.size} session{'' if side_a.size == 1 else 's'}; it takes {MIN_SESSIONS_A_SIDE}"
        return Interval(None, None, f"No interval: {few}")
    width = int(max(side_a[-1], side_b[-1])) + 1 if units is None else units
    random = generator(salt)
    draws = random.integers(0, width, (replicates, width))
    parts = [
        statistic(
            np.stack([np.bincount(row, minlength=width) for row in draws[start : start + 256]]).astype(np.float64)
        )
        for start in range(0, replicates, 256)
    ]
    values = np.concatenate(parts)
    values = values[np.isfinite(values)]
    if values.size < replicates / 2:
        return Interval(None, None, "No interval: too few resamplings of the sessions gave a value")
    low, high = np.quantile(values, [0.025, 0.975])
    count = np.union1d(side_a, side_b).size
    note = f"95 % interval: {count} whole sessions resampled {replicates:,} times, values held fixed"
    return Interval(float(low), float(high), note)


@dataclass(frozen=True)
class PermutationResult:
    """``p_value`` and the smallest p that the same sessions could have given."""

    p_value: float | None
    attainable_p: float | None
    arrangements: int
    exact: bool


def permutation_test(
    statistic: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    labels: ArrayLike,
    blocks: ArrayLike | None = None,
    *,
    salt: str,
    permutations: int = PERMUTATIONS,
    most: int | None = None,
) -> PermutationResult:
    """Is ``statistic`` larger than when the labels of whole units are handed round inside their blocks?

    ``labels`` int[u] holds one label a unit, ``blocks`` int[u] the block it may move in (default: one block).
    ``statistic`` maps int64[b, u] labellings to float64[b]; larger is more extreme. All distinct arrangements are
    tried if there are at most 5,000, else ``permutations`` random ones; p = (1 + hits) / (1 + B), the observed
    arrangement being one of them. Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) 39. With ``most``, a small
    p is made precise by up to as many (``sequential_p``).
    """
    observed = np.asarray(labels, dtype=np.int64)
    block_of = np.zeros_like(observed) if blocks is None else np.asarray(blocks, dtype=np.int64)
    members = [np.flatnonzero(block_of == block) for block in np.unique(block_of)]
    counts = [Counter(observed[rows].tolist()) for rows in members]
    arrangements = prod(_distinct(count) for count in counts)
    if arrangements <= 1:
        return PermutationResult(None, 1.0 if observed.size else None, arrangements, True)
    value = float(statistic(observed[None, :])[0])
    if not np.isfinite(value):
        return PermutationResult(None, None, arrangements, True)
    if arrangements <= EXACT_LIMIT:
        values = np.concatenate([statistic(chunk) for chunk in _chunks(_every(observed, members))])
        scale = _TIE * max(1.0, float(np.abs(values).max()))
        p = float(np.mean(values >= value - scale))
        return PermutationResult(p, float(np.mean(values >= values.max() - scale)), arrangements, True)
    random = generator(salt)

    def beyond(count: int) -> NDArray[np.bool_]:
        shuffled = np.tile(observed, (count, 1))
        for rows in members:
            shuffled[:, rows] = random.permuted(shuffled[:, rows], axis=1)
        values = np.concatenate([statistic(shuffled[start : start + 256]) for start in range(0, count, 256)])
        return np.asarray(values >= value - _TIE * max(1.0, abs(value)))

    drawn = max(permutations, most or 0)
    smallest = max(1 / (1 + drawn), _symmetries(counts) / arrangements)
    return PermutationResult(sequential_p(beyond, drawn, permutations), smallest, arrangements, False)


def sequential_p(beyond: Callable[[int], NDArray[np.bool_]], most: int, least: int = PERMUTATIONS) -> float:
    """p-value of up to ``most`` random arrangements: few where p is large, many where it is small.

    ``beyond(b)`` bool[b] says of b further arrangements whether each is at least as extreme as what was observed.
    After ``least`` of them, drawing goes on only as long as fewer than ten were: then p is ten by the number drawn, and
    (1 + hits) / (1 + most) where ten never come. Besag and Clifford, Biometrika 78 (1991) 301. Many tests at once need
    it: one small p of a hundred must be below alpha / 100.
    """
    hits, drawn = int(beyond(least).sum()), least
    if hits >= _ENOUGH_HITS:
        return (1 + hits) / (1 + drawn)
    while drawn < most:
        batch = beyond(min(_SEQUENTIAL_BATCH, most - drawn))
        if hits + int(batch.sum()) >= _ENOUGH_HITS:
            last = int(np.flatnonzero(batch)[_ENOUGH_HITS - hits - 1])
            return _ENOUGH_HITS / (drawn + last + 1)
        hits, drawn = hits + int(batch.sum()), drawn + batch.size
    return (1 + hits) / (1 + drawn)


def affordable(size: int) -> int:
    """Random arrangements that a small p-value is worth, 999 to ``MOST``, where each moves ``size`` numbers."""
    return int(np.clip(_WORK // max(size, 1), PERMUTATIONS, MOST))


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """q-values (Benjamini and Hochberg 1995) of the p-values that are there; None stays None."""
    known = [index for index, p in enumerate(p_values) if p is not None]
    q_values: list[float | None] = [None] * len(p_values)
    if known:
        adjusted = false_discovery_control([p_values[index] for index in known], method="bh")
        for index, q in zip(known, adjusted, strict=True):
            q_values[index] = float(q)
    return q_values


def _distinct(count: Counter[int]) -> int:
    return factorial(sum(count.values())) // prod(factorial(times) for times in count.values())


def _symmetries(counts: list[Counter[int]]) -> int:
    """How many arrangements look alike because labels with the same number of units everywhere merely swap names."""
    labels = sorted(set().union(*counts))
    alike = Counter(tuple(count[label] for count in counts) for label in labels)
    return prod(factorial(times) for times in alike.values())


def _every(observed: NDArray[np.int64], members: list[NDArray[np.int64]]) -> Iterator[NDArray[np.int64]]:
    blocks = [list(_arrangements(observed[rows])) for rows in members]
    for parts in product(*blocks):
        labelling = observed.copy()
        for rows, part in zip(members, parts, strict=True):
            labelling[rows] = part
        yield labelling


def _arrangements(labels: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Every distinct order of ``labels``; the rare labels are placed, the commonest takes what is left."""
    *rare, (commonest, _) = sorted(Counter(labels.tolist()).items(), key=lambda item: (item[1], item[0]))

    def place(which: int, free: tuple[int, ...], order: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        if which == len(rare):
            yield order
            return
        label, times = rare[which]
        for taken in combinations(free, times):
            placed = order.copy()
            placed[list(taken)] = label
            yield from place(which + 1, tuple(sorted(set(free) - set(taken))), placed)

    yield from place(0, tuple(range(labels.size)), np.full(labels.size, commonest))


def _chunks(labellings: Iterator[NDArray[np.int64]], size: int = 256) -> Iterator[NDArray[np.int64]]:
    while chunk := list(islice(labellings, size)):
        yield np.stack(chunk)
