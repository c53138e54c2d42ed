"""Approximate neighbours across sessions: what is told is right, what was not searched is not told."""

from __future__ import annotations

import numpy as np
import pytest

from thermal_assets.neighbors.approximate import has_faiss
from thermal_assets.neighbors.grouped import OTHER_SESSIONS, neighborhood
from thermal_assets.neighbors.grouped_approximate import TOO_FEW_FOUND, neighborhood_approximate

pytestmark = pytest.mark.skipif(not has_faiss(), reason="faiss is not installed")


def test_images_crowded_by_their_own_session_get_no_value_across() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((900, 12)).astype(np.float32)
    session = rng.integers(0, 6, 900)
    vectors[:50] = 9 + 0.01 * rng.standard_normal((50, 12))  # one odd scene, seen fifty times in one session
    session[:50] = 2
    frame = rng.integers(0, 400, 900)
    options = {"session": session, "frame": frame, "k_plain": 40, "k_across": 5, "kept": 10, "mean_of": (1, 10, 40)}
    found = neighborhood_approximate(vectors, index="hnsw", sampled=900, **options)  # type: ignore[arg-type]
    exact = neighborhood(vectors, **options)  # type: ignore[arg-type]
    assert set(found.basis[:50]) == {TOO_FEW_FOUND}
    assert (found.across.indices[:50] == -1).all()
    told = np.flatnonzero(found.basis == OTHER_SESSIONS)
    assert len(told) > 800
    whole = told[(found.plain.means[40][told] == exact.plain.means[40][told])]  # nothing missed in these
    assert len(whole) > 700
    np.testing.assert_array_equal(found.across.indices[whole], exact.across.indices[whole])
    shared = [np.isin(one, other).mean() for one, other in zip(exact.plain.indices, found.plain.indices, strict=True)]
    assert found.plain.recall == pytest.approx(np.mean(shared))
    assert found.plain.means[10].shape == (900,)


@pytest.mark.parametrize("n", [0, 1, 2, 11])
def test_few_images(n: int) -> None:
    vectors = np.random.default_rng(1).standard_normal((n, 6)).astype(np.float32)
    found = neighborhood_approximate(vectors, mean_of=(1, 10, 100))
    assert found.plain.indices.shape == (n, max(0, min(10, n - 1)))
    assert (found.plain.indices >= 0).all()
    assert len(found.basis) == n
