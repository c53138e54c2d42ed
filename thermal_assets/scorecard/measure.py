"""What a quality measure is: a query that gives a number, and the bounds that the number is judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent

from thermal_assets.findings.thresholds import Thresholds

CHARACTERISTICS = (
    "completeness",
    "balance",
    "diversity",
    "similarity",
    "representativeness",
    "consistency",
    "accuracy of labels",
    "effectiveness",
    "auditability",
    "currentness",
)
GOOD, LOOK, BAD, NO_VALUE = "good", "look", "bad", "no value"


@dataclass(frozen=True)
class Basis:
    """What a measure's query may depend on besides the tables: bounds of the profile."""

    thresholds: Thresholds
    window_declared: bool = False


@dataclass(frozen=True)
class Measure:
    """One quality measure.

    Attributes:
        name: Short name, stable; what weights and bounds of the profile refer to.
        characteristic: One of ``CHARACTERISTICS``, terms of ISO/IEC 5259-2:2024.
        title: A few words that read as a claim: the measure is the share for which it holds.
        meaning: What a high value is good for, in one plain sentence.
        formula: How it is computed, as text.
        good: Value from which on the verdict is 'good' (1 point).
        bad: Value down to which the verdict is 'bad' (no point); points grow linearly in between.
        bounds: Where the bounds come from.
        query: SELECT of one row, columns ``value`` (0 to 1, 1 = best, or NULL) and ``reason`` (why NULL).
        iso_code: Code of the measure in ISO/IEC 5259-2 that this one follows, where that is certain.
    """

    name: str
    characteristic: str
    title: str
    meaning: str
    formula: str
    good: float
    bad: float
    bounds: str
    query: str | Callable[[Basis], str]
    iso_code: str | None = None

    def __post_init__(self) -> None:
        if self.characteristic not in CHARACTERISTICS:
            raise ValueError(f"{self.name}: {self.characteristic!r} is no characteristic")
        if not 0 <= self.bad < self.good <= 1:
            raise ValueError(f"{self.name}: bounds must be 0 <= bad < good <= 1")

    def sql(self, basis: Basis) -> str:
        """The query; it runs as it is on the warehouse and on the published copy."""
        return dedent(self.query if isinstance(self.query, str) else self.query(basis)).strip()


def points(value: float | None, good: float, bad: float) -> float | None:
    """0 at ``bad`` and below, 1 at ``good`` and above, linear in between; None for None."""
    if value is None:
        return None
    return min(max((value - bad) / (good - bad), 0.0), 1.0)


def verdict(value: float | None, good: float, bad: float) -> str:
    """'good' from ``good`` on, 'bad' down to ``bad``, 'look' in between, 'no value' without one."""
    if value is None:
        return NO_VALUE
    return GOOD if value >= good else BAD if value <= bad else LOOK
