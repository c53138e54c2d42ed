"""A small warehouse in which every table has rows: planted faults, and one of each later measurement."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb
import polars as pl

from thermal_assets.findings.engine import detect
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.findings.thresholds_table import thresholds_frame
from thermal_assets.scorecard.card import measure_all, scorecard_frame
from thermal_assets.scorecard.measure import Basis
from thermal_assets.scorecard.settings import ScorecardSettings
from thermal_assets_tests.findings.fixtures import HOSTILE
from thermal_assets_tests.findings.plants import planted


def full_warehouse(vectors: bool = False) -> duckdb.DuckDBPyConnection:
    """Classes with hostile names; the caller closes the connection."""
    w = planted(HOSTILE, vectors=vectors)
    for row in w.of("file_manifest", w.names[0])[:20]:
        identity = {name: row[name] for name in ("image_id", "class_name", "image_key")}
        w.add("temperatures", **identity, source="palette, profile range", min_c=10.0, mean_c=20.0, max_c=90.0,
              background_c=18.0, hot_spot_c=80.0, contrast_k=62.0, error_k=1.5)  # fmt: skip
        w.add("annotations", **identity, annotation_index=1, format="coco", category="pipe")
    for row in w.of("file_manifest", w.names[0])[:3]:
        identity = {name: row[name] for name in ("image_id", "class_name", "image_key")}
        w.add("temperature_violations", **identity, rule="tolerance: max_c at most 80", basis="tolerance",
              quantity="max_c", value=90.0, limit_value=80.0, side="above", unit="degC", exceeds_by=10.0,
              beyond_error=True, source="palette, profile range")  # fmt: skip
        w.add("annotation_problems", class_name=row["class_name"], subject=row["image_id"], image_id=row["image_id"],
              annotation_index=1, code="distance", field="Inspection_distance", message="not that of the name")  # fmt: skip
        if not w.of("image_quality", image_id=row["image_id"], measure="sharpness"):
            w.add("image_quality", **identity, measure="sharpness", value=0.001, group_median=0.01, robust_z=-8.0,
                  direction="low", compared_with="class and distance", group_images=40)  # fmt: skip
    pair = {"normal_class": w.names[0], "anomaly_class": w.names[1]}
    w.add("supervised_separation", **pair, separability_auc=0.97, gray_normal=2, gray_anomaly=1)
    for rank, row in enumerate(w.of("file_manifest", w.names[1])[:3], start=1):
        identity = {name: row[name] for name in ("image_id", "class_name", "image_key")}
        w.add("gray_zone", **identity, **pair, rank=rank, place=0.5)
    for lens, auc in (("L2", 0.78), ("supervised", 0.93)):
        w.add("lens_evaluation", lens=lens, separability_auc=auc, macro_f1=0.4)
    w.add("collection_plan", rank=1, object="pip", state="anomaly", need="few sessions", action="Shoot pip")
    if not w.of("gate_results"):
        w.add("gate_results", gate="unreadable", severity="ERROR", status="failed", value=0.1, at_most=0.05)
    connection = w.connect()
    basis = Basis(Thresholds(), window_declared=True)
    found = detect(connection, Thresholds(), [], date(2026, 11, 21))
    _insert(connection, "findings", found)
    _insert(connection, "thresholds", thresholds_frame(Thresholds()))
    # Two diagnoses: the second found what the first did not.
    for run, day, had in (("run-1", 20, found.head(1)), ("run-2", 21, found)):
        moment = f"TIMESTAMPTZ '2026-11-{day} 09:00+00'"
        connection.execute(f"INSERT INTO metric_history VALUES ('{run}', 'open_findings_HIGH', '*', 1, {moment})")
        _insert(connection, "finding_history", had.select("finding_id", "severity", "status", "class_name", "title",
                "affected_images", "effect_size", run_id=pl.lit(run),
                judged_at=pl.lit(datetime(2026, 11, day, 9, tzinfo=UTC))))  # fmt: skip
    _insert(connection, "scorecard", scorecard_frame(measure_all(connection, basis), ScorecardSettings(), basis))
    return connection


def _insert(connection: duckdb.DuckDBPyConnection, table: str, frame: object) -> None:
    connection.register("incoming", frame)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")
