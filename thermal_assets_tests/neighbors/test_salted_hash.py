"""The hash that reference samples are drawn by: as published, uniform, of the key alone."""

from __future__ import annotations

import numpy as np

from thermal_assets.neighbors.salted_hash import _mixed, salted_hash


def test_hash_is_splitmix64() -> None:
    """First outputs for seed 1234567 as published with the reference implementation."""
    state, golden = np.uint64(1234567), np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        states = np.array([state, state + golden, state + golden + golden])
    assert _mixed(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_a_key_keeps_its_number_wherever_it_stands_and_salts_differ() -> None:
    keys = np.arange(1000) * 7919 - 3_000_000
    order = np.random.default_rng(1).permutation(1000)
    np.testing.assert_array_equal(salted_hash(keys, 0)[order], salted_hash(keys[order], 0))
    assert not np.isin(salted_hash(keys, 0), salted_hash(keys, 1)).any()
    assert not np.isin(salted_hash(keys, 0), salted_hash(keys, 0, draw=1)).any()


def test_draws_are_uniform() -> None:
    shares = salted_hash(np.arange(20_000), salt=3) / 2**64
    counts, _ = np.histogram(shares, bins=20, range=(0, 1))
    assert abs(counts - 1000).max() < 5 * np.sqrt(1000)
