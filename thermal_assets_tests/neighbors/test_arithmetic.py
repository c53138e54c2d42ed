"""Products of 16 bits where they pay, with as many candidates as their rounding asks for."""

from __future__ import annotations

import numpy as np
import pytest

from thermal_assets.neighbors import arithmetic, joined_search
from thermal_assets.neighbors.arithmetic import chosen_arithmetic, plain_picks
from thermal_assets.neighbors.exact import nearest
from thermal_assets.neighbors.grouped import neighborhood
from thermal_assets.neighbors.operands import Precision
from thermal_assets.neighbors.space import Space
from thermal_assets_tests.neighbors import brute
from thermal_assets_tests.neighbors.test_grouped import _recordings


def far_clusters(n: int = 3000, d: int = 60) -> np.ndarray:
    """Crowds far from their common centre: 16 bits of a product hardly tell who is near inside one."""
    random = np.random.default_rng(3)
    centres = 4 * random.standard_normal((10, d))
    return (centres[random.integers(0, 10, n)] + 0.3 * random.standard_normal((n, d))).astype(np.float32)


def chosen(vectors: np.ndarray, k: int, precision: Precision | None) -> arithmetic.Arithmetic:
    space = Space(vectors, "euclidean")
    rows = np.arange(space.count)
    return chosen_arithmetic(space, space, rows, k, row_picks=k + 8, precision=precision, memory_mb=16)[0]


def test_sixteen_bits_are_taken_where_vectors_are_long_and_not_where_they_leave_much_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arithmetic, "fast_bfloat16", lambda: True)
    long = np.random.default_rng(1).standard_normal((6000, 1000)).astype(np.float32)
    assert chosen(long, 10, None).precision == "bfloat16"
    doubtful = chosen(far_clusters(), 100, "bfloat16")  # as it was asked for
    assert doubtful.precision == "bfloat16"
    assert doubtful.picks(100, 2999) > plain_picks(100, "bfloat16")
    assert chosen(far_clusters(), 100, None).precision == "float32"
    monkeypatch.setattr(arithmetic, "fast_bfloat16", lambda: False)
    assert chosen(long, 10, None).precision == "float32"


def test_few_rows_are_searched_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[int] = []
    run_search = joined_search.run_search

    def counted(queries: Space, candidates: Space, rows: np.ndarray, *rest: object, **options: object) -> object:
        again.append(len(rows))
        return run_search(queries, candidates, rows, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(joined_search, "run_search", counted)
    vectors = far_clusters()
    found = nearest(vectors, 100, precision="bfloat16")
    assert found.arithmetic == "bfloat16"
    assert sum(again) <= 0.1 * len(vectors)
    np.testing.assert_array_equal(found.indices, brute.nearest(vectors, 100)[0])


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_lists_that_would_take_too_much_memory_are_made_in_parts(
    precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[int] = []
    self_join = joined_search.self_join

    def counted(operands: object, lists: object, asked: np.ndarray, **options: object) -> None:
        parts.append(int(asked.sum()))
        self_join(operands, lists, asked, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(joined_search, "self_join", counted)
    monkeypatch.setattr(joined_search, "_LISTS_AT_ONCE", 200_000)
    vectors, session, frame = _recordings()
    told: list[int] = []
    found = neighborhood(
        vectors, session=session, frame=frame, k_plain=60, precision=precision, memory_mb=0.3,
        progress=lambda done, of: told.append(done),
    )  # fmt: skip
    assert len(parts) > 2
    assert sum(parts) == len(vectors)
    assert max(told) == len(vectors)
    np.testing.assert_array_equal(found.plain.indices, brute.nearest(vectors, 60)[0])
    np.testing.assert_array_equal(found.across.indices, brute.across(vectors, 10, session, frame, 0.05)[0])
