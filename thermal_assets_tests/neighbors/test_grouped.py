"""Neighbours across sessions, against plain loops over all pairs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from thermal_assets.neighbors import search
from thermal_assets.neighbors.distances import pair_scores
from thermal_assets.neighbors.grouped import (
    NEAR_COPIES_REMOVED,
    OTHER_SESSIONS,
    TOO_FEW_SESSIONS,
    nearest_across_groups,
    neighborhood,
)
from thermal_assets.neighbors.space import Space
from thermal_assets_tests.neighbors import brute


def _recordings(n: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images that resemble their session, with near copies, crowded frames and names without a session."""
    rng = np.random.default_rng(5)
    session = rng.integers(-1, 6, n)
    scenes = 2 * rng.standard_normal((6, 40))
    vectors = (scenes[np.maximum(session, 0)] + 0.3 * rng.standard_normal((n, 40))).astype(np.float32)
    vectors[50:80] = vectors[50]
    vectors[200:330] = vectors[200] + 1e-4 * rng.standard_normal((130, 40)).astype(np.float32)
    frame = np.where(rng.random(n) < 0.2, -1, session * 1000 + rng.integers(0, 15, n))
    frame[session < 0] = -1
    return vectors, session, frame


@cache
def _truth(sessions_kept: int, near_copy_distance: float) -> tuple[np.ndarray, np.ndarray]:
    vectors, session, frame = _recordings()
    return brute.across(vectors, 10, np.where(session < sessions_kept, session, -1), frame, near_copy_distance)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
@pytest.mark.parametrize("k_plain", [10, 100])
@pytest.mark.parametrize("sessions_kept", [6, 3, 2, 0])
@pytest.mark.parametrize("near_copy_distance", [0.02, 0.9])
def test_equals_plain_loops(precision: str, k_plain: int, sessions_kept: int, near_copy_distance: float) -> None:
    vectors, session, frame = _recordings()
    session = np.where(session < sessions_kept, session, -1)
    indices, distances = _truth(sessions_kept, near_copy_distance)
    found = neighborhood(
        vectors,
        session=session,
        frame=frame,
        k_plain=k_plain,
        near_copy_distance=near_copy_distance,
        precision=precision,  # type: ignore[arg-type]
        memory_mb=0.3,
    )
    np.testing.assert_array_equal(found.across.indices, indices)
    np.testing.assert_allclose(found.across.distances, distances, rtol=1e-6)
    plain, _ = brute.nearest(vectors, k_plain)
    np.testing.assert_array_equal(found.plain.indices, plain)
    assert found.sessions == sessions_kept
    with_session = OTHER_SESSIONS if sessions_kept >= 3 else TOO_FEW_SESSIONS
    np.testing.assert_array_equal(found.basis, np.where(session < 0, NEAR_COPIES_REMOVED, with_session))


def test_candidates_counts_what_could_have_been_a_neighbour() -> None:
    vectors, session, frame = _recordings()
    found = neighborhood(vectors, session=session, frame=frame)
    row = int(np.flatnonzero(session == 2)[0])
    assert found.across.candidates[row] == ((session >= 0) & (session != 2)).sum()
    assert found.across.candidates[np.flatnonzero(session < 0)[0]] == len(vectors) - 1


def test_without_names_near_copies_alone_are_left_out() -> None:
    vectors = np.zeros((30, 3), dtype=np.float32)
    vectors[:, 0] = np.arange(30)
    vectors[1:5, 0] = 0.001 * np.arange(1, 5)  # four near copies of image 0
    found = neighborhood(vectors, k_across=3)
    assert found.plain.indices[0, :4].tolist() == [1, 2, 3, 4]
    assert found.across.indices[0].tolist() == [5, 6, 7]
    assert set(found.basis) == {NEAR_COPIES_REMOVED}


@pytest.mark.parametrize("n", [0, 1, 2, 11])
def test_few_images(n: int) -> None:
    vectors, _, _ = _recordings()
    found = nearest_across_groups(vectors[:n], 10, np.arange(n), np.full(n, -1))
    assert found.across.indices.shape == (n, max(0, min(10, n - 1)))
    assert len(found.basis) == n


def test_twelve_near_frames_of_one_odd_scene_stay_odd() -> None:
    """Plain density takes a scene seen twelve times for a crowd; across sessions it stays the loneliest."""
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((400, 16)).astype(np.float32)
    session = rng.integers(0, 8, 400)
    vectors[:12] = 8 + 0.01 * rng.standard_normal((12, 16))
    session[:12] = 3
    found = neighborhood(vectors, session=session, frame=np.arange(400))
    plain = found.plain.distances[:, :10].mean(axis=1)
    across = found.across.distances.mean(axis=1)
    assert plain[:12].max() < np.median(plain)
    assert set(np.argsort(-across)[:12]) == set(range(12))


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
@pytest.mark.parametrize("sessions", [6, 0])
def test_copies_by_the_hundred_are_not_measured_against_each_other(
    precision: str, sessions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A camera that hangs writes one picture a thousand times: that many squared is hours in a large class."""
    rng = np.random.default_rng(4)
    vectors = rng.standard_normal((1500, 24)).astype(np.float32)
    vectors[rng.permutation(1500)[:1000]] = vectors[7]
    session = rng.integers(0, sessions, 1500) if sessions else np.full(1500, -1)
    frame = np.where(rng.random(1500) < 0.5, -1, session * 1000 + rng.integers(0, 40, 1500))
    frame[session < 0] = -1
    pairs = 0

    def counted(queries: Space, rows: np.ndarray, candidates: Space, columns: np.ndarray) -> np.ndarray:
        nonlocal pairs
        pairs += len(rows)
        return pair_scores(queries, rows, candidates, columns)

    monkeypatch.setattr(search, "pair_scores", counted)
    found = neighborhood(
        vectors, session=session, frame=frame, near_copy_distance=0.05, memory_mb=1.0,
        precision=precision,  # type: ignore[arg-type]
    )  # fmt: skip
    np.testing.assert_array_equal(found.plain.indices, brute.nearest(vectors, 100)[0])
    indices, _ = brute.across(vectors, 10, session, frame, 0.05)
    np.testing.assert_array_equal(found.across.indices, indices)
    assert pairs < 1000**2 / 4  # 2,000,000 where each copy is measured with each
