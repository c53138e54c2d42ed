"""What the lens is asked for: keep what the teacher sees, and put things of one kind together."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

TEMPERATURE = 0.1
TEACHER_DIRECTIONS = 128
#: Between 0 (principal components as they are) and 1 (fully whitened).
WHITENING = 0.75


def teacher_targets(features: np.ndarray) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """The teacher's unit vectors float32[n, d] as partly whitened principal components.

    Returns targets float32[n, 128] of unit length, the components float32[128, d] and the mean float32[d]. Without
    whitening a few directions (bright or dark, flat or busy) would be all that a student has to copy.
    """
    mean = features.mean(axis=0)
    _, values, axes = np.linalg.svd(features - mean, full_matrices=False)
    axes, deviations = axes[:TEACHER_DIRECTIONS], values[:TEACHER_DIRECTIONS] / np.sqrt(len(features))
    targets = (features - mean) @ axes.T / deviations**WHITENING
    return functional.normalize(torch.from_numpy(targets).to(torch.float32), dim=1), axes, mean


def distillation(predicted: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean of 1 - cosine between float32[n, 128] and the teacher's float32[n, 128] (unit rows)."""
    return (1 - (functional.normalize(predicted, dim=1) * targets).sum(1)).mean()


def supervised_contrast(embedded: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Supervised contrastive loss (Khosla et al. 2020, "outside" form) of float32[n, d] with int64[n] groups.

    A picture without a label is a group of its own views, which makes it SimCLR's loss for that picture.
    """
    unit = functional.normalize(embedded, dim=1)
    itself = torch.eye(len(unit), dtype=torch.bool)
    similarity = (unit @ unit.T / TEMPERATURE).masked_fill(itself, -1e9)
    log_share = similarity - similarity.logsumexp(1, keepdim=True)
    positive = (groups[:, None] == groups[None]) & ~itself
    return -((log_share * positive).sum(1) / positive.sum(1).clamp_min(1)).mean()
