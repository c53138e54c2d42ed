"""The label-free L3 lens, against scikit-learn's PCA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from thermal_assets.errors import UserError
from thermal_assets.lenses.projection import ProjectionLens, fit_projection


def _unit_vectors(n: int, d: int, rank: int, noise: float = 0.05) -> np.ndarray:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d)) + noise * rng.standard_normal((n, d)) + 1
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _blocks(vectors: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (vectors[start : start + size] for start in range(0, len(vectors), size))


def test_equals_pca() -> None:
    vectors = _unit_vectors(1000, 160, 140)
    lens = fit_projection(_blocks(vectors, 333))
    pca = PCA(120, svd_solver="full").fit(vectors.astype(np.float64))
    assert (lens.dimensions, lens.real_dimensions, lens.image_count) == (120, 120, 1000)
    np.testing.assert_allclose(lens.scales, np.sqrt(pca.explained_variance_), rtol=1e-5)
    np.testing.assert_allclose(np.abs(lens.project(vectors)), np.abs(pca.transform(vectors)), atol=1e-5)
    assert lens.explained == pytest.approx(pca.explained_variance_ratio_.sum(), rel=1e-6)
    np.testing.assert_allclose(lens.whiten(lens.project(vectors)).std(axis=0, ddof=1), 1, rtol=1e-4)


def test_the_same_images_give_the_same_lens_in_any_order_and_block_size() -> None:
    vectors = _unit_vectors(500, 64, 40)
    lens = fit_projection(_blocks(vectors, 7), 20, source_lens_id="L2-a")
    again = fit_projection(_blocks(vectors[::-1].copy(), 500), 20, source_lens_id="L2-a")
    assert lens.lens_id == again.lens_id
    np.testing.assert_allclose(lens.components, again.components, atol=1e-6)
    largest = np.take_along_axis(lens.components, np.abs(lens.components).argmax(axis=1)[:, None], axis=1)
    assert (largest > 0).all()


def test_another_set_lens_or_dimension_gives_another_lens_id() -> None:
    vectors = _unit_vectors(100, 16, 10)
    ids = {
        fit_projection([vectors], 5, source_lens_id="L2-a").lens_id,
        fit_projection([vectors[1:]], 5, source_lens_id="L2-a").lens_id,
        fit_projection([vectors], 5, source_lens_id="L2-b").lens_id,
        fit_projection([vectors], 6, source_lens_id="L2-a").lens_id,
        fit_projection([vectors], 5, source_lens_id="L2-a", fitted_on="manifest 1").lens_id,
    }
    assert len(ids) == 5


def test_one_image_alone_and_in_a_block_project_alike() -> None:
    vectors = _unit_vectors(300, 96, 60)
    lens = fit_projection([vectors], 40)
    together = lens.project(vectors)
    alone = np.concatenate([lens.project(vectors[row : row + 1]) for row in range(300)])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(
    ("vectors", "real"),
    [
        (_unit_vectors(400, 64, 5, noise=0.0) * 3, 6),  # unit length bends five directions and a shift into six
        (_unit_vectors(30, 200, 150), 29),
        (_unit_vectors(1, 64, 5), 0),
        (_unit_vectors(200, 16, 16), 16),
        (np.full((50, 8), 0.25, dtype=np.float32), 0),
    ],
    ids=["low rank", "few images", "one image", "few input dimensions", "all alike"],
)
def test_directions_without_data_are_zero(vectors: np.ndarray, real: int) -> None:
    lens = fit_projection([vectors])
    assert lens.real_dimensions == real
    assert not lens.components[real:].any()
    assert not lens.scales[real:].any()
    projected = lens.project(vectors)
    assert projected.shape == (len(vectors), 120)
    assert not projected[:, real:].any()
    assert np.isfinite(lens.whiten(projected)).all()
    if real:
        # What is kept is everything there is: distances survive.
        far = np.linalg.norm(vectors[0].astype(np.float64) - vectors[1:], axis=1)
        np.testing.assert_allclose(np.linalg.norm(projected[0] - projected[1:], axis=1), far, rtol=1e-3, atol=1e-5)


def test_saved_and_loaded_lens_is_the_same(tmp_path: Path) -> None:
    vectors = _unit_vectors(200, 32, 20)
    lens = fit_projection([vectors], 10, source_lens_id="L2-a")
    path = tmp_path / "new folder" / "lens.npz"
    lens.save(path)
    lens.save(path)
    loaded = ProjectionLens.load(path)
    assert loaded.lens_id == lens.lens_id
    np.testing.assert_array_equal(loaded.project(vectors), lens.project(vectors))
    assert [file.name for file in path.parent.iterdir()] == ["lens.npz"]


def test_what_the_user_can_mend_is_told_in_one_line(tmp_path: Path) -> None:
    lens = fit_projection([_unit_vectors(50, 8, 5)], 4)
    lens.save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("half.npz", "empty.npz", "missing.npz"):
        with pytest.raises(UserError, match=r"fit it again") as caught:
            ProjectionLens.load(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no vectors"):
        fit_projection([])
    with pytest.raises(UserError, match="NaN"):
        fit_projection([np.array([[1.0, np.nan]], dtype=np.float32)])
