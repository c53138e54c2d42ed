"""Operands in 16 bits are what torch rounds to, and their error bounds what was lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from thermal_assets.neighbors.space import Metric, Space


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("size", [1.0, 1e-30, 1e25])
def test_bfloat16_operands_are_rounded_to_the_nearest_and_their_error_is_bounded(metric: Metric, size: float) -> None:
    rng = np.random.default_rng(0)
    vectors = (size * rng.standard_normal((9000, 40))).astype(np.float32)
    vectors[3] = 0
    vectors[:1000] = np.round(vectors[:1000] / size * 8) / 8 * size  # many halfway between two of 16 bits
    space = Space(vectors, metric)
    exact = np.empty((9000, 40), dtype=np.float32)
    moved = torch.empty(9000, space.columns)
    for start in range(0, 9000, 1000):
        exact[start : start + 1000] = space.fill(moved[start : start + 1000], slice(start, start + 1000))
    operands = space.operands("bfloat16")
    assert torch.equal(operands.matrix[:, :40], torch.from_numpy(exact).to(torch.bfloat16))
    lost = exact.astype(np.float64) - operands.matrix[:, :40].double().numpy()
    distance = np.sqrt((lost**2).sum(axis=1))
    assert (operands.error >= distance).all()
    assert (operands.error <= 1.01 * distance + 1e-6).all()
