"""From measured tables to the findings table: every detector, the waivers, and the order to look in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from functools import cache

import duckdb
import polars as pl

from thermal_assets.findings.detectors import DETECTORS
from thermal_assets.findings.finding import SEVERITIES, Finding
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.findings.waivers import Waiver, apply_waivers
from thermal_assets.warehouse.access import empty_frame


def detect(
    connection: duckdb.DuckDBPyConnection,
    thresholds: Thresholds,
    waivers: Sequence[Waiver],
    today: date,
) -> pl.DataFrame:
    """Judge the tables of ``connection``; it is only read.

    Returns a frame with exactly the columns of contract table ``findings``, one row a finding.
    ``rank`` 1 is where to look first: open before waived, then severity, images concerned, effect.
    Tables without rows (a stage that has not run) give no findings.
    """
    found = [finding for detector in DETECTORS.values() for finding in detector(connection, thresholds)]
    return findings_frame(ranked(apply_waivers(found, waivers, today)))


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """The order in which to look. Effects of different detectors differ in unit, so they decide last."""
    return sorted(
        findings,
        key=lambda finding: (
            finding.status == "waived",
            SEVERITIES.index(finding.severity),
            -finding.affected_images,
            -abs(finding.effect_size or 0.0),
            finding.finding_id,
        ),
    )


def findings_frame(findings: Sequence[Finding]) -> pl.DataFrame:
    """``findings``, in their order, as a frame of contract table ``findings``."""
    template = _template()
    columns = {
        item.name: [getattr(finding, item.name) for finding in findings]
        for item in fields(Finding)
        if item.name != "example_ids"
    }
    columns["example_ids"] = [list(finding.example_ids) for finding in findings]
    columns["rank"] = list(range(1, len(findings) + 1))
    return pl.DataFrame({name: columns[name] for name in template.columns}, schema=template.schema)


@cache
def _template() -> pl.DataFrame:
    return empty_frame("findings")
