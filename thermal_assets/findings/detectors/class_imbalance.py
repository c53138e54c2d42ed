"""Classes of very different size.

Measure: images of the largest class over images of the smallest that has any.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH sizes AS (SELECT class_name, count(*) AS n FROM channel_stats GROUP BY ALL)
SELECT class_name, n, max(n) OVER () AS largest, arg_max(class_name, n) OVER () AS largest_class
FROM sizes ORDER BY n, class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL)
    small = [(row["class_name"], row["n"]) for row in rows if row["largest"] >= thresholds.imbalance_ratio * row["n"]]
    if not small:
        return []
    largest, largest_class = rows[0]["largest"], rows[0]["largest_class"]
    ratio = largest / small[0][1]
    return [
        Finding(
            finding_id="class_imbalance:dataset",
            severity="MEDIUM" if ratio >= thresholds.imbalance_medium_ratio else "LOW",
            detector="class_imbalance",
            level="L1",
            class_name=small[0][0] if len(small) == 1 else None,
            title="Classes of very different size",
            statement=f"The largest class, {largest_class}, has {counted(largest, 'image')}: {ratio:,.0f} times as "
            "many "
            f"as the smallest. At least {thresholds.imbalance_ratio:g} times smaller than it: "
            f"{counted_names(small)}.",
            effect_name="largest over smallest class",
            effect_size=ratio,
            affected_images=sum(n for _, n in small),
            evidence_sql="SELECT class_name, count(*) AS images,\n"
            "       round(max(count(*)) OVER () / count(*), 1) AS times_smaller_than_the_largest\n"
            "FROM channel_stats GROUP BY ALL ORDER BY images",
            action="Weight the classes in training (a query of class weights is in the sql folder), or collect more "
            f"of the {number(len(small))} small ones.",
        )
    ]
