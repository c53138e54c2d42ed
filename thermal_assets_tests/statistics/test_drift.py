from datetime import date

import numpy as np
import pytest

from thermal_assets.statistics.distance_drift import ONE_SESSION_EACH, distance_drift
from thermal_assets.statistics.time_drift import NO_SESSIONS, time_drift
from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.statistics.images import empty, image_frame

NAMES = {"level": "L2", "lens_id": "lens"}


def missing(n):
    return np.full(n, np.nan)


def crossed(effect, sessions=10, each=8, seed=30):
    """Every session at 1, 2 and 4 m; density falls by ``effect`` (log) a step, and differs between sessions."""
    random = np.random.default_rng(seed)
    tokens = [(f"s{s}", d) for s in range(sessions) for d in (1.0, 2.0, 4.0) for _ in range(each)]
    shift = np.repeat(random.normal(0, 1, sessions), 3 * each)
    step = np.log2([d for _, d in tokens])
    density = np.exp(shift - effect * step + random.normal(0, 0.2, len(tokens)))
    images = image_frame(["A"] * len(tokens), [s for s, _ in tokens], [d for _, d in tokens])
    return images, density


def test_distance_that_matters_is_found_within_sessions():
    images, density = crossed(0.8)
    found = distance_drift(images, density, missing(len(density)), **NAMES)
    assert found["distance_m"].to_list() == [1.0, 2.0, 4.0]
    row = found.row(0, named=True)
    assert row["spearman"] < -0.3
    assert row["p_value"] == row["attainable_p"] == pytest.approx(1 / 20_000)  # one class of 400 can be told
    assert row["median_density"] == pytest.approx(float(np.median(density[images["distance_m"].to_numpy() == 1.0])))
    assert (row["image_count"], row["sessions"]) == (80, 10)


def test_the_median_at_a_distance_has_an_interval_by_sessions():
    images, density = crossed(0.8, sessions=12)
    found = distance_drift(images, density, missing(len(density)), **NAMES)
    for row in found.iter_rows(named=True):
        assert row["ci_low"] < row["median_density"] < row["ci_high"]
        # 96 images that differ by 1 between sessions and 0.2 inside them: as wide as twelve sessions make it.
        assert np.log(row["ci_high"] / row["ci_low"]) > 0.5
        assert "12 whole sessions" in row["interval_note"]
    few, density = crossed(0.8, sessions=7)
    row = distance_drift(few, density, missing(len(density)), **NAMES).row(0, named=True)
    assert (row["ci_low"], row["ci_high"]) == (None, None)
    assert row["interval_note"] == "No interval: 7 sessions; it takes 8"
    unnamed = image_frame(["A"] * 4, distances=[1.0, 1.0, 2.0, 2.0])
    assert "no session" in distance_drift(unnamed, np.ones(4), missing(4), **NAMES)["interval_note"][0]


def test_the_interval_of_eta_squared_holds_the_true_value():
    """Distance explains 0.8^2 * 2/3 of a variance in which sessions have 1 and images 0.2^2."""
    true = 0.8**2 * 2 / 3 / (0.8**2 * 2 / 3 + 1 + 0.2**2)
    rows = []
    for seed in range(60):
        images, density = crossed(0.8, sessions=10, each=3, seed=seed)
        rows.append(distance_drift(images, density, missing(len(density)), **NAMES).row(0, named=True))
    held = [row["eta_ci_low"] <= true <= row["eta_ci_high"] for row in rows]
    # Of 60 intervals that hold it in 95 of 100 cases, fewer than 50 do with a chance of 1 in 4,000.
    assert sum(held) >= 50
    assert all(row["eta_ci_low"] < row["eta_squared"] < row["eta_ci_high"] for row in rows)
    few, density = crossed(0.8, sessions=7)
    assert distance_drift(few, density, missing(len(density)), **NAMES)["eta_ci_low"][0] is None


def test_the_interval_of_a_median_draws_whole_sessions():
    """Of images that are all alike inside a session, the median of a draw is that of the sessions drawn."""
    values = np.repeat(np.arange(1.0, 10), 3)
    images = image_frame(["A"] * 27, np.repeat([f"s{s}" for s in range(9)], 3).tolist(), [1.0] * 27)
    row = distance_drift(images, values, missing(27), **NAMES).row(0, named=True)
    random = np.random.default_rng(0)
    expected = np.quantile(np.median(random.integers(1, 10, (20_000, 9)), axis=1), [0.025, 0.975])
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(expected), abs=1)


def test_distance_that_does_not_matter_is_rarely_found():
    """Sessions of one distance each, images alike inside a session: at most about one test in twenty rejects."""
    rejected = 0
    random = np.random.default_rng(31)
    for trial in range(60):
        shift = np.repeat(random.normal(0, 1, 12), 15)
        distances = np.repeat([1.0, 2.0] * 6, 15).tolist()
        images = image_frame(["A"] * 180, np.repeat([f"s{s}" for s in range(12)], 15).tolist(), distances)
        density = np.exp(shift + random.normal(0, 0.2, 180))
        found = distance_drift(images, density, missing(180), salt=str(trial), **NAMES)
        rejected += found["p_value"][0] <= 0.05
    assert rejected <= 7


