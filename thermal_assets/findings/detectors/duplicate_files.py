"""Copies of one picture inside a class.

Measure: images that are further copies (equal bytes, or equal pixels in another container) of an
image of their class, as a share of the images: of the class where it is a serious share, else of the
data set in one finding. One of each group is no copy and is not counted.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number, percent
from thermal_assets.findings.scopes import ClassCount, image_counts, scopes
from thermal_assets.findings.thresholds import Thresholds

# An image in a group of equal bytes and in one of equal pixels is one copy, not two.
_SQL = """
WITH copies AS (
    SELECT image_id, class_name, bool_or(kind = 'file') AS equal_bytes
    FROM duplicates WHERE kind IN ('file', 'pixels') AND same_class AND NOT keeper
    GROUP BY ALL
)
SELECT class_name, count(*) AS n, count(*) FILTER (WHERE equal_bytes) AS equal_bytes, min(image_id, 12) AS examples
FROM copies GROUP BY ALL ORDER BY class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = {row["class_name"]: row for row in fetch(connection, _SQL)}
    hit = [ClassCount(name, row["n"], tuple(row["examples"])) for name, row in rows.items()]
    findings = []
    for scope in scopes(hit, image_counts(connection), thresholds, thresholds.class_alone_share):
        equal_bytes = sum(rows[item.class_name]["equal_bytes"] for item in scope.hit)
        kinds = [("equal bytes", equal_bytes), ("equal pixels only", scope.count - equal_bytes)]
        told = [kind for kind in kinds if kind[1]]
        much = scope.serious or scope.share >= thresholds.duplicate_medium_share
        findings.append(
            Finding(
                finding_id=f"duplicate_files:{scope.subject}",
                severity="MEDIUM" if much else "LOW",
                detector="duplicate_files",
                level="L1",
                class_name=scope.class_name,
                title="Copies inside a class",
                statement=f"{number(scope.count)} of the {counted(scope.total, 'image')} of {scope.words} "
                f"({percent(scope.share)}) {'is a further copy' if scope.count == 1 else 'are further copies'} of a "
                f"picture of the same class{scope.where}. {'Kind' if len(told) == 1 else 'Kinds'}: {counted_names(told)}."
                f"{scope.note}",
                effect_name=f"share of the images of the {scope.unit}",
                effect_size=scope.share,
                affected_images=scope.count,
                example_ids=scope.examples,
                evidence_sql="SELECT class_name, group_id, kind, image_id, keeper FROM duplicates\n"
                f"WHERE same_class AND kind IN ('file', 'pixels') AND {scope.condition}\n"
                "ORDER BY class_name, group_id, keeper DESC, image_id",
                action="Keep the image marked keeper of each group; never let a group fall into training and test "
                "both.",
            )
        )
    return findings
