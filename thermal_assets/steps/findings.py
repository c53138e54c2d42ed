"""Judging: from the tables to the findings, and the figures that the next run is compared with."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import polars as pl

from thermal_assets.findings.finding import SEVERITIES
from thermal_assets.findings.thresholds_table import thresholds_frame
from thermal_assets.findings.waivers import unused_waivers
from thermal_assets.gates.catalog import GATES
from thermal_assets.gates.engine import WAIVER_PREFIX
from thermal_assets.home.layout import Home
from thermal_assets.steps.images import missing_classes
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

log = logging.getLogger(__name__)

_VERSION = "12"
_HISTORY = ("finding_id", "severity", "status", "class_name", "title", "affected_images", "effect_size")

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
    "supervised_separation",
    "distance_drift",
    "time_drift",
    "batch_drift",
    "label_conflicts",
    "shortcut_audit",
    "domain_drift",
    "distance_groups",
    "run_drift",
    "duplicates",
)

METRICS = """
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
    """Write findings and the thresholds they were judged by, and add to finding_history and metric_history."""
    now = datetime.now(UTC)
    today = now.date()

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.findings.engine import detect

        profile = home.profile
        with home.warehouse.read() as connection:
            found = detect(connection, profile.thresholds, list(profile.waivers), today)
            metrics = connection.sql(METRICS).pl()
            before = connection.execute("SELECT finding_id FROM findings").fetchall()
            missing = missing_classes(connection)
        open_findings = found.filter(pl.col("status") == "open")
        counts = {severity: open_findings.filter(pl.col("severity") == severity).height for severity in SEVERITIES}
        counted = pl.DataFrame(
            [(f"open_findings_{severity}", "*", float(count)) for severity, count in counts.items()],
            schema=["metric", "class_name", "value"],
            orient="row",
        )
        run, moment = pl.lit(run_id).alias("run_id"), pl.lit(now)
        history = pl.concat([metrics, counted]).select(
            run, "metric", "class_name", "value", moment.alias("measured_at")
        )
        known = {finding_id for (finding_id,) in before}
        waivable = [*found["finding_id"], *(WAIVER_PREFIX + name for name in GATES)]
        idle = [waiver.finding_id for waiver in unused_waivers(waivable, profile.waivers)]
        for finding_id in idle:
            log.warning("the waiver of %s fits no finding and no gate: mistyped, or its finding has gone", finding_id)
        facts = {
            **{severity.lower(): count for severity, count in counts.items()},
            "waived": found.height - open_findings.height,
            "new": sorted(set(found["finding_id"]) - known) if before else [],
            "closed": sorted(known - set(found["finding_id"])),
            "waivers_for_nothing": idle,
            "missing_classes": missing,
            "worst": open_findings["title"].head(5).to_list(),
        }
        return {
            "findings": Output(
                [
                    Slice("findings", found),
                    Slice("thresholds", thresholds_frame(profile.thresholds)),
                    Slice("finding_history", found.select(run, *_HISTORY, moment.alias("judged_at")), append=True),
                    Slice("metric_history", history, append=True),
                ],
                metadata=facts,
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
