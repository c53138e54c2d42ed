"""Images that show nothing: one colour everywhere.

Measure: no picture channel varies, as a share of the images: of the class where it
is a serious share, else of the data set in one finding.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent
from thermal_assets.findings.scopes import ClassCount, image_counts, scopes
from thermal_assets.findings.thresholds import Thresholds

# One colour of a palette has three levels, so the range over all channels says too little.
BLANK = "(minimum = maximum OR coalesce(greatest(std_r, std_g, std_b), 1) = 0)"
_SQL = f"""
SELECT class_name, count(*) AS n, min(image_id, 12) AS examples
FROM channel_stats WHERE {BLANK} GROUP BY ALL ORDER BY class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    hit = [ClassCount(row["class_name"], row["n"], tuple(row["examples"])) for row in fetch(connection, _SQL)]
    return [
        Finding(
            finding_id=f"blank_images:{scope.subject}",
            severity="MEDIUM",
            detector="blank_images",
            level="L1",
            class_name=scope.class_name,
            title="Blank pictures",
            statement=f"{number(scope.count)} of the {counted(scope.total, 'image')} of {scope.words} "
            f"({percent(scope.share)}) {'is' if scope.count == 1 else 'are'} one flat colour{scope.where}.{scope.note}",
            effect_name=f"share of the images of the {scope.unit}",
            effect_size=scope.share,
            affected_images=scope.count,
            example_ids=scope.examples,
            evidence_sql="SELECT class_name, image_id, width, height, mode, minimum, maximum FROM channel_stats\n"
            f"WHERE {BLANK} AND {scope.condition} ORDER BY class_name, image_id",
            action="Take them out of the training list: there is nothing to learn from them.",
        )
        for scope in scopes(hit, image_counts(connection), thresholds, thresholds.class_alone_share)
    ]
