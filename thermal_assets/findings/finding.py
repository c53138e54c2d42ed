"""What a finding is, and the small helpers every detector words its sentences with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from thermal_assets.warehouse.ddl import literal

SEVERITIES = ("HIGH", "MEDIUM", "LOW")
MAX_EXAMPLES = 12


@dataclass(frozen=True)
class Finding:
    """One thing somebody should look at.

    ``finding_id`` is ``detector:subject`` and stays the same between runs, so that waivers and
    comparisons hold on to it. ``evidence_sql`` runs as it is on the warehouse and on the published
    copy, and returns at least one row as long as the finding stands.
    """

    finding_id: str
    severity: str
    detector: str
    level: str
    class_name: str | None
    title: str
    statement: str
    affected_images: int
    evidence_sql: str
    action: str
    effect_name: str | None = None
    effect_size: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    example_ids: tuple[str, ...] = ()
    status: str = "open"
    waiver: str | None = None

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity {self.severity!r} is not one of {SEVERITIES}")
        if not self.finding_id.startswith(f"{self.detector}:"):
            raise ValueError(f"finding_id {self.finding_id!r} does not begin with its detector")
        object.__setattr__(self, "example_ids", tuple(self.example_ids)[:MAX_EXAMPLES])


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    """Rows of ``sql`` as dictionaries. Detectors aggregate in SQL, so these are few."""
    cursor = connection.execute(sql, parameters or None)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def text(value: str) -> str:
    """``value`` as an SQL string literal, for evidence_sql."""
    return literal(value)


def text_list(values: Iterable[str]) -> str:
    """``values`` as the inside of an SQL IN list."""
    return ", ".join(literal(value) for value in values)


def number(value: int) -> str:
    """1234567 -> '1,234,567'."""
    return f"{value:,}"


def counted(value: int, noun: str, plural: str | None = None) -> str:
    """'1 image', '2 images', '3 classes' (with ``plural`` where an s does not do)."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def in_words(code: str) -> str:
    """A problem code as a person reads it: 'not_an_image' -> 'not an image'."""
    return code.replace("_", " ")


def percent(share: float) -> str:
    """A share 0..1 in words: never '0 %' for something that is there, never '100 %' for nearly all."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{share * 100:.1f} %".replace(".0 %", " %")


def named(names: Sequence[str], most: int = 3) -> str:
    """'a, b and 4 more'."""
    shown = list(names[:most])
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def counted_names(pairs: Sequence[tuple[str, int]], most: int = 3) -> str:
    """'a (12), b (3) and 4 more' for pairs of a name and a count."""
    return named([f"{name} ({count:,})" for name, count in pairs], most)
