"""What a gate is: one figure, and the bound that it must not exceed. Measuring and judging are apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import duckdb

Severity = Literal["error", "warn", "off"]
SEPARABILITY_METRIC = "separability_L3"


@dataclass(frozen=True)
class GateBasis:
    """What gates are measured from.

    ``read`` opens the warehouse for one short query at a time. ``kept`` holds, by gate, the
    measurements of gates whose tables have not changed since.
    """

    read: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
    image_root: Path
    now: datetime
    kept: dict[str, Measurement] = field(default_factory=dict)

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """All rows of ``sql``; the warehouse is held only meanwhile."""
        with self.read() as connection:
            return connection.execute(sql, parameters or []).fetchall()


@dataclass(frozen=True)
class Measurement:
    """The figure of a gate; None where there is nothing to measure, which ``statement`` then says."""

    value: float | None
    statement: str


@dataclass(frozen=True)
class Gate:
    """One gate: ``measure`` gives the figure, ``severity`` and ``at_most`` are what the profile may override.

    ``asset`` is the asset whose check it is: of those not partitioned, the one it says most about.
    ``reads`` are the assets whose versions decide the figure; where ``costly``, an equal figure is not
    measured again.
    """

    name: str
    asset: str
    title: str
    measure: Callable[[GateBasis], Measurement]
    severity: Severity
    at_most: float
    why: str
    evidence_sql: str
    reads: tuple[str, ...] = ()
    costly: bool = False


def within(names: list[str], most: int = 3) -> str:
    """'(a, b and 4 more)', '' for none."""
    if not names:
        return ""
    shown = ", ".join(names[:most])
    return f" ({shown} and {len(names) - most} more)" if len(names) > most else f" ({shown})"


def blocks(values: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
