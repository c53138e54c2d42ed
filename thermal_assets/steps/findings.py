"""Judging: from the tables to the findings, and the figures that the next run is compared with."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.steps.images import missing_classes
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

_VERSION = "1"

MEASURED = (
    "image_classes",
    "file_manifest",
    "channel_stats",
    "annotations",
    "class_pixel_stats",
    "image_quality",
    "temperatures",
    "class_densities",
    "class_outliers",
    "dataset_densities",
    "dataset_outliers",
    "outlier_persistence",
    "separation",
    "distance_drift",
    "time_drift",
    "batch_drift",
    "label_conflicts",
    "duplicates",
)

_METRICS = """
    SELECT 'files' AS metric, class_name, count(*)::DOUBLE AS value FROM file_manifest GROUP BY ALL
    UNION ALL SELECT 'images', class_name, count(*) FROM channel_stats GROUP BY ALL
    UNION ALL SELECT 'problem_files', coalesce(class_name, '*'), count(DISTINCT image_id) FROM image_problems GROUP BY ALL
    UNION ALL SELECT 'median_density_' || level, class_name, median(density) FROM densities
              WHERE scope = 'class' GROUP BY ALL
    UNION ALL SELECT 'separability_' || level, anomaly_class, min(separability_auc) FROM separation
              WHERE NOT matched GROUP BY ALL
    UNION ALL SELECT 'copies', class_name, count(DISTINCT image_id) FROM duplicates WHERE NOT keeper GROUP BY ALL
"""


def materialize_findings(home: Home, run_id: str) -> StepReport:
    """Write findings and metric_history."""
    today = datetime.now(UTC).date()

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.findings.engine import detect

        profile = home.profile
        with home.warehouse.read() as connection:
            found = detect(connection, profile.thresholds, list(profile.waivers), today)
            metrics = connection.sql(_METRICS).pl()
            missing = missing_classes(connection)
        history = metrics.select(
            pl.lit(run_id).alias("run_id"),
            "metric",
            "class_name",
            "value",
            pl.lit(datetime.now(UTC)).alias("measured_at"),
        )
        open_findings = found.filter(pl.col("status") == "open")
        facts = {
            **{s.lower(): open_findings.filter(pl.col("severity") == s).height for s in ("HIGH", "MEDIUM", "LOW")},
            "waived": found.height - open_findings.height,
            "missing_classes": missing,
            "worst": open_findings["title"].head(5).to_list(),
        }
        return {
            "findings": Output(
                [Slice("findings", found), Slice("metric_history", history, append=True)], metadata=facts
            )
        }

    waived = [waiver.model_dump(mode="json") for waiver in home.profile.waivers]
    parameters = {
        "thresholds": home.profile.thresholds.model_dump(mode="json"),
        "waivers": waived,
        # A waiver ends on a day, so with waivers the day decides too.
        "day": today.isoformat() if waived else "",
    }
    upstream = [(asset, ALL_PARTITIONS) for asset in MEASURED]
    return run_step(home, run_id, [AssetPlan("findings", _VERSION, parameters)], compute, upstream=upstream)["findings"]
