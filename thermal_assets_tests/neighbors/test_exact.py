"""Exact means: equal to brute force in float64, whatever the data and the block size."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from thermal_assets.neighbors import exact, self_join
from thermal_assets.neighbors.exact import nearest, nearest_between
from thermal_assets.neighbors.scores import ScoreBlock
from thermal_assets.neighbors.space import Space
from thermal_assets_tests.neighbors import brute

PRECISIONS = ("bfloat16", "float32")


def _clustered(n: int = 400, d: int = 48, spread: float = 0.05, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = 3 * rng.standard_normal((15, d))
    return (centres[rng.integers(0, 15, n)] + spread * rng.standard_normal((n, d))).astype(np.float32)


@cache
def _data() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    clustered = _clustered()
    unit = np.abs(clustered) / np.linalg.norm(clustered, axis=1, keepdims=True)
    unit[[7, 300]] = 0
    copies = clustered.copy()
    copies[100:200] = copies[5]  # more copies than neighbours asked for
    copies[310:330] = copies[320]
    one_far_out = clustered.copy()
    one_far_out[3] *= 1e6
    return {
        "random": rng.standard_normal((400, 33)).astype(np.float32),
        "clustered": clustered,
        "unit length with zero vectors": unit,
        "copies": copies,
        "one far out": one_far_out,
        "far from zero": clustered * np.float32(0.01) + np.float32(1000),
        "tiny": clustered * np.float32(1e-37),
        "huge": clustered * np.float32(1e37),
    }


def _same(found: exact.Neighbors, indices: np.ndarray, distances: np.ndarray, least: float = 1e-7) -> None:
    """Equal distances, and equal neighbours wherever float64 tells their distances apart."""
    np.testing.assert_allclose(
        found.distances, distances, rtol=4e-6, atol=least * distances[np.isfinite(distances)].max()
    )
    differ = found.indices != indices
    near_tie = np.zeros_like(differ)
    gaps = np.diff(distances, axis=1) <= 1e-12 * distances[:, 1:]
    near_tie[:, 1:] |= gaps
    near_tie[:, :-1] |= gaps
    assert not (differ & ~near_tie).any()


@cache
def _truth(name: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
    return brute.nearest(_data()[name], 60, metric)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("name", _data())
def test_equals_brute_force(name: str, metric: str, precision: str) -> None:
    vectors = _data()[name]
    indices, distances = _truth(name, metric)
    for k in (1, 10, 60):
        found = nearest(vectors, k, metric=metric, precision=precision, memory_mb=0.1)
        _same(found, indices[:, :k], distances[:, :k])
        assert (found.candidates == len(vectors) - 1).all()
        assert found.method == "exact"


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("rows", [7, 8, 9, 16, 17, 255, 257])
def test_sizes_around_a_block_of_rows(rows: int, precision: str) -> None:
    vectors = _clustered(rows)
    vectors[-1] = vectors[0]  # a copy in another block
    indices, distances = brute.nearest(vectors, min(10, rows - 1))
    _same(nearest(vectors, 10, precision=precision, memory_mb=1e-6), indices, distances)


@pytest.mark.parametrize("columns", [4095, 4096, 4097, 8200])
def test_sizes_around_a_block_of_columns(columns: int) -> None:
    vectors = _clustered(columns, d=8, spread=1.0)
    rows = np.array([columns - 1, 0, 4094])
    far = brute.distances(vectors[rows], vectors)
    far[np.arange(3), rows] = np.inf
    order = np.argsort(far, axis=1)[:, :20]
    for precision in PRECISIONS:
        found = nearest(vectors, 20, queries=rows, precision=precision)
        np.testing.assert_array_equal(found.indices, order)


def test_bfloat16_alone_would_be_wrong() -> None:
    """The certificate does work: the raw 16-bit order misses neighbours that the search finds."""
    vectors = _clustered(spread=1e-3)
    space = Space(vectors, "euclidean")
    operands = space.operands("bfloat16")
    block = ScoreBlock(operands, len(vectors), 10)
    block.fill(operands.as_queries(np.arange(len(vectors))))
    block.exclude(np.arange(len(vectors)), np.arange(len(vectors)))
    raw, _ = block.smallest(10)
    indices, distances = brute.nearest(vectors, 10)
    missed = sum(len(set(a) - set(b)) for a, b in zip(indices.tolist(), raw.tolist(), strict=True))
    assert missed > 500
    _same(nearest(vectors, 10, precision="bfloat16"), indices, distances)


def test_a_laxer_setting_of_the_process_does_not_reach_the_result() -> None:
    import torch

    vectors = _clustered(spread=1e-3)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        found = nearest(vectors, 10, precision="float32")
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
    _same(found, *brute.nearest(vectors, 10))


def test_an_untrustworthy_product_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU whose 16-bit products err more than they may is found out on the first block."""
    fill = ScoreBlock.fill

    def sloppy(self: ScoreBlock, left: object) -> None:
        fill(self, left)  # type: ignore[arg-type]
        if self.precision == "bfloat16":
            self.scores *= 1.1

    vectors = np.random.default_rng(1).standard_normal((500, 33)).astype(np.float32)
    assert nearest(vectors, 10, precision="bfloat16").arithmetic == "bfloat16"
    monkeypatch.setattr(ScoreBlock, "fill", sloppy)
    found = nearest(vectors, 10, precision="bfloat16")
    assert found.arithmetic == "float32"
    _same(found, *brute.nearest(vectors, 10))


