"""Classes whose pictures change with the distance of the camera.

Measure: eta squared (share of the variance of log density that distance explains) and Spearman's
rank correlation of density and distance, both of the whole class, from distance_drift. One of them
must be large and the permutation p, sessions as units, must reach alpha after Benjamini-Hochberg
over classes. Where sessions are too few for p to get there, nothing is claimed. Where the interval of
eta squared, each session left out in turn, reaches 0, one session may be behind it alone (such as the
close-ups of one day), and the statement says so. The finest level
counts. LOW: a camera that goes away changes every picture; the question is whether it was meant.
"""

from __future__ import annotations

import duckdb
from scipy.stats import false_discovery_control

from thermal_assets.findings.finding import Finding, counted, fetch, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH classes AS (
    SELECT d.class_name, d.level, max(d.eta_squared) AS eta_squared, any_value(d.spearman) AS spearman,
           max(d.eta_ci_low) AS ci_low, max(d.eta_ci_high) AS ci_high,
           max(d.p_value) AS p_value, max(d.attainable_p) AS attainable_p, sum(d.image_count)::BIGINT AS images,
           count(*) AS distances, min(d.distance_m) AS nearest, max(d.distance_m) AS farthest,
           arg_min(d.distance_m, d.median_density) AS sparsest
    FROM distance_drift d JOIN lenses l ON l.lens_id = d.lens_id AND l.in_force
    GROUP BY ALL
)
SELECT * FROM classes
WHERE p_value IS NOT NULL AND attainable_p <= $alpha
QUALIFY row_number() OVER (PARTITION BY class_name ORDER BY level DESC) = 1
ORDER BY class_name
"""
_EXAMPLES = """
SELECT min(image_id, 12) AS examples FROM file_manifest WHERE class_name = $class_name AND distance_m = $distance
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL, alpha=thresholds.alpha)
    if not rows:
        return []
    q_values = false_discovery_control([row["p_value"] for row in rows])
    findings = []
    for row, q_value in zip(rows, q_values, strict=True):
        eta, spearman = row["eta_squared"] or 0.0, row["spearman"] or 0.0
        large = eta >= thresholds.eta_squared or abs(spearman) >= thresholds.spearman
        if not large or q_value > thresholds.alpha:
            continue
        name = row["class_name"]
        one_session = ""
        if row["ci_low"] is not None and row["ci_low"] <= 0:
            one_session = " It may be one session that does it: without it there is no effect to be sure of."
        (found,) = fetch(connection, _EXAMPLES, class_name=name, distance=row["sparsest"])
        findings.append(
            Finding(
                finding_id=f"distance_effect:{name}",
                severity="LOW",
                detector="distance_effect",
                level=row["level"],
                class_name=name,
                title="The pictures change with distance",
                statement=f"In class {name}, distance ({counted(row['distances'], 'value')}, {row['nearest']:g} to "
                f"{row['farthest']:g} m) explains {eta * 100:.0f} % of how crowded a picture lies; rank correlation "
                f"{spearman:+.2f}; p = {row['p_value']:.3g} by permuting sessions, q = {q_value:.3g} over the classes. "
                f"The images lie loosest at {row['sparsest']:g} m.{one_session}",
                effect_name="eta squared of distance",
                effect_size=eta,
                ci_low=row["ci_low"],
                ci_high=row["ci_high"],
                affected_images=row["images"],
                example_ids=tuple(found["examples"] or ()),
                evidence_sql="SELECT level, distance_m, image_count, sessions, median_density, ci_low, ci_high, spearman,\n"
                "       eta_squared, eta_ci_low, eta_ci_high, p_value, attainable_p, statement\nFROM distance_drift\n"
                f"WHERE class_name = {text(name)}\nORDER BY level, distance_m",
                action="Compare classes at equal distances only, and hold every distance in training and test.",
            )
        )
    return findings
