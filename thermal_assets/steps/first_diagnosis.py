"""How far a home has come, and which runs a diagnosis of it consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from thermal_assets.home.layout import Home
from thermal_assets.lenses.of_home import home_lens
from thermal_assets.lenses.state import has_l3_lens
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.manifest.watching import files_state
from thermal_assets.steps.versions import fingerprint
from thermal_assets.warehouse.access import Warehouse
from thermal_assets.warehouse.publishing import CLASS_ASSETS
from thermal_assets.warehouse.rows import first_row

_TICK_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class DiagnosisState:
    """Partitions with L2 embeddings, those measured at L3, the newest L3 lens ('' if none), partitions known at all."""

    embedded: frozenset[str]
    measured: frozenset[str]
    l3_lens: str
    listed: frozenset[str]


@dataclass(frozen=True)
class DiagnosisRun:
    """One run of a whole diagnosis: a job, and the class it is for, if it is for one."""

    job: str
    partition: str | None = None


def diagnosis_runs(home: Home, partitions: Sequence[str]) -> list[DiagnosisRun]:
    """The runs of a whole diagnosis, in their order.

    A first diagnosis, and the first through another L2 lens, takes all classes to L2, fits the L3 lens, then takes them
    through L3; later ones take each class through the lens there is.
    """
    if has_l3_lens(home, home_lens(home).lens_id):
        runs = [DiagnosisRun("refresh_class", partition) for partition in partitions]
    else:
        runs = [DiagnosisRun("embed_class", partition) for partition in partitions]
        runs += [DiagnosisRun("refit_l3_lens")]
        runs += [DiagnosisRun("measure_class", partition) for partition in partitions]
    return [*runs, DiagnosisRun("diagnose_dataset")]


def manifest_state(home: Home, class_name: str) -> str:
    """State (see ``files_state``) of the files of a class as its manifest has them; '' if it has none.

    Raises:
        WarehouseLocked: the warehouse is busy for longer than a sensor tick may wait.
    """
    with Warehouse(home.warehouse.path, timeout=_TICK_TIMEOUT_SECONDS).read() as connection:
        return _manifest_state(connection, class_name)


def diagnosed_state(home: Home, class_name: str) -> str:
    """The ``manifest_state`` of a class that was diagnosed to its end at it; '' for one that was not.

    The end is the embeddings as long as there is no L3 lens, and all assets of the class afterwards.

    Raises:
        WarehouseLocked: the warehouse is busy for longer than a sensor tick may wait.
    """
    with Warehouse(home.warehouse.path, timeout=_TICK_TIMEOUT_SECONDS).read() as connection:
        whole = connection.execute(
            """
            SELECT count(DISTINCT manifest_version) = 1
                   AND count(*) FILTER (asset = 'l2_embeddings') = 1
                   AND (count(*) = ? OR NOT EXISTS (FROM lenses WHERE level = 'L3'))
            FROM asset_versions WHERE partition = ? AND list_contains(?, asset)
            """,
            [len(CLASS_ASSETS), partition_key_of(class_name), list(CLASS_ASSETS)],
        ).fetchall()
        return _manifest_state(connection, class_name) if whole == [(True,)] else ""


def _manifest_state(connection: duckdb.DuckDBPyConnection, class_name: str) -> str:
    rows = connection.execute(
        "SELECT image_id, size_bytes, mtime_ns FROM file_manifest WHERE class_name = ?", [class_name]
    ).fetchall()
    told = connection.execute(
        "SELECT source_file, size_bytes, mtime_ns FROM annotation_files WHERE class_name = ?", [class_name]
    ).fetchall()
    return files_state(rows + told) if rows else ""


def diagnosis_state(home: Home) -> DiagnosisState:
    """Read the state of ``home``.

    Raises:
        WarehouseLocked: the warehouse is busy for longer than a sensor tick may wait.
    """
    with Warehouse(home.warehouse.path, timeout=_TICK_TIMEOUT_SECONDS).read() as connection:
        rows = connection.execute(
            "SELECT asset, partition FROM asset_versions WHERE asset IN ('l2_embeddings', 'class_outliers')"
        ).fetchall()
        listed = connection.execute(
            "SELECT partition FROM asset_versions WHERE asset = 'file_manifest' UNION SELECT partition_key FROM class_catalog"
        ).fetchall()
        lens = first_row(connection, "SELECT lens_id FROM lenses WHERE level = 'L3' ORDER BY created_at DESC LIMIT 1")
    return DiagnosisState(
        frozenset(partition for asset, partition in rows if asset == "l2_embeddings"),
        frozenset(partition for asset, partition in rows if asset == "class_outliers"),
        str(lens[0]) if lens else "",
        frozenset(partition for (partition,) in listed),
    )


def settings_state(home: Home) -> str:
    """Hash of what a person may mend when runs fail: home.toml, the profile, the file of weights.

    Raises:
        UserError: home.toml or the profile cannot be read.
    """
    weights = home.settings.lens.weights
    try:
        status = Path(weights).stat() if weights else None
    except OSError:
        status = None
    of_weights = (status.st_size, status.st_mtime_ns) if status else ()
    return fingerprint(home.settings.model_dump(mode="json"), home.profile.fingerprint, of_weights)
