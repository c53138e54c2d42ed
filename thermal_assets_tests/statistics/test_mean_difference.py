"""The test of session means: right by its definition, quiet by chance, and not blinded by many axes."""

from __future__ import annotations

import numpy as np
import pytest

from thermal_assets.statistics.held_out_classifier import shrunk
from thermal_assets.statistics.mean_difference import (
    MAX_CUTS,
    changed_from,
    mean_difference,
    passing_stretch,
    session_coordinates,
)
from thermal_assets.statistics.resampling import sequential_p

DAYS = np.arange(16)


def coordinates(
    seed: int, sessions: int = 16, d: int = 80, shift: float = 0.0, moved: slice = slice(0, 0)
) -> np.ndarray:
    """Of sessions of 4 to 40 images each; ``moved`` sessions lie ``shift`` further along one axis."""
    random = np.random.default_rng(seed)
    sizes = random.integers(4, 40, sessions)
    centres = random.normal(0, 0.5, (sessions, d))
    centres[moved, 0] += shift
    of = np.repeat(np.arange(sessions), sizes)
    return session_coordinates((centres[of] + random.normal(0, 1, (of.size, d))).astype(np.float32), of)


def by_definition(points: np.ndarray, mine: np.ndarray) -> float:
    product = points @ points.T
    n, m = mine.sum(), (~mine).sum()
    own = np.diag(product)
    x = (product[np.ix_(mine, mine)].sum() - own[mine].sum()) / (n * (n - 1))
    y = (product[np.ix_(~mine, ~mine)].sum() - own[~mine].sum()) / (m * (m - 1))
    squared = x + y - 2 * product[np.ix_(mine, ~mine)].mean()
    return float(squared / np.sqrt(1 / (n * (n - 1)) + 1 / (m * (m - 1)) + 2 / (n * m)))


def test_the_stretch_found_is_that_of_the_largest_statistic() -> None:
    points = coordinates(1)
    starts = list(range(3, 14))
    best = max(starts, key=lambda cut: by_definition(points, cut <= DAYS))
    found = changed_from(points, "s")
    assert found is not None
    assert (found.first, found.end, found.tried) == (best, 16, 11)
    pairs = [(a, b) for a in range(1, 15) for b in range(a + 3, 16) if 16 - (b - a) >= 3]
    best_pair = max(pairs, key=lambda pair: by_definition(points, (pair[0] <= DAYS) & (pair[1] > DAYS)))
    passing = passing_stretch(points, "s")
    assert passing is not None
    assert (passing.first, passing.end, passing.tried) == (*best_pair, len(pairs))


def test_p_of_named_groups_is_that_of_all_arrangements() -> None:
    from itertools import combinations

    points = coordinates(2, sessions=9)
    mine = np.arange(9) < 4
    arranged = [by_definition(points, np.isin(np.arange(9), c)) for c in combinations(range(9), 4)]
    expected = np.mean(np.array(arranged) >= by_definition(points, mine) - 1e-9)
    assert mean_difference(points, mine, "s").p_value == pytest.approx(expected)


def test_p_values_are_those_of_chance_where_nothing_changes() -> None:
    """Sessions of very unequal size included: at most about one test in twenty rejects."""
    p = np.array(
        [
            (
                changed_from(points, "s").test.p_value,  # type: ignore[union-attr]
                passing_stretch(points, "s").test.p_value,  # type: ignore[union-attr]
                mean_difference(points, DAYS % 3 == 0, "s").p_value,
            )
            for points in (coordinates(seed) for seed in range(100, 180))
        ]
    )
    assert ((p <= 0.05).mean(axis=0) <= 0.12).all()
    assert (np.abs(p.mean(axis=0) - 0.5) < 0.12).all()


def test_a_change_along_one_axis_of_eighty_is_dated() -> None:
    points = coordinates(3, shift=4.0, moved=slice(11, 16))
    found = changed_from(points, "s")
    assert found is not None
    assert (found.first, found.end) == (11, 16)
    assert found.test.p_value is not None
    assert found.test.p_value < 0.002


def test_few_days_are_not_searched() -> None:
    points = coordinates(4)
    assert changed_from(points[:5], "s") is None
    assert passing_stretch(points[:5], "s") is None
    assert mean_difference(points, DAYS == 0, "s").p_value is None


def test_many_days_are_searched_at_evenly_spread_ones() -> None:
    many = coordinates(5, sessions=150, d=5)
    found = passing_stretch(many, "s")
    assert found is not None
    assert found.tried <= MAX_CUTS * (MAX_CUTS - 1) // 2
    changed = changed_from(many, "s")
    assert changed is not None
    assert changed.tried == MAX_CUTS


def test_the_smallest_p_is_that_of_the_rarest_arrangement() -> None:
    """Six sessions, three on each side: of 20 arrangements one and its mirror image are as extreme."""
    found = changed_from(coordinates(6, sessions=6), "s")
    assert found is not None
    assert found.test.attainable_p == pytest.approx(0.1)
    assert found.test.p_value is not None
    assert found.test.p_value >= 0.08


def test_drawing_goes_on_only_where_p_is_small() -> None:
    random = np.random.default_rng(7)
    drawn: list[int] = []

    def beyond(chance: float, count: int) -> np.ndarray:
        drawn.append(count)
        return random.random(count) < chance

    assert sequential_p(lambda n: beyond(0.3, n), 99_999) == pytest.approx(0.3, abs=0.05)
    assert sum(drawn) == 999
    assert sequential_p(lambda n: beyond(0.001, n), 99_999) == pytest.approx(0.001, rel=0.9)
    assert 999 < sum(drawn) < 30_000
    drawn.clear()
    assert sequential_p(lambda n: beyond(0.0, n), 9_999) == pytest.approx(1e-4)
    assert sum(drawn) == 9_999


@pytest.mark.parametrize(("sessions", "d"), [(9, 30), (40, 6)], ids=["fewer sessions than axes", "more"])
def test_coordinates_give_distances_in_the_shrunk_covariance(sessions: int, d: int) -> None:
    random = np.random.default_rng(8)
    of = np.repeat(np.arange(sessions), 5)
    vectors = random.normal(0, 1, (of.size, d)) * np.linspace(1, 3, d)
    means = np.stack([vectors[of == one].mean(axis=0) for one in range(sessions)])
    within = vectors - means[of]
    centred = means - means.mean(axis=0)
    metric = np.linalg.inv(shrunk(within.T @ within / of.size + centred.T @ centred / sessions))
    found = session_coordinates(vectors, of)
    assert found.shape == (sessions, min(sessions, d))
    assert np.allclose(found @ found.T, centred @ metric @ centred.T)
