"""What the gates of the diagnosis measured, and how that was judged."""

from __future__ import annotations

from thermal_assets.warehouse.schema import Table, column, required

GATES = (
    Table(
        "gate_results",
        "One row per gate: a figure of the diagnosis, and whether it passed the bound in the profile.",
        (
            required(
                "gate",
                "VARCHAR",
                "Name of the gate, as in [gates] of the profile; a waiver names it with 'gate:' before",
            ),
            required("asset", "VARCHAR", "Asset whose check it is in Dagster"),
            required("title", "VARCHAR", "What is measured, in a few words"),
            required("severity", "VARCHAR", "'ERROR' (diagnose --gate fails), 'WARN' or 'OFF'"),
            required("status", "VARCHAR", "'passed', 'failed', 'waived', 'not measured' (nothing there) or 'off'"),
            column("value", "DOUBLE", "What was measured; NULL where there is nothing to measure"),
            required("at_most", "DOUBLE", "The largest value at which the gate is passed"),
            required("statement", "VARCHAR", "What was measured, in plain English"),
            required("why", "VARCHAR", "Why the bound is there"),
            required("evidence_sql", "VARCHAR", "A query that shows the evidence; runs as it is on the warehouse"),
            column("waiver", "VARCHAR", "Who accepted it, until when and why"),
            required("inputs_version", "VARCHAR", "Hash of the versions of the tables that were measured"),
        ),
        key=("gate",),
        owner="gate_results",
    ),
)
