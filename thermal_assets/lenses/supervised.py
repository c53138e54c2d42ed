"""A supervised-contrastive head on L2 vectors: images of one class close together, images of two classes apart.

It serves separation only. It hides the very label errors it was fitted on, so label issues, densities and outliers
never see it; and what it says of the images it was fitted on is too good, so it is always fitted on other images than
those it is judged by (see statistics/crossfit.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thermal_assets.lenses.unit_rows import unit_rows
from thermal_assets.statistics.hashing import salt_seed
from thermal_assets.statistics.stratified_draw import draw_per_stratum

if TYPE_CHECKING:
    import torch

SUPERVISED_VERSION = "supcon-1"
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class HeadSettings:
    """How a head is fitted; the defaults are the ones behind every number of the product."""

    inputs: int = 384  # whitened principal axes that go in; more of them are noise
    hidden: int = 512
    outputs: int = 120
    temperature: float = 0.1  # Khosla et al. (2020), section 4.4
    steps: int = 800
    passes: int = 60  # over the images, where they are few
    state_weight: float = 1.0  # of the same loss over groups of classes (normal, any anomaly), beside that over classes
    batch: int = 512
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    dropout: float = 0.5  # of the inputs: it stands in for the augmented views of the paper
    max_per_class: int = 6_000  # images of a class that take part, by salted hash

    def steps_for(self, images: int) -> int:
        """Fewer steps for few images: about ``passes`` over them, at least a hundred steps."""
        return min(self.steps, max(100, self.passes * images // self.batch))


DEFAULT_SETTINGS = HeadSettings()


@dataclass(frozen=True)
class SupervisedHead:
    """A fitted head: whitening, then a layer of rectified units beside a plain projection.

    mean     float32 [d]
    axes     float32 [inputs, d], principal axes divided by the standard deviation along them
    weights  first [hidden, inputs] and its bias, second [outputs, hidden], plain [outputs, inputs], all float32
    images   how many images it was fitted on
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    first: NDArray[np.float32]
    bias: NDArray[np.float32]
    second: NDArray[np.float32]
    plain: NDArray[np.float32]
    images: int

    def embed(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 [n, outputs] of unit length for ``vectors`` float32 [n, d]."""
        found = np.empty((len(vectors), len(self.second)), dtype=np.float32)
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            span = slice(start, start + _ROWS_AT_ONCE)
            whitened = (np.asarray(vectors[span], dtype=np.float32) - self.mean) @ self.axes.T
            hidden = np.maximum(whitened @ self.first.T + self.bias, 0)
            found[span] = unit_rows(hidden @ self.second.T + whitened @ self.plain.T)
        return found


def fit_head(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    keys: NDArray[np.int64],
    *,
    states: NDArray[np.int64] | None = None,
    salt: str,
    settings: HeadSettings = DEFAULT_SETTINGS,
) -> SupervisedHead:
    """Fit on ``vectors`` float32 [n, d] of unit length with ``labels`` int64 [n]; ``keys`` int64 [n] decide all draws.

    Loss: supervised contrastive, Khosla et al., NeurIPS 33 (2020), equation 2 (sum outside the logarithm), over the
    labels and once more over ``states`` int64 [n], coarser labels that say normal or any anomaly of an object, for
    that is what the lens is asked. (Without the second term the distance to normals tells less than logistic
    regression does.) Batches
    draw classes by the square root of their size: evenly, the smallest class would be seen twenty times as often as
    the largest; by size, it would hardly be seen.

    Raises:
        ValueError: fewer than two labels, or fewer than two images of one.
    """
    import torch

    from thermal_assets.embedding.engine import single_threaded

    taken = draw_per_stratum(keys, labels, settings.max_per_class, salt)
    taken = taken[np.argsort(keys[taken], kind="stable")]
    names, of = np.unique(labels[taken], return_inverse=True)
    counts = np.bincount(of)
    if names.size < 2 or counts.min() < 2:
        raise ValueError("a supervised head takes two classes of two images each at least")
    points = np.asarray(vectors[taken], dtype=np.float32)
    mean, axes = whitening(points, settings.inputs)
    whitened = torch.from_numpy((points - mean) @ axes.T)
    seed = salt_seed(salt) % 2**63
    random = torch.Generator().manual_seed(seed)
    first = _weights(settings.hidden, len(axes), random)
    bias = torch.zeros(settings.hidden, requires_grad=True)
    second = _weights(settings.outputs, settings.hidden, random)
    plain = _weights(settings.outputs, len(axes), random)
    parameters = [first, bias, second, plain]
    steps = settings.steps_for(len(taken))
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps)
    chances = torch.from_numpy((1 / np.sqrt(counts))[of])
    codes = torch.from_numpy(of)
    coarse = None if states is None else torch.from_numpy(np.unique(states[taken], return_inverse=True)[1])
    batch = min(settings.batch, len(taken), max(64, len(taken) // 4))
    with single_threaded(True):  # sums have one order then, and the head the same bits at every fit
        for _ in range(steps):
            rows = torch.multinomial(chances, batch, replacement=False, generator=random)
            kept = (torch.rand((batch, len(axes)), generator=random) >= settings.dropout) / (1 - settings.dropout)
            inputs = whitened[rows] * kept
            outputs = torch.relu(inputs @ first.T + bias) @ second.T + inputs @ plain.T
            loss = supervised_contrastive_loss(outputs, codes[rows], settings.temperature)
            if coarse is not None:
                loss = loss + settings.state_weight * supervised_contrastive_loss(
                    outputs, coarse[rows], settings.temperature
                )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    layers = [parameter.detach().numpy().copy() for parameter in parameters]
    return SupervisedHead(mean, axes, layers[0], layers[1], layers[2], layers[3], len(taken))


def supervised_contrastive_loss(outputs: torch.Tensor, labels: torch.Tensor, temperature: float) -> torch.Tensor:
    """Scalar loss of float32 [b, d] ``outputs`` (any length) with int64 [b] ``labels``; anchors without a mate give 0."""
    import torch

    unit = torch.nn.functional.normalize(outputs, dim=1)
    similarity = unit @ unit.T / temperature
    alone = torch.eye(len(unit), dtype=torch.bool)
    similarity = similarity.masked_fill(alone, float("-inf"))
    log_share = similarity - torch.logsumexp(similarity, dim=1, keepdim=True)
    mates = (labels[:, None] == labels[None, :]) & ~alone
    counts = mates.sum(dim=1)
    per_anchor = log_share.masked_fill(~mates, 0).sum(dim=1) / counts.clamp(min=1)
    return -per_anchor.sum() / (counts > 0).sum().clamp(min=1)


def whitening(vectors: NDArray[np.float32], most: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(mean float32 [d], axes float32 [at most ``most``, d]): the largest principal axes over their deviations."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    near = mean.astype(np.float32)
    products = np.zeros((vectors.shape[1], vectors.shape[1]))
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        centred = vectors[start : start + _ROWS_AT_ONCE] - near
        products += centred.T @ centred
    variances, directions = np.linalg.eigh(products / max(len(vectors) - 1, 1))
    variances, directions = variances[::-1], directions[:, ::-1].T
    real = min(most, int((variances > 1e-7 * max(variances[0], 1e-12)).sum()), max(len(vectors) - 1, 1))
    axes = directions[:real] / np.sqrt(variances[:real])[:, None]
    return mean.astype(np.float32), axes.astype(np.float32)


def _weights(rows: int, columns: int, random: torch.Generator) -> torch.Tensor:
    import torch

    # He et al. (2015): variance 2 / inputs keeps the size of activations behind rectified units.
    return (torch.randn((rows, columns), generator=random) * (2 / columns) ** 0.5).requires_grad_()
