"""Files of a class folder that gave no picture.

Measure: files of file_manifest with a problem in image_problems and no row in channel_stats, as a
share of the files of the class. A class whose images were not read yet has no such problem rows.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH unreadable AS (
    SELECT f.image_id, f.class_name, min(p.code) AS code
    FROM file_manifest f
    JOIN image_problems p ON p.image_key = f.image_key AND p.stage IN ('manifest', 'decode')
    ANTI JOIN channel_stats s ON s.image_key = f.image_key
    GROUP BY f.image_id, f.class_name
), codes AS (
    SELECT class_name, code, count(*) AS n FROM unreadable GROUP BY ALL
)
SELECT u.class_name, count(*) AS n, min(u.image_id, 12) AS examples, any_value(t.n) AS files,
       any_value(c.codes) AS codes, any_value(c.counts) AS counts
FROM unreadable u
JOIN (SELECT class_name, count(*) AS n FROM file_manifest GROUP BY ALL) t USING (class_name)
JOIN (SELECT class_name, list(code ORDER BY n DESC, code) AS codes, list(n ORDER BY n DESC, code) AS counts
      FROM codes GROUP BY ALL) c USING (class_name)
GROUP BY u.class_name
ORDER BY u.class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL):
        name, count, files = row["class_name"], row["n"], row["files"]
        share = count / files
        findings.append(
            Finding(
                finding_id=f"unreadable_files:{name}",
                severity="HIGH" if share >= thresholds.unreadable_high_share else "MEDIUM",
                detector="unreadable_files",
                level="L1",
                class_name=name,
                title="Files that cannot be read",
                statement=f"{number(count)} of the {counted(files, 'file')} of class {name} ({percent(share)}) gave no "
                f"picture: {counted_names(list(zip(row['codes'], row['counts'], strict=True)))}.",
                effect_name="share of the files of the class",
                effect_size=share,
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT p.image_id, p.stage, p.code, p.message\n"
                "FROM image_problems p\nANTI JOIN channel_stats s ON s.image_key = p.image_key\n"
                f"WHERE p.class_name = {text(name)} ORDER BY p.code, p.image_id",
                action="Fetch these files again from their source, or take them out of the training list.",
            )
        )
    return findings
