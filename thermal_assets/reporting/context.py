"""What the report is told besides the warehouse, and what it tells back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class ReportContext:
    """What a report says that no table holds.

    Attributes:
        profile: Name of the data set's profile.
        generated_at: When the report is made; shown with its time zone if it has one.
        k: Neighbours behind density.
        lens_names: Level ('L2', 'L3') to the name people know the lens by; lenses in force come from the warehouse.
        warnings: Lines for the band at the top, e.g. about a lens. Random weights are found and said without one.
        missing_classes: Classes that the dataset-wide numbers leave out because their own steps are not finished.
        versions: What made the numbers: program, imaging, neighbours, ... to their version.
    """

    profile: str
    generated_at: datetime
    k: int = 10
    lens_names: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    missing_classes: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportSummary:
    """What came out: size of the file in bytes, wall-clock seconds, distinct thumbnails embedded."""

    bytes: int
    seconds: float
    thumbnails: int
