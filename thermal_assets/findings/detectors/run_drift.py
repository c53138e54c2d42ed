"""What arrived since the last diagnosis is unlike what was there: this delivery is different.

Measure: table run_drift. Pictures: the AUC by which new images of a class lie farther from the old ones than those
from each other (own session left out), or, where sessions allow it, the AUC of a classifier held out by session; told
from domain_auc on. MEDIUM where handing whole sessions round between new and old cannot explain it (p at most alpha);
LOW where sessions are too few to ask, or names carry none. Features (palette, crop size, ...): told, LOW, where the
share of one value differs by delivery_share or more, and sessions handed round do not explain it (p times the number
of features at most alpha). Figures that moved stay in the table.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT r.* FROM run_drift r JOIN lenses l ON l.lens_id = r.lens_id AND l.in_force
WHERE r.new_images > 0 AND r.effect IS NOT NULL
ORDER BY r.class_name, r.measure <> 'pictures', r.effect DESC
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for name, group in groupby(fetch(connection, _SQL), key=lambda row: row["class_name"]):
        rows = list(group)
        pictures = next((row for row in rows if row["measure"] == "pictures"), None)
        unlike = pictures is not None and _unlike(pictures, thresholds)
        asked = [row for row in rows if row["measure"] != "pictures"]
        features = [row for row in asked if _differs(row, len(asked), thresholds)]
        if not unlike and not features:
            continue
        told = [pictures] if unlike and pictures is not None else []
        told += features
        worst = told[0]
        sure = unlike and worst["p_value"] is not None and worst["p_value"] <= thresholds.alpha
        sentences = ". ".join(row["statement"] for row in told[:4])
        findings.append(
            Finding(
                finding_id=f"run_drift:{name}",
                severity="MEDIUM" if sure else "LOW",
                detector="run_drift",
                level="L3" if unlike else "L1",
                class_name=name,
                title="This delivery is different",
                statement=f"{counted(worst['new_images'], 'image')} of class {name} arrived since the last diagnosis, "
                f"beside {worst['old_images']:,} older ones. {sentences}."
                + (f" Classifier held out by session: AUC {worst['classifier_auc']:.2f}." if _has_auc(worst) else ""),
                effect_name=worst["effect_name"],
                effect_size=worst["effect"],
                ci_low=worst["ci_low"],
                ci_high=worst["ci_high"],
                affected_images=worst["new_images"],
                example_ids=tuple(worst["example_ids"]),
                evidence_sql="SELECT measure, effect_name, effect, ci_low, ci_high, before, now, classifier_auc, p_value,\n"
                "       attainable_p, new_images, old_images, new_sessions, old_sessions, statement\nFROM run_drift\n"
                f"WHERE class_name = {text(name)} AND new_images > 0\nORDER BY measure <> 'pictures', effect DESC",
                action="Look at the examples beside older pictures of the class; ask what changed (camera, settings, place, "
                "season) before mixing the delivery in.",
            )
        )
    return findings


def _unlike(row: dict[str, Any], thresholds: Thresholds) -> bool:
    largest = max(row["effect"], row["classifier_auc"] or 0.0)
    by_chance = (
        row["attainable_p"] is not None
        and row["attainable_p"] <= thresholds.alpha
        and (row["p_value"] is None or row["p_value"] > thresholds.alpha)
    )
    return largest >= thresholds.domain_auc and not by_chance


def _differs(row: dict[str, Any], asked: int, thresholds: Thresholds) -> bool:
    """Large, and, where names carry sessions, beyond what chance gives of ``asked`` features."""
    sure = row["new_sessions"] + row["old_sessions"] == 0 or (
        row["p_value"] is not None and row["p_value"] * asked <= thresholds.alpha
    )
    return row["effect"] >= thresholds.delivery_share and sure


def _has_auc(row: dict[str, Any]) -> bool:
    return row["measure"] == "pictures" and row["classifier_auc"] is not None
