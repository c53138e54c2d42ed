"""Waivers: findings that a person has accepted, for a reason and up to a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

from thermal_assets.findings.finding import Finding


class Waiver(BaseModel):
    """One accepted finding, as ``[[waivers]]`` of the profile states it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    finding_id: str = Field(
        min_length=1,
        description="finding_id as the findings table shows it, or a pattern with * and ?, such as 'class_imbalance:*'",
    )
    reason: str = Field(min_length=1, description="Why the finding is acceptable; shown wherever the finding is")
    by: str = Field(min_length=1, description="Who accepted it")
    until: date = Field(
        description="Last day on which it is accepted (YYYY-MM-DD); afterwards the finding is open again"
    )

    def matches(self, finding_id: str) -> bool:
        """Equal ids match even if they hold a bracket, which a pattern would read as a set of characters."""
        return finding_id == self.finding_id or fnmatchcase(finding_id, self.finding_id)

    def holds(self, today: date) -> bool:
        return today <= self.until


def apply_waivers(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> list[Finding]:
    """The findings with status and waiver filled in; an expired waiver is told, and waives nothing.

    Where several waivers match, the one that holds longest counts.
    """
    result = []
    for finding in findings:
        matching = [waiver for waiver in waivers if waiver.matches(finding.finding_id)]
        waiver = max(matching, key=lambda candidate: candidate.until, default=None)
        if waiver is None:
            result.append(finding)
        elif waiver.holds(today):
            note = f"accepted by {waiver.by} until {waiver.until:%Y-%m-%d}: {waiver.reason}"
            result.append(replace(finding, status="waived", waiver=note))
        else:
            note = f"expired on {waiver.until:%Y-%m-%d}; it was accepted by {waiver.by}: {waiver.reason}"
            statement = f"{finding.statement} The waiver by {waiver.by} ended on {waiver.until:%Y-%m-%d}."
            result.append(replace(finding, waiver=note, statement=statement))
    return result


def unused_waivers(finding_ids: Iterable[str], waivers: Sequence[Waiver]) -> list[Waiver]:
    """Waivers that match none of ``finding_ids`` (and ids of gates): mistyped, or for something that has gone away."""
    ids = list(finding_ids)
    return [waiver for waiver in waivers if not any(waiver.matches(finding_id) for finding_id in ids)]
