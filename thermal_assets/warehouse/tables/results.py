"""Findings, and the books the pipeline keeps about itself."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME
from thermal_assets.warehouse.schema import Table, column, required

RESULTS = (
    Table(
        "findings",
        "One row per finding, worst first.",
        (
            required("finding_id", "VARCHAR", "Detector and subject; stable between runs"),
            required("rank", "INTEGER", "1 = look here first"),
            required("severity", "VARCHAR", "'HIGH', 'MEDIUM' or 'LOW'"),
            required("detector", "VARCHAR", "Module of thermal_assets/findings/detectors that judged"),
            required("level", "VARCHAR", "'L1', 'L2' or 'L3'"),
            column("class_name", "VARCHAR", "Class concerned; NULL for the whole data set"),
            required("title", "VARCHAR", "A few words"),
            required("statement", "VARCHAR", "What was measured, in plain English"),
            column("effect_name", "VARCHAR", "What effect_size measures"),
            column("effect_size", "DOUBLE", "How large it is"),
            column("ci_low", "DOUBLE", "Lower 95 % bound of effect_size, where one can be had"),
            column("ci_high", "DOUBLE", "Upper 95 % bound of effect_size, where one can be had"),
            required("affected_images", "BIGINT", "Images concerned"),
            required("example_ids", "VARCHAR[]", "Up to twelve of them"),
            required("evidence_sql", "VARCHAR", "A query that shows the evidence; runs as it is"),
            required("action", "VARCHAR", "What to do, one line"),
            required("status", "VARCHAR", "'open' or 'waived'"),
            column("waiver", "VARCHAR", "Who accepted it, until when and why"),
        ),
        key=("finding_id",),
        owner="findings",
    ),
    Table(
        "run_log",
        "One row per materialization. Append-only.",
        (
            required("run_id", "VARCHAR", "Dagster run"),
            required("asset", "VARCHAR", "Asset"),
            required("partition", "VARCHAR", "Partition, '' for dataset assets"),
            required("status", "VARCHAR", "'written' or 'unchanged' (inputs as before, nothing computed)"),
            required("code_version", "VARCHAR", "Version of the computation"),
            required("input_version", "VARCHAR", "Hash of everything the result depends on"),
            required("parameters", "VARCHAR", "Parameters, JSON"),
            required("rows", "BIGINT", "Rows of the partition afterwards"),
            required("rows_written", "BIGINT", "Rows inserted and deleted"),
            required("started_at", "TIMESTAMPTZ", "Start"),
            required("seconds", "DOUBLE", "Wall-clock time of the step"),
            required("lock_seconds", "DOUBLE", "How long the write held the warehouse"),
            required("peak_memory_mb", "DOUBLE", "Peak memory of the process so far, MiB"),
        ),
        key=("run_id", "asset", "partition"),
        owner="(every asset)",
        append_only=True,
    ),
    Table(
        "asset_versions",
        "One row per asset and partition: the state its rows are in.",
        (
            required("asset", "VARCHAR", "Asset"),
            required("partition", "VARCHAR", "Partition, '' for dataset assets"),
            required("version", "VARCHAR", "Hash of what the rows say; equal versions mean equal rows"),
            required("input_version", "VARCHAR", "Hash of everything the result depended on"),
            required(
                "manifest_version",
                "VARCHAR",
                "Manifest version of the class the rows belong to; of all classes together for dataset assets",
            ),
            required("lens_id", "VARCHAR", "Lens behind the rows, '' where none is"),
            required("rows", "BIGINT", "Rows"),
            required("run_id", "VARCHAR", "Run that wrote them"),
            required("written_at", "TIMESTAMPTZ", "When"),
        ),
        key=("asset", "partition"),
        owner="(every asset)",
    ),
    Table(
        "metric_history",
        "One row per run, metric and class: what 'since the last run' is answered from. Append-only.",
        (
            required("run_id", "VARCHAR", "Dagster run"),
            required("metric", "VARCHAR", "Name of the metric"),
            required("class_name", "VARCHAR", "Class, or '*' for the data set"),
            column("value", "DOUBLE", "Value"),
            required("measured_at", "TIMESTAMPTZ", "When"),
        ),
        key=("run_id", "metric", "class_name"),
        owner="findings",
        append_only=True,
    ),
    Table(
        "publication",
        "One row per class: the state of it that the published copy shows.",
        (
            CLASS_NAME,
            required("manifest_version", "VARCHAR", "Manifest version of the published rows"),
            required("up_to_date", "BOOLEAN", "False: the class was between two states; its last whole state is shown"),
            required("published_at", "TIMESTAMPTZ", "When the published file was made"),
        ),
        key=("class_name",),
        owner="published",
    ),
)
