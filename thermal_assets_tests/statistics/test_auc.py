import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from thermal_assets.statistics.auc import UnitAuc, auc, resampled_mean_auc, weighted_mean_auc


def test_auc_agrees_with_sklearn_where_values_tie():
    random = np.random.default_rng(0)
    high, low = random.integers(2, 9, 70), random.integers(0, 8, 40)
    expected = roc_auc_score([1] * 70 + [0] * 40, np.concatenate([high, low]))
    assert auc(high, low) == pytest.approx(expected)


def test_auc_of_an_empty_side_is_none():
    assert auc([], [1.0]) is None
    assert auc([1.0], []) is None
    assert weighted_mean_auc([None], [(0, 3)]) is None


def test_strata_weigh_by_the_product_of_their_sides():
    assert weighted_mean_auc([1.0, 0.5, None], [(10, 10), (30, 30), (0, 9)]) == pytest.approx((5 * 1 + 15 * 0.5) / 20)


@pytest.mark.parametrize("ties", [True, False])
def test_counting_a_session_twice_is_the_auc_of_the_doubled_data(ties):
    random = np.random.default_rng(1)
    high, low = random.normal(0.4, 1, 60), random.normal(0, 1, 50)
    if ties:
        high, low = high.round(1), low.round(1)
    high_units, low_units = random.integers(0, 5, 60), random.integers(0, 5, 50)
    times = np.array([2, 0, 1, 3, 1])
    prepared = UnitAuc([(high, low)], high_units, low_units)
    expected = auc(np.repeat(high, times[high_units]), np.repeat(low, times[low_units]))
    found, n1, n0 = prepared.weighted(np.stack([times, np.ones(5), np.zeros(5)]))
    assert found[:2] == pytest.approx([expected, auc(high, low)])
    assert np.isnan(found[2])
    assert (n1[0], n0[0]) == (times[high_units].sum(), times[low_units].sum())
    assert resampled_mean_auc([prepared, prepared], np.ones((1, 5)))[0] == pytest.approx(auc(high, low))
