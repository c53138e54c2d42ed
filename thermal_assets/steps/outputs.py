"""What a step is asked to do, what it hands over for writing, and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from thermal_assets.warehouse.transaction import Transaction


@dataclass(frozen=True)
class Slice:
    """Rows that replace the slice ``where`` of ``table``."""

    table: str
    frame: pl.DataFrame
    where: Mapping[str, Any] | None = None
    append: bool = False


@dataclass(frozen=True)
class VectorSlice:
    """Like ``Slice`` for vector tables: see ``Transaction.replace_vectors``.

    ``blocks`` gets the wanted rows that are not stored yet and yields full rows for them.
    """

    table: str
    wanted: pl.DataFrame
    blocks: Callable[[pl.DataFrame], Iterable[pl.DataFrame]]
    where: Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """What one asset writes.

    ``version`` overrides the hash of the inputs where the content itself is hashed. ``also`` runs in
    the same transaction; if it writes the rows of the asset itself, it returns their number.
    ``incomplete`` makes the next run compute again though no input changed.
    """

    slices: Sequence[Slice | VectorSlice]
    lens_id: str = ""
    version: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    also: Callable[[Transaction], int | None] | None = None
    incomplete: bool = False


@dataclass(frozen=True)
class AssetPlan:
    """One asset of a step: its name, the version of its computation, and every parameter that decides its rows."""

    asset: str
    code_version: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    always: bool = False


@dataclass(frozen=True)
class StepReport:
    """What happened to one asset; becomes the metadata of its materialization."""

    asset: str
    status: str
    version: str
    rows: int
    written: int
    seconds: float
    lock_seconds: float
    lens_id: str
    metadata: Mapping[str, Any]
