"""Classes of which one session, or one distance (such as close-ups), lies far out as a whole.

Measure: how far out an image lies (view judged_densities: own session left out where sessions are known). Of a session
or distance of n images, clump_min_images at least, the share among the n images of the class that lie farthest out,
against its share of all images of the class. Told if at least half of the n are its own (clump_share), three times as
many as its share (clump_lift), and its typical image lies outlier_distance_ratio times as far from its neighbours as
that of the class: what lies far out in a sound class gathers in sessions too, for the images of a session resemble each
other. As many are asked for as the group has images, so a class of 50 is judged as one of 50,000 is. Images are compared
with those whose distances were taken in the same way (basis). Of several groups that qualify, one a class is told: that
with the most images among its n, each counting by their share.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import MAX_EXAMPLES, Finding, fetch, number, text
from thermal_assets.findings.thresholds import Thresholds

_RANKED = """
    SELECT j.image_id, j.class_name, j.level, j.basis, j.times_farther, f.session_id, f.distance_token,
           row_number() OVER (PARTITION BY j.class_name, j.level, j.basis ORDER BY j.times_farther DESC, j.image_key) AS rank,
           count(*) OVER (PARTITION BY j.class_name, j.level, j.basis) AS judged
    FROM judged_densities j JOIN file_manifest f ON f.image_key = j.image_key"""
# Only groups that are odd as a whole have their class ranked: in most data sets none is.
_SQL = f"""
WITH odd AS (
    SELECT j.class_name, j.level, j.basis, g.kind, g.value, count(*) AS images, median(j.times_farther) AS times_farther
    FROM judged_densities j JOIN file_manifest f ON f.image_key = j.image_key
    CROSS JOIN LATERAL (VALUES ('session', f.session_id), ('distance', f.distance_token)) AS g(kind, value)
    WHERE g.value IS NOT NULL
    GROUP BY ALL HAVING images >= $least AND median(j.times_farther) >= $ratio
), ranked AS ({_RANKED} WHERE j.class_name IN (SELECT class_name FROM odd)
), groups AS (
    SELECT o.*, any_value(r.judged) AS judged, count(*) FILTER (r.rank <= o.images) AS n,
           arg_min(r.image_id, r.rank, {MAX_EXAMPLES}) AS examples
    FROM odd o
    JOIN ranked r ON r.class_name = o.class_name AND r.level = o.level AND r.basis = o.basis
                 AND o.value = CASE o.kind WHEN 'session' THEN r.session_id ELSE r.distance_token END
    GROUP BY ALL
)
SELECT *, n / images AS share, images / judged AS base_share, share / base_share AS lift
FROM groups
WHERE share >= $share AND lift >= $lift
QUALIFY row_number() OVER (PARTITION BY class_name ORDER BY n * share DESC, level DESC, kind DESC, value) = 1
ORDER BY class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    rows = fetch(
        connection,
        _SQL,
        least=thresholds.clump_min_images,
        share=thresholds.clump_share,
        lift=thresholds.clump_lift,
        ratio=thresholds.outlier_distance_ratio,
    )
    for row in rows:
        name, kind, value, level = row["class_name"], row["kind"], row["value"], row["level"]
        column = "session_id" if kind == "session" else "distance_token"
        where = f"from session {value}" if kind == "session" else f"at distance {value}"
        findings.append(
            Finding(
                finding_id=f"session_clump:{name}:{kind}:{value}",
                severity="MEDIUM",
                detector="session_clump",
                level=level,
                class_name=name,
                title=f"One {kind} lies far out",
                statement=f"Of the {number(row['images'])} images of class {name} that lie farthest out at {level}, "
                f"{number(row['n'])} are {where}, which holds {number(row['images'])} of the {number(row['judged'])} judged: "
                f"{row['lift']:.1f} times too many. The typical image of this {kind} lies {row['times_farther']:.1f} times as "
                "far from its neighbours as that of the class.",
                effect_name="share of what lies farthest out over share of the class",
                effect_size=row["lift"],
                affected_images=row["images"],
                example_ids=tuple(row["examples"]),
                evidence_sql=f"WITH ranked AS ({_RANKED})\nSELECT rank, image_id, times_farther, session_id, distance_token "
                f"FROM ranked\nWHERE class_name = {text(name)} AND level = {text(level)} AND basis = {text(row['basis'])}\n"
                f"  AND {column} = {text(value)}\n"
                "ORDER BY rank",
                action=f"Look at this {kind} as a whole: keep it, label it apart, or take it out. Then judge what is "
                "left.",
            )
        )
    return findings
