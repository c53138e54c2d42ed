"""State or class can be told from what should not matter, so a model would learn that instead of the object.

Measure: AUC of table shortcut_audit, of one feature alone (mode and alpha, crop size, palette, brightness, distance,
place, date), in held-out sessions. Told where the whole interval by sessions lies above shortcut_auc: whatever is set
once a session differs between some twenty sessions by chance, and seven features are asked of every pair and class, so
an AUC of that size alone, or an interval above one half, is nothing yet. The state of a pair is then MEDIUM. Where names
carry no session, the AUC alone decides; with sessions too few for an interval the state is told as LOW, since two or
three sessions a side differ in something by chance. Classes are told together and LOW, for many are asked: a ship is
shot from farther away than a switchboard, which is as it should be.
"""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, named, percent, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT a.*, (SELECT list(f.image_id ORDER BY hash(f.image_id))[1:12]
             FROM file_manifest f JOIN class_catalog c USING (class_name)
             WHERE CASE a.target WHEN 'state' THEN c.pair = a.subject AND c.state = 'anomaly'
                                 ELSE f.class_name = a.subject END) AS examples
FROM shortcut_audit a
WHERE a.auc >= $bound AND least(a.n_positive, a.n_negative) >= $least
ORDER BY a.target, a.subject, a.auc DESC, a.feature
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL, bound=thresholds.shortcut_auc, least=thresholds.min_class_images)
    pairs: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["target"] == "state" and (row["ci_low"] is None or _believed(row, thresholds)):
            pairs.setdefault(row["subject"], []).append(row)
    findings = [_of_pair(pair, found, thresholds) for pair, found in pairs.items()]
    classes = [row for row in rows if row["target"] == "class" and _believed(row, thresholds)]
    return [*findings, _of_classes(classes, thresholds)] if classes else findings


def _of_pair(pair: str, rows: list[dict[str, Any]], thresholds: Thresholds) -> Finding:
    worst = rows[0]
    believed = [row for row in rows if _believed(row, thresholds)]
    told = "; ".join(
        f"{row['feature']} (AUC {row['auc']:.2f}; {row['telling_value']}: {percent(row['share_positive'])} of the "
        f"anomaly images, {percent(row['share_negative'])} of the normal ones)"
        for row in rows
    )
    sessions = (
        f" It rests on {worst['sessions_positive']} sessions with anomalies and {worst['sessions_negative']} without"
        + ("." if believed else ": too few to rule out chance.")
        if worst["sessions_positive"] + worst["sessions_negative"]
        else " The names carry no session, so single images were held out."
    )
    return Finding(
        finding_id=f"shortcuts:state:{pair}",
        severity="MEDIUM" if believed else "LOW",
        detector="shortcuts",
        level="L1",
        class_name=None,
        title="The state can be told without looking at the object",
        statement=f"Of {pair}, normal and anomaly can be told apart by {told}. A model would learn that.{sessions}",
        effect_name="AUC of one feature alone",
        effect_size=worst["auc"],
        ci_low=worst["ci_low"],
        ci_high=worst["ci_high"],
        affected_images=worst["n_positive"],
        example_ids=tuple(worst["examples"] or ()),
        evidence_sql="SELECT feature, auc, ci_low, ci_high, telling_value, share_positive, share_negative,\n"
        f"       sessions_positive, sessions_negative, statement\nFROM shortcut_audit\n"
        f"WHERE target = 'state' AND subject = {text(pair)} AND auc >= {thresholds.shortcut_auc}\n"
        f"  AND coalesce(ci_low, 1) >= {thresholds.shortcut_auc}\nORDER BY auc DESC",
        action="Collect the missing combinations, or balance or remove this feature (same mode, size, palette, distance "
        "for both states) before training.",
    )


def _of_classes(rows: list[dict[str, Any]], thresholds: Thresholds) -> Finding:
    worst = max(rows, key=lambda row: (row["auc"], row["subject"]))
    subjects = sorted({row["subject"] for row in rows})
    features = sorted({row["feature"] for row in rows})
    return Finding(
        finding_id="shortcuts:class:dataset",
        severity="LOW",
        detector="shortcuts",
        level="L1",
        class_name=None,
        title="Classes can be told without looking at the object",
        statement=f"{counted(len(subjects), 'class', 'classes')} can be told from all others by one of {named(features, 7)} "
        f"alone. Most by {worst['feature']}: {worst['subject']}, AUC {worst['auc']:.2f} ({worst['telling_value']}: "
        f"{percent(worst['share_positive'])} of its images, {percent(worst['share_negative'])} of all others).",
        effect_name="AUC of one feature alone",
        effect_size=worst["auc"],
        ci_low=worst["ci_low"],
        ci_high=worst["ci_high"],
        affected_images=sum({row["subject"]: row["n_positive"] for row in rows}.values()),
        example_ids=tuple(worst["examples"] or ()),
        evidence_sql="SELECT subject, feature, auc, ci_low, ci_high, telling_value, share_positive, share_negative\n"
        f"FROM shortcut_audit\nWHERE target = 'class' AND auc >= {thresholds.shortcut_auc}\n"
        f"  AND (ci_low >= {thresholds.shortcut_auc} OR sessions_positive + sessions_negative = 0)\nORDER BY auc DESC",
        action="Decide which of these are part of the object (a ship is far away); even out the others before training.",
    )


def _believed(row: dict[str, Any], thresholds: Thresholds) -> bool:
    if row["ci_low"] is not None:
        return bool(row["ci_low"] >= thresholds.shortcut_auc)
    return row["sessions_positive"] + row["sessions_negative"] == 0
