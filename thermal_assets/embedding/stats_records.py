"""What is kept of an image at level 1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class StatsRecord:
    """One image by content.

    ``statistics`` holds the columns of channel_stats from ``format`` to ``perceptual_hash`` and, by table, the rows of
    ``by_products``; None if the image cannot be decoded, then ``problems`` says why. ``problems`` of decodable images are those that did not
    keep them from being decoded. ``histogram`` is uint32[3, 256], ``canvas`` uint8[64, 64, 3], of grey pictures
    [64, 64, 1]; both None where ``statistics`` is.
    """

    content_hash: str
    statistics: dict[str, Any] | None
    problems: list[tuple[str, str]] = field(default_factory=list)
    histogram: np.ndarray | None = None
    canvas: np.ndarray | None = None
