"""The search that runs on a GPU where there is one, here on torch's CPU device: the same code, the same result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import pytest
import torch

from thermal_assets.neighbors import exact, joined_search
from thermal_assets.neighbors.device_search import candidates_on_device
from thermal_assets.neighbors.grouped import neighborhood

T = TypeVar("T")


def _vectors(n: int = 900, d: int = 40) -> np.ndarray:
    rng = np.random.default_rng(2)
    vectors = (3 * rng.standard_normal((12, d)))[rng.integers(0, 12, n)] + 0.05 * rng.standard_normal((n, d))
    vectors[40:60] = vectors[39]
    return vectors.astype(np.float32)


def _on_device(monkeypatch: pytest.MonkeyPatch, search: Callable[[], T]) -> T:
    """``search`` as on a machine with a GPU, in blocks small enough that there are many."""
    searched = 0

    def counted(*arguments: Any, **options: Any) -> Iterator[Any]:
        nonlocal searched
        for chunk, found in candidates_on_device(*arguments, **options, rows_at_once=128, columns_at_once=250):
            searched += len(chunk)
            yield chunk, found

    with monkeypatch.context() as patch:
        for module in (exact, joined_search):
            patch.setattr(module, "accelerator", lambda: torch.device("cpu"))
            patch.setattr(module, "candidates_on_device", counted)
        result = search()
    assert searched
    return result


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("k", [1, 10, 250])
def test_all_against_all(metric: exact.Metric, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = _vectors()
    found = _on_device(monkeypatch, lambda: exact.nearest(vectors, k, metric=metric))
    expected = exact.nearest(vectors, k, metric=metric)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.distances, expected.distances)


def test_queries_leave_out_their_own_group(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, groups = _vectors(), np.arange(900) % 7 - 1

    def search() -> exact.Neighbors:
        return exact.nearest_between(vectors[:300], vectors, 10, query_groups=groups[:300], candidate_groups=groups)

    found, expected = _on_device(monkeypatch, search), search()
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.distances, expected.distances)


def test_neighbours_of_other_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    vectors, session, frame = _vectors(), rng.integers(-1, 9, 900), rng.integers(-1, 300, 900)

    def search() -> tuple[np.ndarray, ...]:
        found = neighborhood(vectors, session=session, frame=frame, k_plain=30, k_across=10)
        sides = (found.plain, found.across)
        return tuple(array for side in sides for array in (side.indices, side.distances, side.candidates))

    for found, expected in zip(_on_device(monkeypatch, search), search(), strict=True):
        np.testing.assert_array_equal(found, expected)
