"""report.html in the home."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

import duckdb

from thermal_assets.embedding.stats_store import STATS_VERSION
from thermal_assets.home.layout import Home
from thermal_assets.reporting.context import ReportContext
from thermal_assets.reports_sql.running import build_models
from thermal_assets.steps.findings import MEASURED
from thermal_assets.steps.images import missing_classes
from thermal_assets.steps.neighborhood import NEIGHBORS_KEPT
from thermal_assets.steps.outputs import AssetPlan, Output, StepReport
from thermal_assets.steps.sql_models import models_read_by, sql_project
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS
from thermal_assets.warehouse.rows import first_row
from thermal_assets.warehouse.snapshot import snapshot

_VERSION = "3"
_MODEL = "review_list"
_SHOWN_VERSIONS = ("thermal-assets", "dagster", "duckdb", "torch", "torchvision", "polars", "scikit-learn")


def _neighbors_behind_density(connection: duckdb.DuckDBPyConnection) -> int:
    """k of the densities that are shown; the launchpad may have changed it."""
    row = first_row(
        connection,
        "SELECT json_extract_string(parameters, '$.k')::INTEGER FROM run_log "
        "WHERE asset = 'class_densities' ORDER BY started_at DESC LIMIT 1",
    )
    return int(row[0]) if row and row[0] else NEIGHBORS_KEPT


def materialize_report(home: Home, run_id: str) -> StepReport:
    """Write report.html; pictures are read while the warehouse is free."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.reporting.report import write_report

        project = sql_project()
        with snapshot(home.warehouse) as connection:
            # From the snapshot's own rows: the models of the warehouse may be older, or not there yet.
            build_models(connection, project, [*models_read_by(project, _MODEL), _MODEL])
            lenses = dict(connection.execute("SELECT level, name FROM lenses WHERE in_force").fetchall())
            missing = missing_classes(connection)
            context = ReportContext(
                profile=home.settings.profile,
                generated_at=datetime.now(UTC),
                k=_neighbors_behind_density(connection),
                lens_names=lenses,
                missing_classes=missing,
                versions={**{name: version(name) for name in _SHOWN_VERSIONS}, "statistics": STATS_VERSION},
            )
            done = write_report(
                connection,
                image_root=home.image_root,
                output=home.report,
                title=home.profile.title or home.image_root.name,
                context=context,
            )
        facts = {
            "path": str(home.report),
            "megabytes": round(done.bytes / 1e6, 2),
            "thumbnails": done.thumbnails,
            "missing_classes": missing,
        }
        return {"report": Output([], metadata=facts)}

    upstream = [(asset, ALL_PARTITIONS) for asset in (*MEASURED, "findings", "scorecard")]
    plan = AssetPlan("report", _VERSION, always=not home.report.exists())
    return run_step(home, run_id, [plan], compute, upstream=upstream)["report"]