def test_copies_are_neighbours_at_distance_zero_lowest_row_first() -> None:
    vectors = np.ones((40, 5), dtype=np.float32)
    found = nearest(vectors, 3)
    assert (found.distances == 0).all()
    assert found.indices[0].tolist() == [1, 2, 3]
    assert found.indices[2].tolist() == [0, 1, 3]
    assert found.indices[39].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(nearest(vectors, 3, queries=np.array([39, 2])).indices, [[0, 1, 2], [0, 1, 3]])


@pytest.mark.parametrize("n", [0, 1, 2, 10, 11])
def test_fewer_vectors_than_neighbours_asked_for(n: int) -> None:
    found = nearest(_clustered(n), 10)
    assert found.indices.shape == found.distances.shape == (n, max(0, min(10, n - 1)))
    assert all(row not in found.indices[row] for row in range(n))


def test_queries_are_answered_in_their_order_repeats_included() -> None:
    vectors = _clustered(100)
    rows = np.array([50, 3, 3, 99])
    np.testing.assert_array_equal(nearest(vectors, 5, queries=rows).indices, nearest(vectors, 5).indices[rows])


def test_a_memory_map_is_read_and_progress_reaches_the_end(tmp_path: Path) -> None:
    vectors = _clustered(300)
    np.save(tmp_path / "v.npy", vectors)
    steps: list[tuple[int, int]] = []
    found = nearest(
        np.load(tmp_path / "v.npy", mmap_mode="r"), 5, memory_mb=0.001, progress=lambda *step: steps.append(step)
    )
    np.testing.assert_array_equal(found.indices, nearest(vectors, 5).indices)
    assert steps[-1] == (300, 300)
    assert len(steps) > 5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_values_that_are_no_numbers_are_named(bad: float, metric: str) -> None:
    vectors = _clustered(50)
    vectors[17, 4] = bad
    with pytest.raises(ValueError, match="vector 17 "):
        nearest(vectors, 3, metric=metric)  # type: ignore[arg-type]


def test_between_two_sets_without_own_group() -> None:
    vectors = _clustered(400)
    queries, candidates = vectors[:90], vectors[60:]
    rng = np.random.default_rng(3)
    groups = rng.integers(-1, 4, 400) * 10**12  # any codes; negative = in no group
    own, theirs = groups[:90], groups[60:]
    far = brute.distances(queries, candidates)
    far[(own[:, None] == theirs[None]) & (own[:, None] >= 0)] = np.inf
    order = np.argsort(far, axis=1, kind="stable")[:, :10]
    for precision in PRECISIONS:
        found = nearest_between(
            queries, candidates, 10, query_groups=own, candidate_groups=theirs, precision=precision, memory_mb=0.01
        )
        np.testing.assert_array_equal(found.indices, order)
        np.testing.assert_array_equal(found.candidates, np.isfinite(far).sum(axis=1))


def test_between_pads_where_too_few_are_left() -> None:
    vectors = _clustered(12)
    found = nearest_between(
        vectors[:2], vectors, 5, query_groups=np.array([0, 1]), candidate_groups=np.array([0] * 9 + [1] * 3)
    )
    assert (found.indices >= 0).sum(axis=1).tolist() == [3, 5]
    assert np.isinf(found.distances[0, 3:]).all()
    assert found.candidates.tolist() == [3, 9]


@pytest.mark.parametrize("n", [127, 128, 129, 640, 641, 700])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_join_at_the_borders_of_its_blocks_and_tiles(
    n: int, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of 128 in tiles of eight rows, as a million images have blocks of 2,048 in tiles of 128."""
    monkeypatch.setattr(self_join, "_BLOCKS", (128, 128))
    monkeypatch.setattr(self_join, "_TILE_BYTES", 8 * 128 * (2 if precision == "bfloat16" else 4))
    vectors = _clustered(n)
    vectors[n // 2] = vectors[0]
    found = nearest(vectors, 128 if n > 200 else 20, precision=precision)  # type: ignore[arg-type]
    _same(found, *brute.nearest(vectors, 128 if n > 200 else 20))
