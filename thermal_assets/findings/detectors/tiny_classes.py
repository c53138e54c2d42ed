"""Classes too small to be judged by their neighbours, and classes without any picture.

Measure: decodable images of the class against five times the ten neighbours behind a density.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, text
from thermal_assets.findings.thresholds import Thresholds

# A class whose files nobody tried to read yet is not empty: only what was looked at is judged.
_SQL = """
SELECT c.class_name, c.image_count, c.file_count,
       (SELECT min(s.image_id, 12) FROM channel_stats s WHERE s.class_name = c.class_name) AS examples
FROM classes c
WHERE c.image_count < $least
  AND (c.image_count > 0 OR c.file_count = (SELECT count(DISTINCT p.image_id) FROM image_problems p
                                            WHERE p.class_name = c.class_name AND p.stage IN ('manifest', 'decode')))
ORDER BY c.class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL, least=thresholds.min_class_images):
        name, images = row["class_name"], row["image_count"]
        empty = images == 0
        findings.append(
            Finding(
                finding_id=f"tiny_classes:{name}",
                severity="MEDIUM" if empty else "LOW",
                detector="tiny_classes",
                level="L1",
                class_name=name,
                title="A class without any picture" if empty else "A class too small to judge",
                statement=f"Class {name} has {counted(row['file_count'], 'file')} and no readable image."
                if empty
                else f"Class {name} has {counted(images, 'image')}, fewer than {thresholds.min_class_images}: its "
                "densities are shown, but no image in it is called an outlier and no comparison with it is judged.",
                effect_name="images of the class",
                effect_size=float(images),
                affected_images=row["file_count"] if empty else images,
                example_ids=tuple(row["examples"] or ()),
                evidence_sql="SELECT class_name, file_count, image_count FROM classes\n"
                f"WHERE class_name = {text(name)}",
                action="Remove the folder, or put its pictures in."
                if empty
                else "Look at all of it by eye, or collect more before relying on it.",
            )
        )
    return findings
