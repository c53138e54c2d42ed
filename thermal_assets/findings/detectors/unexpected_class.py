"""Class folders that the profile does not list, though it lists its classes.

Measure: expected = false in class_catalog. The nearest name among the expected classes is offered,
because a mistyped folder splits a class in two.
"""

from __future__ import annotations

from difflib import get_close_matches

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT class_name, expected, file_count,
       (SELECT min(f.image_id, 12) FROM file_manifest f WHERE f.class_name = c.class_name) AS examples
FROM classes c ORDER BY class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL)
    expected = [row["class_name"] for row in rows if row["expected"]]
    findings = []
    for row in rows:
        if row["expected"] is not False:
            continue
        name = row["class_name"]
        near = get_close_matches(name, expected, n=1, cutoff=0.85)
        hint = f" Its name is nearly that of class {near[0]}." if near else ""
        findings.append(
            Finding(
                finding_id=f"unexpected_class:{name}",
                severity="MEDIUM",
                detector="unexpected_class",
                level="L1",
                class_name=name,
                title="A class the profile does not list",
                statement=f"The folder {name} with {counted(row['file_count'], 'file')} is not among the classes of "
                "the "
                f"profile.{hint}",
                effect_name="files of the class",
                effect_size=float(row["file_count"]),
                affected_images=row["file_count"],
                example_ids=tuple(row["examples"] or ()),
                evidence_sql="SELECT class_name, expected, file_count, image_count FROM classes\n"
                f"WHERE class_name = {text(name)}",
                action="Rename or remove the folder, or add the class to the profile.",
            )
        )
    return findings
