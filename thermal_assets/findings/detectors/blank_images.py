"""Images that show nothing: every picture channel has the same single value.

Measure: minimum = maximum over the picture channels, as a share of the class's images.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT class_name, count(*) FILTER (WHERE minimum = maximum) AS n, count(*) AS images,
       min(image_id, 12) FILTER (WHERE minimum = maximum) AS examples
FROM channel_stats GROUP BY ALL HAVING n > 0 ORDER BY class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL):
        name, count = row["class_name"], row["n"]
        share = count / row["images"]
        verb = "is" if count == 1 else "are"
        findings.append(
            Finding(
                finding_id=f"blank_images:{name}",
                severity="MEDIUM",
                detector="blank_images",
                level="L1",
                class_name=name,
                title="Blank pictures",
                statement=f"{number(count)} of the {counted(row['images'], 'image')} of class {name} "
                f"({percent(share)}) {verb} one flat colour.",
                effect_name="share of the images of the class",
                effect_size=share,
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql="SELECT image_id, width, height, mode, minimum, maximum FROM channel_stats\n"
                f"WHERE class_name = {text(name)} AND minimum = maximum ORDER BY image_id",
                action="Take them out of the training list: there is nothing to learn from them.",
            )
        )
    return findings
