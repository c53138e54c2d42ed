"""Normal and anomaly classes that the images hardly tell apart.

Measure: separability_auc of the pair (AUC of log distance to a normal reference minus log distance
to an anomaly reference, references of equal size, own session excluded) at L3, or at L2 where there
is no L3; matched on distance where both classes have common distances. MEDIUM if the whole 95 %
interval lies below the threshold, LOW if the interval reaches it or cannot be had.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, fetch, number, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT s.*
FROM separation s
JOIN lenses l ON l.lens_id = s.lens_id AND l.in_force
WHERE s.separability_auc IS NOT NULL AND least(s.n_normal, s.n_anomaly) >= $least
QUALIFY row_number() OVER (PARTITION BY s.normal_class, s.anomaly_class
                           ORDER BY s.level DESC, s.matched DESC) = 1
ORDER BY s.normal_class, s.anomaly_class
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL, least=thresholds.min_class_images):
        auc, low, high = row["separability_auc"], row["ci_low"], row["ci_high"]
        if auc >= thresholds.separability_auc:
            continue
        normal, anomaly = row["normal_class"], row["anomaly_class"]
        sure = high is not None and high < thresholds.separability_auc
        interval = (
            f"95 % interval {low:.2f} to {high:.2f}" if low is not None and high is not None else row["interval_note"]
        )
        matched = "compared at equal distances" if row["matched"] else "distances not matched"
        findings.append(
            Finding(
                finding_id=f"weak_separation:{normal}|{anomaly}",
                severity="MEDIUM" if sure else "LOW",
                detector="weak_separation",
                level=row["level"],
                class_name=anomaly,
                title="Normal and anomaly hardly differ",
                statement=f"Of {anomaly} and {normal}, the images at {row['level']} tell which is which with an AUC of "
                f"{auc:.2f} (0.5 is chance, 1 is certain; {interval}; {matched}; {number(row['m'])} reference images a "
                "class).",
                effect_name="separability_auc",
                effect_size=auc,
                ci_low=low,
                ci_high=high,
                affected_images=row["n_normal"] + row["n_anomaly"],
                evidence_sql="SELECT level, matched, separability_auc, ci_low, ci_high, interval_note, distance_auc,\n"
                "       compactness_auc, m, n_normal, n_anomaly, sessions_normal, sessions_anomaly\nFROM separation\n"
                f"WHERE normal_class = {text(normal)} AND anomaly_class = {text(anomaly)}\nORDER BY level, matched",
                action="Check the labels of this pair and whether its fault is visible in such a crop at all, before "
                "training on it.",
            )
        )
    return findings
