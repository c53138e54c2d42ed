"""The copies that people read."""

from __future__ import annotations

from thermal_assets.home.layout import Home
from thermal_assets.reports_sql.running import build_models
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.sql_models import sql_project
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS
from thermal_assets.warehouse.publishing import CLASS_ASSETS, publish, publish_vectors

_VERSION = "1"


def materialize_published(home: Home, run_id: str) -> StepReport:
    """Swap in published.duckdb, and published_vectors.duckdb if a vector changed."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        # The models are built from the copy's own rows, so that they agree with a class kept at an older state.
        done = publish(
            home.warehouse, home.published, finish=lambda connection: build_models(connection, sql_project())
        )
        vectors = publish_vectors(home.warehouse, home.published_vectors)
        return {
            "published": Output(
                [Slice("publication", done.rows)],
                metadata={
                    "path": str(home.published),
                    "megabytes": round(done.bytes / 1e6, 2),
                    "classes_up_to_date": len(done.fresh),
                    "classes_at_an_older_state": list(done.kept),
                    "classes_not_shown_yet": list(done.waiting),
                    "vectors_rebuilt": vectors,
                    "warehouse_read_seconds": round(done.lock_seconds, 3),
                },
            )
        }

    missing = not (home.published.exists() and home.published_vectors.exists())
    upstream = [
        (asset, ALL_PARTITIONS)
        for asset in (*CLASS_ASSETS, "image_classes", "findings", "gate_results", "scorecard", *sql_project().models)
    ]
    plan = AssetPlan("published", _VERSION, always=missing)
    return run_step(home, run_id, [plan], compute, upstream=upstream)["published"]
