"""Frozen references: equal sizes, the same on every machine, no image compared with itself."""

from __future__ import annotations

import numpy as np
import pytest

from thermal_assets.neighbors.references import draw_references, mean_distance_to, salted_hash
from thermal_assets_tests.neighbors import brute


def test_hash_is_splitmix64() -> None:
    """First outputs for seed 1234567 as published with the reference implementation."""
    state, golden = np.uint64(1234567), np.uint64(0x9E3779B97F4A7C15)
    from thermal_assets.neighbors.references import _mixed

    with np.errstate(over="ignore"):
        states = np.array([state, state + golden, state + golden + golden])
    assert _mixed(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_every_class_gives_equally_many_and_draws_differ() -> None:
    keys = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, 1000)
    groups = np.where(np.arange(1000) < 900, "normal", "anomaly")
    draws = draw_references(keys, groups, 80, draws=5, salt=7)
    for rows in draws:
        assert (groups[rows] == "normal").sum() == (groups[rows] == "anomaly").sum() == 80
        assert (np.diff(rows) > 0).all()
    assert len({tuple(rows) for rows in draws}) == 5
    assert len(draw_references(keys, groups, 5000)[0]) == 200  # the smaller class sets the limit


def test_a_draw_follows_the_keys_not_their_order_and_barely_moves_with_a_new_image() -> None:
    keys = np.arange(1000) * 7919 - 3_000_000
    groups = np.arange(1000) % 2
    drawn = set(keys[draw_references(keys, groups, 50)[0]].tolist())
    order = np.random.default_rng(1).permutation(1000)
    assert drawn == set(keys[order][draw_references(keys[order], groups[order], 50)[0]].tolist())
    more_keys, more_groups = np.append(keys, 42), np.append(groups, 0)
    assert len(drawn - set(more_keys[draw_references(more_keys, more_groups, 50)[0]].tolist())) <= 1
    assert drawn != set(keys[draw_references(keys, groups, 50, salt=1)[0]].tolist())


def test_draws_are_uniform() -> None:
    shares = salted_hash(np.arange(20_000), salt=3) / 2**64
    counts, _ = np.histogram(shares, bins=20, range=(0, 1))
    assert abs(counts - 1000).max() < 5 * np.sqrt(1000)


def test_mean_distance_leaves_out_the_image_itself_and_its_session() -> None:
    rng = np.random.default_rng(4)
    vectors = rng.standard_normal((120, 12)).astype(np.float32)
    vectors[1] = vectors[0]  # a copy under another key counts, at distance 0
    keys, session = np.arange(120) * 11, rng.integers(-1, 5, 120)
    queries, reference = np.arange(40), np.arange(0, 100)
    far = brute.distances(vectors[queries], vectors[reference])
    far[queries[:, None] == reference[None]] = np.inf
    alone = np.sort(far, axis=1)[:, :10].mean(axis=1)
    measured = mean_distance_to(
        vectors[queries], vectors[reference], 10, query_keys=keys[queries], reference_keys=keys[reference]
    )
    np.testing.assert_allclose(measured, alone, rtol=1e-6)
    far[(session[queries][:, None] == session[reference][None]) & (session[queries][:, None] >= 0)] = np.inf
    expected = np.sort(far, axis=1)[:, :10].mean(axis=1)
    measured = mean_distance_to(
        vectors[queries],
        vectors[reference],
        10,
        query_keys=keys[queries],
        reference_keys=keys[reference],
        query_sessions=session[queries],
        reference_sessions=session[reference],
    )
    np.testing.assert_allclose(measured, expected, rtol=1e-6)
    assert np.isnan(mean_distance_to(vectors[:3], vectors[:5], 10)).all()


def test_half_given_keys_are_refused() -> None:
    vectors = np.ones((4, 2), dtype=np.float32)
    with pytest.raises(ValueError, match="of both"):
        mean_distance_to(vectors, vectors, 1, query_keys=np.arange(4))
