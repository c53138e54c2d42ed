"""How far a home has come: what a sensor needs to lead it through its first diagnosis."""

from __future__ import annotations

from dataclasses import dataclass

from thermal_assets.home.layout import Home
from thermal_assets.manifest.watching import files_state
from thermal_assets.warehouse.access import Warehouse
from thermal_assets.warehouse.rows import first_row

_TICK_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class DiagnosisState:
    """Partitions with L2 embeddings, partitions measured at L3, and the newest L3 lens ('' if none)."""

    embedded: frozenset[str]
    measured: frozenset[str]
    l3_lens: str


def diagnosed_state(home: Home, class_name: str) -> str:
    """State (see ``files_state``) of the files of a class as its manifest has them; '' if it has none.

    Raises:
        WarehouseLocked: the warehouse is busy for longer than a sensor tick may wait.
    """
    with Warehouse(home.warehouse.path, timeout=_TICK_TIMEOUT_SECONDS).read() as connection:
        rows = connection.execute(
            "SELECT image_id, size_bytes, mtime_ns FROM file_manifest WHERE class_name = ?", [class_name]
        ).fetchall()
    return files_state(rows) if rows else ""


def diagnosis_state(home: Home) -> DiagnosisState:
    """Read the state of ``home``.

    Raises:
        WarehouseLocked: the warehouse is busy for longer than a sensor tick may wait.
    """
    with Warehouse(home.warehouse.path, timeout=_TICK_TIMEOUT_SECONDS).read() as connection:
        rows = connection.execute(
            "SELECT asset, partition FROM asset_versions WHERE asset IN ('l2_embeddings', 'class_outliers')"
        ).fetchall()
        lens = first_row(connection, "SELECT lens_id FROM lenses WHERE level = 'L3' ORDER BY created_at DESC LIMIT 1")
    return DiagnosisState(
        frozenset(partition for asset, partition in rows if asset == "l2_embeddings"),
        frozenset(partition for asset, partition in rows if asset == "class_outliers"),
        str(lens[0]) if lens else "",
    )
