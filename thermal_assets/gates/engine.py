"""Measuring all gates, and judging what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from thermal_assets.findings.waivers import Waiver
from thermal_assets.gates.catalog import GATES
from thermal_assets.gates.gate import GateBasis, Measurement
from thermal_assets.gates.settings import GateSettings
from thermal_assets.warehouse.access import empty_frame

WAIVER_PREFIX = "gate:"


def measure_gates(basis: GateBasis) -> dict[str, Measurement]:
    """The figure of every gate; those in ``basis.kept`` are taken from there."""
    return {name: basis.kept.get(name) or gate.measure(basis) for name, gate in GATES.items()}


def judge_gates(
    measured: Mapping[str, Measurement],
    settings: GateSettings,
    waivers: Sequence[Waiver],
    today: date,
    inputs: Mapping[str, str],
) -> pl.DataFrame:
    """A frame of contract table ``gate_results``, one row a gate; ``inputs`` are the versions measured from.

    A waiver names a gate with ``gate:`` before; where several hold, the one that holds longest counts.
    """
    rows = []
    for name, gate in GATES.items():
        figure, severity, at_most = measured[name], settings.severity(name), settings.at_most(name)
        over = figure.value is not None and figure.value > at_most
        holding = [w for w in waivers if w.matches(WAIVER_PREFIX + name) and w.holds(today)]
        waiver = max(holding, key=lambda candidate: candidate.until, default=None)
        if severity == "off":
            status = "off"
        elif figure.value is None:
            status = "not measured"
        elif not over:
            status = "passed"
        else:
            status = "waived" if waiver else "failed"
        rows.append(
            {
                "gate": name,
                "asset": gate.asset,
                "title": gate.title,
                "severity": severity.upper(),
                "status": status,
                "value": figure.value,
                "at_most": at_most,
                "statement": figure.statement,
                "why": gate.why,
                "evidence_sql": gate.evidence_sql.strip(),
                "waiver": f"accepted by {waiver.by} until {waiver.until:%Y-%m-%d}: {waiver.reason}"
                if waiver and status == "waived"
                else None,
                "inputs_version": inputs[name],
            }
        )
    template = empty_frame("gate_results")
    return pl.DataFrame(rows, schema_overrides=dict(template.schema)).select(template.columns)
