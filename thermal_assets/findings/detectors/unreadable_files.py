"""Files of a class folder that gave no picture.

Measure: files of file_manifest with a problem in image_problems and no row in channel_stats, as a
share of the files: of the class where it lost a serious share, else of the data set in one finding.
A class whose images were not read yet has no such problem rows.
"""

from __future__ import annotations

from collections import Counter

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, in_words, number, percent
from thermal_assets.findings.scopes import ClassCount, file_counts, scopes
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH unreadable AS (
    SELECT f.image_id, f.class_name, min(p.code) AS code
    FROM file_manifest f
    JOIN image_problems p ON p.image_key = f.image_key AND p.stage IN ('manifest', 'decode')
    ANTI JOIN channel_stats s ON s.image_key = f.image_key
    GROUP BY f.image_id, f.class_name
)
SELECT class_name, count(*) AS n, min(image_id, 12) AS examples, histogram(code) AS codes
FROM unreadable GROUP BY class_name ORDER BY class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = {row["class_name"]: row for row in fetch(connection, _SQL)}
    hit = [ClassCount(name, row["n"], tuple(row["examples"])) for name, row in rows.items()]
    high = thresholds.unreadable_high_share
    findings = []
    for scope in scopes(hit, file_counts(connection), thresholds, high):
        codes: Counter[str] = Counter()
        for item in scope.hit:
            codes.update(rows[item.class_name]["codes"])
        causes = [(in_words(code), n) for code, n in sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))]
        lost = scope.serious or (scope.share >= high and scope.count >= thresholds.class_alone_files)
        findings.append(
            Finding(
                finding_id=f"unreadable_files:{scope.subject}",
                severity="HIGH" if lost else "MEDIUM",
                detector="unreadable_files",
                level="L1",
                class_name=scope.class_name,
                title="Files that cannot be read",
                statement=f"{number(scope.count)} of the {counted(scope.total, 'file')} of {scope.words} "
                f"({percent(scope.share)}) gave no picture{scope.where}. {'Cause' if len(causes) == 1 else 'Causes'}: "
                f"{counted_names(causes, len(causes))}.{scope.note}",
                effect_name=f"share of the files of the {scope.unit}",
                effect_size=scope.share,
                affected_images=scope.count,
                example_ids=scope.examples,
                evidence_sql="SELECT p.class_name, p.image_id, p.stage, p.code, p.message\n"
                "FROM image_problems p\nANTI JOIN channel_stats s ON s.image_key = p.image_key\n"
                f"WHERE p.stage IN ('manifest', 'decode') AND p.{scope.condition}\n"
                "ORDER BY p.class_name, p.code, p.image_id",
                action="Fetch these files again from their source, or take them out of the training list.",
            )
        )
    return findings
