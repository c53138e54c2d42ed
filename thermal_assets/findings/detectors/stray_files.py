"""Files that lie in the image root but in no class folder, so that nothing counts or examines them.

Measure: rows of stray_files; MEDIUM if a file among them is a picture by its extension, else LOW.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number
from thermal_assets.findings.thresholds import Thresholds

_SQL = r"""
SELECT count(*) AS n, min(image_id, 12) AS examples,
       count(*) FILTER (WHERE regexp_matches(lower(image_id), '\.(png|jpe?g|tiff?|bmp|gif|webp|pgm|ppm)$')) AS pictures
FROM stray_files
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    (row,) = fetch(connection, _SQL)
    if not row["n"]:
        return []
    verb = "lies" if row["n"] == 1 else "lie"
    return [
        Finding(
            finding_id="stray_files:dataset",
            severity="MEDIUM" if row["pictures"] else "LOW",
            detector="stray_files",
            level="L1",
            class_name=None,
            title="Files outside every class folder",
            statement=f"{counted(row['n'], 'file')} {verb} in the image root but in no class folder; "
            f"{number(row['pictures'])} by the name a picture. They are in no count and no table of images.",
            effect_name="files",
            effect_size=float(row["n"]),
            affected_images=row["n"],
            example_ids=tuple(row["examples"]),
            evidence_sql="SELECT image_id, stage, code, message FROM stray_files ORDER BY image_id",
            action="Move them into the class folder they belong to, or out of the image root.",
        )
    ]
