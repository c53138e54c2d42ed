"""Images whose neighbours in other sessions carry another label, where they are many.

Measure: images of table label_conflicts with score (share of the other label minus share of the own
one, large classes weighed down) at or above the threshold, as a share of the class, by the label they
point to. Single ones stay in the table: they are reading matter, not a finding.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT c.class_name, c.neighbor_class, count(*) AS n, avg(c.score) AS score,
       arg_min(c.image_id, c.rank, 12) AS examples, any_value(l.level) AS level,
       (SELECT count(*) FROM channel_stats s WHERE s.class_name = c.class_name) AS images
FROM label_conflicts c
JOIN lenses l ON l.lens_id = c.lens_id AND l.in_force
WHERE c.score >= $score AND c.neighbor_class <> c.class_name
GROUP BY c.class_name, c.neighbor_class
ORDER BY c.class_name, c.neighbor_class
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL, score=thresholds.label_conflict_score):
        name, other, count, images = row["class_name"], row["neighbor_class"], row["n"], row["images"]
        share = count / max(images, count)
        if images < thresholds.min_class_images or share < thresholds.label_conflict_share:
            continue
        findings.append(
            Finding(
                finding_id=f"label_conflicts:{name}|{other}",
                severity="MEDIUM",
                detector="label_conflicts",
                level=row["level"],
                class_name=name,
                title="Images that lie among another class",
                statement=f"{number(count)} of the {counted(images, 'image')} of class {name} ({percent(share)}) have "
                f"nearly only images of {other} around them, own session left out and large classes weighed down.",
                effect_name="share of the images of the class",
                effect_size=share,
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT rank, image_id, neighbor_class, neighbor_share, own_share, score\n"
                f"FROM label_conflicts\nWHERE class_name = {text(name)} AND neighbor_class = {text(other)} "
                f"AND score >= {thresholds.label_conflict_score}\nORDER BY rank",
                action="Check the labels of the examples by eye, the worst first; then of the whole list.",
            )
        )
    return findings
