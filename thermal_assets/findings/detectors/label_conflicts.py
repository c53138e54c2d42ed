"""Images whose label is suspect, where they are many.

Measure: images of table label_conflicts with odds against the label (neighbours in other sessions and
a classifier held out by session, in equal parts) at or above the threshold, as a share of the class:
the rows of view suspect_labels. Not the share of the neighbours alone: where classes resemble each
other, or many labels are wrong, no image has all of them against it. One finding a class, whatever
the suspects look like. One or two stay in the view: they are reading matter, not a finding.

Never more than LOW: where classes resemble each other, right labels reach the same odds, and only the eye
can tell. A whole batch under a wrong label is what label_contamination tells, as loudly as it deserves.
"""

from __future__ import annotations

from math import exp

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.warehouse.suspect_labels import suspect_labels_sql

_SQL = f"""
WITH suspects AS (
    SELECT c.*, l.level FROM ({suspect_labels_sql("$odds")}) c
    JOIN lenses l ON l.lens_id = c.lens_id AND l.in_force
), towards AS (
    SELECT class_name, neighbor_class, count(*) AS n FROM suspects GROUP BY ALL
)
SELECT class_name, count(*) AS n, median(log_odds) AS log_odds, arg_min(image_id, rank, 12) AS examples,
       any_value(level) AS level,
       (SELECT list({{'name': neighbor_class, 'n': n}} ORDER BY n DESC, neighbor_class) FROM towards t
        WHERE t.class_name = s.class_name) AS others,
       (SELECT count(*) FROM channel_stats i WHERE i.class_name = s.class_name) AS images
FROM suspects s
GROUP BY class_name
ORDER BY class_name
"""
_NAMED = 3


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    odds = thresholds.label_conflict_odds
    for row in fetch(connection, _SQL, odds=odds):
        name, count, images = row["class_name"], row["n"], row["images"]
        share = count / max(images, count)
        few = count < thresholds.label_conflict_images or images < thresholds.min_class_images
        if few or share < thresholds.label_conflict_share:
            continue
        towards = ", ".join(f"{number(other['n'])} like {other['name']}" for other in row["others"][:_NAMED])
        more = "" if len(row["others"]) <= _NAMED else " and others"
        findings.append(
            Finding(
                finding_id=f"label_conflicts:{name}",
                severity="LOW",
                detector="label_conflicts",
                level=row["level"],
                class_name=name,
                title="Images that lie among another class",
                statement=f"{number(count)} of the {counted(images, 'image')} of class {name} ({percent(share)}) look like "
                f"another class ({towards}{more}): their neighbours in other sessions and a classifier that has not seen "
                f"their session put the odds against the label at {odds:g} to 1 or more, half of them at "
                f"{number(round(exp(row['log_odds'])))} to 1 or more.",
                effect_name="share of the images of the class",
                effect_size=share,
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT rank, image_id, neighbor_class, exp(log_odds) AS odds, neighbor_share, own_share\n"
                f"FROM suspect_labels\nWHERE class_name = {text(name)}\nORDER BY rank",
                action="Check the labels of the examples by eye, the longest odds first; classes that resemble each other "
                "exchange images too. Then the whole list.",
            )
        )
    return findings
