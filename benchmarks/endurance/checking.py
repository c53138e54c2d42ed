"""What must hold of a home: equal tables, whole classes, nothing left lying about, nothing stuck."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.end_to_end.homes import contents, query

# Temporary names of the product: snapshots, copies being published, chunks and lenses being written.
_TEMPORARY = (
    ".snapshot-*",
    ".published*.duckdb-*",
    ".lens-*",
    ".tmp-*",
    ".home.toml-*",
    ".lens.json-*",
    ".report*.html-*",
)


@dataclass
class Checks:
    """Conditions that were looked at; prints each as a line and remembers what was broken."""

    broken: list[str] = field(default_factory=list)

    def expect(self, what: str, good: bool, seen: object) -> None:
        """Note that ``what`` must hold, whether it does, and what was seen."""
        print(f"  {'ok    ' if good else 'BROKEN'}  {what:58} {seen}", flush=True)
        if not good:
            self.broken.append(f"{what}: {seen}")

    def exit_code(self) -> int:
        """0 if everything held."""
        print("every condition holds" if not self.broken else f"{len(self.broken)} conditions are broken", flush=True)
        return bool(self.broken)


@dataclass(frozen=True)
class Difference:
    """How one table of a home differs from that of an undisturbed home, in rows by key."""

    table: str
    missing: int
    surplus: int
    duplicate: int
    changed: int

    def __str__(self) -> str:
        told = {"missing": self.missing, "surplus": self.surplus, "duplicate": self.duplicate, "changed": self.changed}
        return f"{self.table} ({', '.join(f'{count} {name}' for name, count in told.items() if count)})"


def row_differences(home: Path, undisturbed: Path) -> list[Difference]:
    """Compare every table of two homes, numbers to the last bit; old lenses do not count."""
    ours, theirs = contents(home), contents(undisturbed)
    for tables in (ours, theirs):
        tables["lenses"] = tables["lenses"].filter(pl.col("in_force"))
    return [_difference(name, ours[name], theirs[name]) for name in ours if not ours[name].equals(theirs[name])]


def _difference(name: str, ours: pl.DataFrame, theirs: pl.DataFrame) -> Difference:
    key = [column for column in TABLES[name].key if column in ours.columns]
    missing = theirs.join(ours, on=key, how="anti", nulls_equal=True).height
    surplus = ours.join(theirs, on=key, how="anti", nulls_equal=True).height
    duplicate = ours.height - ours.select(key).unique().height
    both = ours.join(theirs.select(key), on=key, how="semi", nulls_equal=True).sort(key)
    there = theirs.join(ours.select(key), on=key, how="semi", nulls_equal=True).sort(key)
    changed = 0
    if both.height == there.height:
        differs = [_differs(both[column], there[column]) for column in both.columns]
        changed = int(pl.DataFrame(differs).max_horizontal().sum()) if both.height else 0
    return Difference(name, missing, surplus, duplicate, changed)


def _differs(left: pl.Series, right: pl.Series) -> pl.Series:
    if left.dtype.is_nested():
        return pl.Series(left.name, [a != b for a, b in zip(left.to_list(), right.to_list(), strict=True)], pl.Boolean)
    return left.ne_missing(right)


def unreconciled(home: Path) -> int:
    """Files that are neither measured nor explained, plus measured images without a density at a level."""
    ((files,),) = query(
        home,
        "SELECT count(*) FROM file_manifest f WHERE (EXISTS (FROM channel_stats s WHERE s.image_id = f.image_id))::INT "
        "+ (EXISTS (FROM image_problems p WHERE p.image_id = f.image_id AND NOT EXISTS "
        "(FROM channel_stats s WHERE s.image_id = p.image_id)))::INT <> 1",
    )
    ((densities,),) = query(
        home,
        "SELECT count(*) FROM channel_stats s LEFT JOIN (SELECT image_id, count(*) AS n FROM densities GROUP BY 1) d "
        "USING (image_id) WHERE coalesce(d.n, 0) <> 4",
    )
    return int(files) + int(densities)


def leftovers(home: Path) -> list[str]:
    """Temporary files and folders that a finished home has no use for, as paths below it."""
    found = {path for pattern in _TEMPORARY for path in home.rglob(pattern)}
    found |= set(home.glob("*.duckdb.wal"))
    return sorted(str(path.relative_to(home)) for path in found if not set(path.parents) & found)


def patience(seconds: float) -> float:
    """``seconds``, times ENDURANCE_PATIENCE: what is given up on after minutes may take longer on a busy machine."""
    return seconds * float(os.environ.get("ENDURANCE_PATIENCE", "1"))


def wait_for(condition: Callable[[], bool], seconds: float, every: float = 1.0) -> bool:
    """Whether ``condition`` came true within ``seconds`` (see ``patience``)."""
    deadline = time.monotonic() + patience(seconds)
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
