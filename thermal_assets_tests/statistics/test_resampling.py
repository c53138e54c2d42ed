import numpy as np
import pytest

from thermal_assets.statistics.resampling import benjamini_hochberg, permutation_test, session_bootstrap


def mean_gap(values):
    def statistic(labellings):
        inside, outside = labellings.astype(float), 1.0 - labellings
        return np.abs(inside @ values / inside.sum(axis=1) - outside @ values / outside.sum(axis=1))

    return statistic


def test_no_interval_below_eight_sessions_a_side_and_it_says_so():
    interval = session_bootstrap(lambda w: w[:, 0], range(7), range(7, 40), salt="s", names=("PIP_NOM", "PIP_AON"))
    assert interval.low is None
    assert "7 sessions of PIP_NOM" in interval.note
    assert "no session" in session_bootstrap(lambda w: w[:, 0], [], [], salt="s").note


def test_interval_covers_the_spread_between_sessions_not_images():
    random = np.random.default_rng(2)
    effects = random.normal(0, 1, 20)
    sizes = np.full(20, 500.0)

    def mean(weights):
        return (weights * sizes) @ effects / (weights @ sizes)

    interval = session_bootstrap(mean, range(10), range(10, 20), salt="s")
    half = (interval.high - interval.low) / 2
    assert half == pytest.approx(1.96 * effects.std() / np.sqrt(20), rel=0.15)
    assert interval == session_bootstrap(mean, range(10), range(10, 20), salt="s")


def test_few_sessions_are_arranged_exactly():
    result = permutation_test(mean_gap(np.array([5.0, 6, 7, 1, 2, 3])), [1, 1, 1, 0, 0, 0], salt="s")
    # 20 arrangements; the observed one and its mirror image are the most extreme.
    assert (result.exact, result.arrangements) == (True, 20)
    assert result.p_value == result.attainable_p == pytest.approx(2 / 20)


def test_labels_only_move_inside_their_block():
    values = np.array([0.0, 1, 10, 11, 20, 21])
    result = permutation_test(mean_gap(values), [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2], salt="s")
    assert result.arrangements == 8
    assert result.p_value == pytest.approx(2 / 8)


def test_many_sessions_are_drawn_and_p_is_never_zero():
    values = np.concatenate([np.zeros(30), np.ones(30)])
    result = permutation_test(mean_gap(values), (values > 0).astype(int), salt="s")
    assert not result.exact
    assert result.p_value == result.attainable_p == pytest.approx(1 / 1000)


def test_one_arrangement_gives_no_p():
    assert permutation_test(mean_gap(np.ones(3)), [1, 1, 1], salt="s").p_value is None
    assert permutation_test(mean_gap(np.ones(0)), [], salt="s").attainable_p is None


def test_permuting_sessions_keeps_its_level_where_permuting_images_does_not():
    """Images of a session are alike, sessions exchangeable: 5 % of tests may reject."""
    random = np.random.default_rng(3)
    by_session, by_image = [], []
    for trial in range(60):
        shift = random.normal(0, 1, 14)
        images = (shift[:, None] + random.normal(0, 0.3, (14, 20))).ravel()
        label = np.repeat([0, 1], 7)
        by_session.append(
            permutation_test(mean_gap(images.reshape(14, 20).mean(axis=1)), label, salt=str(trial)).p_value
        )
        result = permutation_test(mean_gap(images), np.repeat(label, 20), salt=str(trial), permutations=99)
        by_image.append(result.p_value)
    assert np.mean(np.array(by_session) <= 0.05) <= 0.12
    assert np.mean(np.array(by_image) <= 0.05) >= 0.5


def test_q_values_pass_over_what_has_no_p():
    assert benjamini_hochberg([0.01, None, 0.04]) == [pytest.approx(0.02), None, pytest.approx(0.04)]
    assert benjamini_hochberg([None]) == [None]
