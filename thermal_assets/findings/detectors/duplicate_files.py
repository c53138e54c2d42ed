"""Copies of one picture inside a class.

Measure: images that are further copies (equal bytes, or equal pixels in another container) of an
image of their class, as a share of its images. One of each group is no copy and is not counted.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

# An image in a group of equal bytes and in one of equal pixels is one copy, not two.
_SQL = """
WITH copies AS (
    SELECT image_id, class_name, bool_or(kind = 'file') AS equal_bytes
    FROM duplicates WHERE kind IN ('file', 'pixels') AND same_class AND NOT keeper
    GROUP BY ALL
)
SELECT class_name, count(*) AS n, count(*) FILTER (WHERE equal_bytes) AS equal_bytes,
       min(image_id, 12) AS examples,
       (SELECT count(*) FROM channel_stats s WHERE s.class_name = copies.class_name) AS images
FROM copies GROUP BY ALL ORDER BY class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL):
        name, count = row["class_name"], row["n"]
        share = count / max(row["images"], count)
        verb = "is a further copy" if count == 1 else "are further copies"
        findings.append(
            Finding(
                finding_id=f"duplicate_files:{name}",
                severity="MEDIUM" if share >= thresholds.duplicate_medium_share else "LOW",
                detector="duplicate_files",
                level="L1",
                class_name=name,
                title="Copies inside a class",
                statement=f"{number(count)} of the {counted(row['images'], 'image')} of class {name} "
                f"({percent(share)}) "
                f"{verb} of a picture of the same class: {number(row['equal_bytes'])} with equal bytes, "
                f"{number(count - row['equal_bytes'])} with equal pixels only.",
                effect_name="share of the images of the class",
                effect_size=share,
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT group_id, kind, image_id, keeper FROM duplicates\n"
                f"WHERE class_name = {text(name)} AND same_class AND kind IN ('file', 'pixels')\n"
                "ORDER BY group_id, keeper DESC, image_id",
                action="Keep the image marked keeper of each group; never let a group fall into training and test "
                "both.",
            )
        )
    return findings
