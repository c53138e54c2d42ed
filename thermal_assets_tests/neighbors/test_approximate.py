"""Approximate neighbours: what was found is exact in distance, and what was missed is counted."""

from __future__ import annotations

import numpy as np
import pytest

from thermal_assets.errors import UserError
from thermal_assets.neighbors import approximate
from thermal_assets.neighbors.approximate import has_faiss, nearest_approximate
from thermal_assets.neighbors.exact import nearest


def _vectors() -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = 3 * rng.standard_normal((20, 24))
    return (centres[rng.integers(0, 20, 1200)] + rng.standard_normal((1200, 24))).astype(np.float32)


@pytest.mark.skipif(not has_faiss(), reason="faiss is not installed")
@pytest.mark.parametrize("index", ["hnsw", "ivf"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_recall_is_that_of_the_sample_and_stands_beside_the_result(index: str, metric: str) -> None:
    vectors = _vectors()
    found = nearest_approximate(vectors, 10, index=index, metric=metric, sampled=1200)  # type: ignore[arg-type]
    true = nearest(vectors, 10, metric=metric)  # type: ignore[arg-type]
    recall = np.mean([np.isin(one, other).mean() for one, other in zip(true.indices, found.indices, strict=True)])
    assert found.recall == pytest.approx(recall)
    assert f"recall {recall:.4f} on 1,200 sampled images" in found.method
    assert 0.5 < recall <= 1
    assert all(row not in found.indices[row] for row in range(1200))
    there = found.indices >= 0
    at = np.nonzero(there)
    apart = vectors[at[0]].astype(np.float64), vectors[found.indices[there]].astype(np.float64)
    if metric == "cosine":
        apart = tuple(side / np.linalg.norm(side, axis=1, keepdims=True) for side in apart)  # type: ignore[assignment]
        expected = ((apart[0] - apart[1]) ** 2).sum(axis=1) / 2
    else:
        expected = np.linalg.norm(apart[0] - apart[1], axis=1)
    np.testing.assert_allclose(found.distances[there], expected, rtol=1e-6)


def test_without_faiss_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "has_faiss", lambda: False)
    with pytest.raises(UserError, match="pip install 'thermal-assets\\[approximate\\]'"):
        nearest_approximate(_vectors(), 10)
