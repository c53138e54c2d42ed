"""Axes for charts that are rows of an HTML table: a value becomes a percentage of the cell's width."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Tick:
    """Place in percent of the width, and what is written there."""

    at: float
    label: str


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic axis from ``low`` to ``high``."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def spanning(cls, values: Iterable[float | None], *, log: bool = False) -> Scale | None:
        """The axis that holds ``values`` with a little air; None if there are none."""
        known = [float(value) for value in values if value is not None and math.isfinite(value)]
        if log:
            known = [math.log10(value) for value in known if value > 0]
        if not known:
            return None
        low, high = min(known), max(known)
        air = (high - low) * 0.04 or abs(low) * 0.1 or 0.1
        low, high = low - air, high + air
        return cls(10**low, 10**high, True) if log else cls(low, high)

    def at(self, value: float | None) -> float | None:
        """Percent of the width at ``value``, held inside 0..100; None for None."""
        if value is None or not math.isfinite(value):
            return None
        if self.log:
            if value <= 0:
                return 0.0
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    @property
    def ticks(self) -> list[Tick]:
        """Three to seven round values."""
        return [Tick(self.at(value) or 0.0, f"{value:g}") for value in self._round_values()]

    def _round_values(self) -> list[float]:
        if self.log and self.high / self.low > 3:
            for mantissas in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
                exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
                values = [m * 10.0**e for e in exponents for m in mantissas]
                values = [value for value in values if self.low <= value <= self.high]
                if len(values) <= 7:
                    return values
            return values[:: math.ceil(len(values) / 7)]
        span = self.high - self.low
        step = 10.0 ** math.floor(math.log10(span / 4))
        step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 6)
        first = math.ceil(self.low / step)
        return [round(index * step, 12) for index in range(first, math.floor(self.high / step) + 1)]