def test_one_session_a_distance_cannot_be_told_apart():
    images = image_frame(["A"] * 40, ["s1"] * 20 + ["s2"] * 20, [1.0] * 20 + [2.0] * 20)
    row = distance_drift(images, np.linspace(1, 2, 40), missing(40), **NAMES).row(0, named=True)
    assert row["p_value"] is None
    assert row["attainable_p"] == 1.0
    assert row["statement"].startswith(ONE_SESSION_EACH)


def test_few_sessions_are_said_to_be_too_few():
    images = image_frame(["A"] * 40, np.repeat(["a", "b", "c", "d"], 10).tolist(), [1.0] * 20 + [2.0] * 20)
    row = distance_drift(images, np.linspace(1, 2, 40), missing(40), **NAMES).row(0, named=True)
    assert row["p_value"] == row["attainable_p"] == pytest.approx(2 / 6)
    assert "cannot decide" in row["statement"]


def test_density_of_other_sessions_is_preferred_and_never_mixed_in():
    images = image_frame(["A"] * 4, distances=[1.0, 1.0, 2.0, 2.0])
    found = distance_drift(images, np.array([1.0, 1, 9, 9]), np.array([5.0, np.nan, 7, 7]), **NAMES)
    assert found["median_density"].to_list() == [5.0, 7.0]
    assert "no session" in found["statement"][0]


def months(counts, centres, seed=33, each=6):
    random = np.random.default_rng(seed)
    sessions, days, vectors = [], [], []
    for month, (count, centre) in enumerate(zip(counts, centres, strict=True), start=1):
        for s in range(count):
            mean = random.normal(0, 1, 10) + centre
            sessions += [f"m{month}s{s}"] * each
            days += [date(2021, month, 1 + s)] * each
            vectors.append(mean + random.normal(0, 0.1, (each, 10)))
    return image_frame(["A"] * len(days), sessions, days=days), np.concatenate(vectors).astype(np.float32)


def test_a_month_that_differs_is_found():
    images, vectors = months([8, 8, 8], [0, 0, 2])
    found = time_drift(images, vectors, missing(len(vectors)), missing(len(vectors)), **NAMES)
    assert found["period"].to_list() == ["2021-01", "2021-02", "2021-03"]
    assert found["energy_distance"].arg_max() == 2
    assert found["p_value"][2] == pytest.approx(0.001)
    assert found["sessions"].to_list() == [8, 8, 8]
    assert "by chance" in found["statement"][2]


def test_months_that_do_not_differ_are_rarely_found():
    p_values = []
    for trial in range(40):
        images, vectors = months([5, 7], [0, 0], seed=100 + trial)
        p_values += time_drift(images, vectors, missing(72), missing(72), salt=str(trial), **NAMES)["p_value"][
            :1
        ].to_list()
    assert np.mean(np.array(p_values) <= 0.05) <= 0.125
    assert np.mean(p_values) > 0.35


def test_what_cannot_be_said_about_time_is_said():
    images, vectors = months([1, 1, 1], [0, 0, 0])
    lone = time_drift(images, vectors, missing(18), missing(18), **NAMES)
    assert "cannot be told apart" in lone["statement"][0]
    assert lone["attainable_p"][0] == pytest.approx(1 / 3)
    unnamed = image_frame(["A"] * 4, days=[date(2021, 1, 1)] * 2 + [date(2021, 2, 1)] * 2)
    found = time_drift(unnamed, np.ones((4, 3), np.float32), np.ones(4), missing(4), **NAMES)
    assert found.select("statement", "sessions", "energy_distance", "p_value").unique().rows() == [
        (NO_SESSIONS, None, None, None)
    ]
    single = time_drift(unnamed[:2], np.ones((2, 3), np.float32), np.ones(2), missing(2), **NAMES)
    assert single["statement"][0] == "All images are from 2021-01: nothing to compare"


def test_names_without_distance_or_date_give_no_rows():
    images, vectors = empty()
    assert distance_drift(images, missing(0), missing(0), **NAMES).columns == TABLES["distance_drift"].column_names
    assert time_drift(images, vectors, missing(0), missing(0), **NAMES).columns == TABLES["time_drift"].column_names
    plain = image_frame(["A"] * 3)
    assert distance_drift(plain, np.ones(3), missing(3), **NAMES).height == 0
    assert time_drift(plain, np.ones((3, 2), np.float32), np.ones(3), missing(3), **NAMES).height == 0
    alike = image_frame(["A"] * 4, ["a", "b"] * 2, [1.0, 1.0, 2.0, 2.0])
    assert "the same" in distance_drift(alike, np.ones(4), missing(4), **NAMES)["statement"][0]
    one = distance_drift(image_frame(["A"], ["a"], [1.0]), missing(1), missing(1), **NAMES)
    assert one["statement"][0].startswith("One distance only")
