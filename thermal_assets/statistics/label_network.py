"""A small classifier of labels on L2 vectors that does not learn single wrong labels by heart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thermal_assets.statistics.hashing import salt_seed

if TYPE_CHECKING:
    import torch

HIDDEN = 256
DROPOUT = 0.5  # of the hidden units: no unit can stand for one image
SMOOTHING = 0.05  # of the labels: a few of them are taken to be wrong
BATCH = 256
PASSES, LEAST_STEPS = 8, 100  # over the images; few enough that wrong labels are not memorised (Arpit et al., 2017)
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 0.3
FARTHEST = 10.0  # standard deviations: one odd value must not outweigh all others


@dataclass(frozen=True)
class LabelNetwork:
    """A fitted network: standardisation, a layer of rectified units, a score for each label.

    mean, deviation  float32 [d]; infinite where all images of the fit were equal, which says nothing of a label
    first, bias      float32 [hidden, d], [hidden]
    second, offset   float32 [labels, hidden], [labels]
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    first: NDArray[np.float32]
    bias: NDArray[np.float32]
    second: NDArray[np.float32]
    offset: NDArray[np.float32]

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """float64 [n, labels] of ``vectors`` float32 [n, d]; rows sum to 1."""
        points = _standardised(vectors, self.mean, self.deviation)
        hidden = np.maximum(points @ self.first.T + self.bias, 0)
        scores = (hidden @ self.second.T + self.offset).astype(np.float64)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def fit_label_network(vectors: NDArray[np.float32], labels: NDArray[np.int64], *, salt: str) -> LabelNetwork:
    """Fit on ``vectors`` float32 [n, d] with ``labels`` int64 [n], 0..m-1, by cross entropy.

    ``salt`` decides all draws: the same images in the same order give the same network on one machine.
    """
    import torch

    from thermal_assets.embedding.engine import single_threaded

    mean, deviation = vectors.mean(axis=0), vectors.std(axis=0)
    deviation = np.where(deviation > 1e-6, deviation, np.float32(np.inf))
    points, codes = torch.from_numpy(_standardised(vectors, mean, deviation)), torch.from_numpy(labels)
    random = torch.Generator().manual_seed(salt_seed(salt) % 2**63)
    first = _weights(HIDDEN, points.shape[1], random)
    second = _weights(int(labels.max()) + 1, HIDDEN, random)
    bias, offset = (torch.zeros(len(layer), requires_grad=True) for layer in (first, second))
    batches = -(-len(points) // BATCH)
    passes = max(PASSES, -(-LEAST_STEPS // batches))
    parameters = [first, bias, second, offset]
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=passes * batches)
    with single_threaded(True):  # sums have one order then
        for _ in range(passes):
            for rows in torch.randperm(len(points), generator=random).split(BATCH):
                hidden = torch.relu(points[rows] @ first.T + bias)
                kept = (torch.rand(hidden.shape, generator=random) >= DROPOUT) / (1 - DROPOUT)
                scores = (hidden * kept) @ second.T + offset
                loss = torch.nn.functional.cross_entropy(scores, codes[rows], label_smoothing=SMOOTHING)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    layers = [parameter.detach().numpy().copy() for parameter in parameters]
    return LabelNetwork(mean, deviation, *layers)


def _standardised(
    vectors: NDArray[np.float32], mean: NDArray[np.float32], deviation: NDArray[np.float32]
) -> NDArray[np.float32]:
    return np.clip((vectors - mean) / deviation, -FARTHEST, FARTHEST)


def _weights(rows: int, columns: int, random: torch.Generator) -> torch.Tensor:
    import torch

    # Less than half as large as He et al. (2015) have it for deep networks: one that begins near zero memorises later.
    return ((2 * torch.rand((rows, columns), generator=random) - 1) * columns**-0.5).requires_grad_()
