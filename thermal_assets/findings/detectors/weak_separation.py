"""Normal and anomaly classes that the images hardly tell apart.

Measure: separability_auc of the pair (AUC of log distance to a normal reference minus log distance
to an anomaly reference, references of equal size, own session excluded) at L3, or at L2 where there
is no L3. Pairs with fewer than min_class_images images or references a class are not judged: ten
nearest of a handful are all of them. Matched on distance where the common distances hold at least
half of the images of both classes that are compared without matching; a smaller part does not speak for the class.
MEDIUM if the whole 95 % interval lies below the threshold, LOW if the interval reaches it or cannot be
had. LOW as well where a lens trained on the labels separates the same images (supervised_separation,
same matching, held out) with an AUC that reaches the threshold: then the fault shows, if only to who knows it.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, fetch, number, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH measured AS (
    SELECT s.* FROM separation s JOIN lenses l ON l.lens_id = s.lens_id AND l.in_force
    WHERE s.separability_auc IS NOT NULL
), judged AS (
    SELECT s.*
    FROM measured s
    JOIN measured whole USING (normal_class, anomaly_class, level)
    WHERE NOT whole.matched AND least(whole.n_normal, whole.n_anomaly, whole.m) >= $least
      AND least(s.n_normal, s.n_anomaly) >= $least
      AND 2 * s.n_normal >= whole.n_normal AND 2 * s.n_anomaly >= whole.n_anomaly
    QUALIFY row_number() OVER (PARTITION BY normal_class, anomaly_class ORDER BY level DESC, s.matched DESC) = 1
), trained AS (
    SELECT t.normal_class, t.anomaly_class, t.matched, t.separability_auc AS trained_auc
    FROM supervised_separation t JOIN lenses l ON l.lens_id = t.lens_id AND l.in_force
)
SELECT j.*, t.trained_auc
FROM judged j LEFT JOIN trained t USING (normal_class, anomaly_class, matched)
ORDER BY normal_class, anomaly_class
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL, least=thresholds.min_class_images):
        auc, low, high = row["separability_auc"], row["ci_low"], row["ci_high"]
        if auc >= thresholds.separability_auc:
            continue
        normal, anomaly = row["normal_class"], row["anomaly_class"]
        trained = row["trained_auc"]
        told = trained is not None and trained >= thresholds.separability_auc
        sure = high is not None and high < thresholds.separability_auc and not told
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
                title="Normal and anomaly hardly differ" + (" to a lens that knows no labels" if told else ""),
                statement=f"Of {anomaly} and {normal}, the images at {row['level']} tell which is which with an AUC of "
                f"{auc:.2f} (0.5 is chance, 1 is certain; {interval}; {matched}; {number(row['m'])} reference images a "
                f"class).{_through_training(trained, told)}",
                effect_name="separability_auc",
                effect_size=auc,
                ci_low=low,
                ci_high=high,
                affected_images=row["n_normal"] + row["n_anomaly"],
                evidence_sql="\nUNION ALL\n".join(
                    f"SELECT {lens} AS lens, matched, separability_auc, ci_low, ci_high, interval_note, distance_auc,\n"
                    "       compactness_auc, m, n_normal, n_anomaly, sessions_normal, sessions_anomaly\n"
                    f"FROM {table} WHERE normal_class = {text(normal)} AND anomaly_class = {text(anomaly)}"
                    for lens, table in (("level", "separation"), ("'trained on the labels'", "supervised_separation"))
                )
                + "\nORDER BY lens, matched",
                action="Do not look for this fault by likeness to normal images: train on its labels, and check those of "
                "the gray zone first."
                if told
                else "Check the labels of this pair and whether its fault is visible in such a crop at all, before "
                "training on it.",
            )
        )
    return findings


def _through_training(auc: float | None, told: bool) -> str:
    if auc is None:
        return ""
    held_out = f"a lens trained on the labels, on images it was not trained on (AUC {auc:.2f})"
    return f" They are told apart by {held_out}." if told else f" Nor are they told apart well by {held_out}."
