"""Classes whose outliers are one set of images: one session, or one distance (such as close-ups).

Measure: of the least dense images of a class (class_outliers, side low), the share in one session or
at one distance, against that group's share of all images of the class. Told if at least half of the
outliers are in it, three times as many as its share, and the group is not the whole class. Of
several groups that qualify, the one with the greatest lift is told, at the level where it is greatest.

The outliers of a sound class gather in sessions too, for the images of a session resemble each other. So the group must
be odd as a whole: its typical image (view judged_densities: own session left out where sessions are known) lies
outlier_distance_ratio times as far from its neighbours as that of the class. A class must have clump_min_outliers
outliers: as the list of outliers ends at 5 % of a class, one of fewer than 200 images is not judged by the default.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH low AS (
    SELECT o.image_key, o.class_name, o.level, o.rank
    FROM class_outliers o JOIN lenses l ON l.lens_id = o.lens_id AND l.in_force
    WHERE o.side = 'low'
), totals AS (
    SELECT class_name, level, count(*) AS outliers FROM low GROUP BY ALL HAVING count(*) >= $least
), outlier_groups AS (
    SELECT o.class_name, o.level, g.kind, g.value, count(*) AS n, arg_min(f.image_id, o.rank, 12) AS examples
    FROM low o
    JOIN file_manifest f ON f.image_key = o.image_key
    CROSS JOIN LATERAL (VALUES ('session', f.session_id), ('distance', f.distance_token)) AS g(kind, value)
    WHERE g.value IS NOT NULL
    GROUP BY ALL
), groups AS (
    SELECT class_name, 'session' AS kind, session_id AS value, count(*) AS n
    FROM file_manifest WHERE session_id IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT class_name, 'distance' AS kind, distance_token AS value, count(*) AS n
    FROM file_manifest WHERE distance_token IS NOT NULL GROUP BY ALL
), sizes AS (
    SELECT class_name, count(*) AS files FROM file_manifest GROUP BY ALL
)
SELECT o.class_name, o.level, o.kind, o.value, o.n, t.outliers, g.n AS group_size, z.files, o.examples,
       o.n / t.outliers AS share, g.n / z.files AS base_share, (o.n / t.outliers) / (g.n / z.files) AS lift,
       (
           SELECT median(j.times_farther) FILTER (
               WHERE CASE o.kind WHEN 'session' THEN f.session_id ELSE f.distance_token END = o.value
           )
           FROM judged_densities j JOIN file_manifest f ON f.image_key = j.image_key
           WHERE j.class_name = o.class_name AND j.level = o.level
       ) AS times_farther
FROM outlier_groups o
JOIN totals t USING (class_name, level)
JOIN groups g USING (class_name, kind, value)
JOIN sizes z USING (class_name)
WHERE share >= $share AND lift >= $lift AND times_farther >= $ratio
QUALIFY row_number() OVER (PARTITION BY o.class_name ORDER BY lift DESC, o.level DESC, o.kind, o.value) = 1
ORDER BY o.class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    rows = fetch(
        connection,
        _SQL,
        least=thresholds.clump_min_outliers,
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
                title=f"The outliers are one {kind}",
                statement=f"{number(row['n'])} of the {number(row['outliers'])} least dense images of class {name} at "
                f"{level} ({percent(row['share'])}) are {where}, which holds {number(row['group_size'])} images or "
                f"{percent(row['base_share'])} of the class: {row['lift']:.1f} times too many. The "
                f"typical image of this {kind} lies {row['times_farther']:.1f} times as far from its neighbours as that "
                "of the class.",
                effect_name="share of the outliers over share of the class",
                effect_size=row["lift"],
                affected_images=row["n"],
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT o.rank, o.image_id, o.density, f.session_id, f.distance_token\n"
                "FROM outliers o JOIN file_manifest f USING (image_id)\n"
                f"WHERE o.class_name = {text(name)} AND o.level = {text(level)} AND o.scope = 'class' "
                f"AND o.side = 'low'\n  AND f.{column} = {text(value)}\nORDER BY o.rank",
                action=f"Look at this {kind} as a whole: keep it, label it apart, or take it out. Then judge what is "
                "left.",
            )
        )
    return findings
