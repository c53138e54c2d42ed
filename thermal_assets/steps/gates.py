"""Gates: measure what has changed, judge all by today's profile, keep the result in a table."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from thermal_assets.gates.catalog import GATES
from thermal_assets.gates.engine import judge_gates, measure_gates
from thermal_assets.gates.gate import GateBasis, Measurement
from thermal_assets.home.layout import Home
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS, fingerprint, upstream_versions

_VERSION = "3"


def judged_gates(home: Home) -> pl.DataFrame:
    """Rows of gate_results as they are now; nothing is written. What is costly is not measured twice."""
    now = datetime.now(UTC)
    with home.warehouse.read() as connection:
        inputs = {
            name: fingerprint(
                _VERSION, upstream_versions(connection, [(asset, ALL_PARTITIONS) for asset in gate.reads])
            )
            for name, gate in GATES.items()
        }
        before = connection.execute("SELECT gate, inputs_version, value, statement FROM gate_results").fetchall()
    kept = {
        gate: Measurement(value, statement)
        for gate, version, value, statement in before
        if gate in GATES and GATES[gate].costly and inputs[gate] == version
    }
    basis = GateBasis(home.warehouse.read, home.image_root, now, kept)
    return judge_gates(measure_gates(basis), home.profile.gates, home.profile.waivers, now.date(), inputs)


def materialize_gate_results(home: Home, run_id: str) -> StepReport:
    """Write gate_results; always, since some gates go by the clock and by the disk."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        judged = judged_gates(home)
        failed = judged.filter(pl.col("status") == "failed")
        facts = {
            "passed": judged.filter(pl.col("status") == "passed").height,
            "failed": failed.filter(pl.col("severity") == "ERROR")["gate"].to_list(),
            "warned": failed.filter(pl.col("severity") == "WARN")["gate"].to_list(),
            "waived": judged.filter(pl.col("status") == "waived")["gate"].to_list(),
        }
        # Equal judgements are one version: what is built from them need not be built again for a new day.
        version = fingerprint(judged.drop("statement", "value").rows(), judged["value"].round(1).to_list())
        return {"gate_results": Output([Slice("gate_results", judged)], version=version, metadata=facts)}

    plan = AssetPlan("gate_results", _VERSION, {"gates": home.profile.gates.all()}, always=True)
    return run_step(home, run_id, [plan], compute)["gate_results"]


def stored_gates(home: Home) -> pl.DataFrame:
    """Rows of gate_results as the last diagnosis left them."""
    return home.warehouse.frame("SELECT * FROM gate_results ORDER BY status <> 'failed', severity, gate")


def stored_by_run(home: Home, run_id: str) -> pl.DataFrame | None:
    """Rows of gate_results if run ``run_id`` wrote them, else None."""
    written = home.warehouse.frame("SELECT 1 FROM asset_versions WHERE asset = 'gate_results' AND run_id = ?", [run_id])
    return stored_gates(home) if written.height else None
