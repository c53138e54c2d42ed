"""Classes that consist of near copies: consecutive frames, or the same view again and again.

Measure: images that lie almost on another image of their class, or have almost its perceptual hash (groups of kind
'near', one image of each group not counted), as a share of the images of the class.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH sizes AS (SELECT class_name, count(*) AS images FROM channel_stats GROUP BY ALL)
SELECT d.class_name, count(*) AS n, count(DISTINCT d.group_id) AS groups, max(d.group_size) AS largest,
       count(*) FILTER (WHERE d.same_session) AS in_session, count(d.same_session) AS with_session,
       min(d.image_id, 12) AS examples, any_value(s.images) AS images
FROM duplicates d JOIN sizes s USING (class_name)
WHERE d.kind = 'near' AND d.same_class AND NOT d.keeper AND s.images >= $least
GROUP BY ALL ORDER BY d.class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL, least=thresholds.min_class_images):
        name, count = row["class_name"], row["n"]
        share = count / row["images"]
        if share < thresholds.near_copy_share:
            continue
        sessions = (
            f" {percent(row['in_session'] / row['with_session'])} of them lie in groups of one session."
            if row["with_session"]
            else ""
        )
        findings.append(
            Finding(
                finding_id=f"near_copies:{name}",
                severity="LOW",
                detector="near_copies",
                level="L2",
                class_name=name,
                title="Many near copies",
                statement=f"{number(count)} of the {counted(row['images'], 'image')} of class {name} "
                f"({percent(share)}) "
                f"are nearly a copy of another image of the class, in {counted(row['groups'], 'group')}; the largest "
                f"has {number(row['largest'])} images.{sessions}",
                effect_name="share of the images of the class",
                effect_size=share,
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT group_id, group_size, image_id, keeper, distance, hash_bits, same_session FROM duplicates\n"
                f"WHERE class_name = {text(name)} AND same_class AND kind = 'near'\n"
                "ORDER BY group_size DESC, group_id, keeper DESC, distance",
                action="Split into training and test by session, never by image; thin the groups if training is slow.",
            )
        )
    return findings
