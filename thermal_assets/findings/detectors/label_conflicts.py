"""Classes with more contradicted labels than resemblance explains.

Measure: table label_noise, the share of a class that is as typical of other classes as their own images are. Classes
that resemble each other exchange images where they meet, and that is no finding: their share falls to nothing the
farther into the other class one looks, while that of wrong labels levels off. Told where the share is
label_conflict_share or more and its interval by sessions lies above 0; MEDIUM where the whole interval lies above
label_conflict_share. Where sessions are too few for an interval, nothing is identifiable and nothing is told; where
names carry none, single images were resampled, which makes it LOW. The images are those of view suspect_labels: odds
against the label, and more typical of the other class than half of that class's own images.

Never HIGH: a picture in which the lens sees nothing of its class looks the same as a wrong label, and only the eye can
tell. A whole batch under a wrong label is what label_contamination tells, as loudly as it deserves.
"""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.warehouse.suspect_labels import suspect_labels_sql

_SQL = f"""
WITH suspects AS (
    SELECT class_name, count(*) AS n, arg_min(image_id, rank, 12) AS examples
    FROM ({suspect_labels_sql("$odds", "$typicality")})
    GROUP BY class_name
)
SELECT t.*, l.level, s.n, s.examples,
       (SELECT list({{'name': p.neighbor_class, 'share': p.share}} ORDER BY p.share DESC, p.neighbor_class)
        FROM label_noise p
        WHERE p.class_name = t.class_name AND p.lens_id = t.lens_id AND p.neighbor_class <> '*' AND p.share > 0) AS others
FROM label_noise t JOIN lenses l ON l.lens_id = t.lens_id AND l.in_force
JOIN suspects s ON s.class_name = t.class_name
WHERE t.neighbor_class = '*' AND t.share >= $share AND t.ci_low > 0
  AND t.image_count >= $least AND s.n >= $few
ORDER BY t.class_name
"""
_NAMED = 3


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(
        connection,
        _SQL,
        odds=thresholds.label_conflict_odds,
        typicality=thresholds.label_conflict_typicality,
        share=thresholds.label_conflict_share,
        least=thresholds.min_class_images,
        few=thresholds.label_conflict_images,
    )
    return [_finding(row, thresholds) for row in rows]


def _finding(row: dict[str, Any], thresholds: Thresholds) -> Finding:
    name, images = row["class_name"], row["image_count"]
    others = [other for other in row["others"] or [] if other["share"] >= 0.0005]
    towards = ", ".join(f"{percent(other['share'])} of {other['name']}" for other in others[:_NAMED])
    more = "" if len(others) <= _NAMED else " and others"
    certain = row["sessions"] > 0 and row["ci_low"] >= thresholds.label_conflict_share
    alone = "" if row["sessions"] else " The names carry no session, so single images were taken as independent."
    return Finding(
        finding_id=f"label_conflicts:{name}",
        severity="MEDIUM" if certain else "LOW",
        detector="label_conflicts",
        level=row["level"],
        class_name=name,
        title="Images that lie among another class",
        statement=f"{percent(row['share'])} of the {counted(images, 'image')} of class {name} (95 % interval "
        f"{percent(row['ci_low'])} to {percent(row['ci_high'])}) are as typical of other classes as those classes' own "
        f"images are ({towards}{more}). Classes that resemble each other exchange images where they meet; these lie "
        f"deeper. {number(row['n'])} of them can be named: odds of {thresholds.label_conflict_odds:g} to 1 or more against "
        f"the label, by neighbours in other sessions and a classifier that has not seen their session.{alone}",
        effect_name="share of the class beyond what resemblance explains",
        effect_size=row["share"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
        affected_images=row["n"],
        example_ids=tuple(row["examples"]),
        evidence_sql="SELECT rank, image_id, neighbor_class, exp(log_odds) AS odds, typicality, neighbor_share, own_share\n"
        f"FROM suspect_labels\nWHERE class_name = {text(name)}\nORDER BY rank",
        action="Check the labels of the examples by eye, the longest odds first, then the whole list. A right label among "
        "them means that the picture shows nothing of its class to this lens.",
    )
