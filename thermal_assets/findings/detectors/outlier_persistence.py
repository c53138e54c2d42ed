"""L3 lenses that hide the outliers of L2.

Measure: table outlier_persistence at its greatest depth n for each class. Folding keeps outliers by
itself, so the overlap is compared with what random projections to the dimension of L3 keep. Two
lists drawn by lot from N images share n * n / N, a third of a class of 300 at n = 100; what goes
beyond that is what was kept. Told only where the overlap lies below every random projection and what
L3 kept is at or below persistence_ratio of what they kept on average. The interval of that ratio is that of what
the single random projections kept: of the images there is nothing to sample, they were all compared.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, fetch, number, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT *, n * n / images_compared AS by_lot FROM outlier_persistence
WHERE expected > n * n / images_compared
QUALIFY row_number() OVER (PARTITION BY class_name, scope ORDER BY n DESC) = 1
ORDER BY class_name, scope
"""


_ENDS = ("expected_high", "expected_low")  # what more random projections keep makes the ratio smaller


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL):
        overlap, expected, lowest = row["overlap"], row["expected"], row["expected_low"]
        beyond_lot = max(overlap - row["by_lot"], 0.0)
        kept = beyond_lot / (expected - row["by_lot"])
        bounds = [beyond_lot / of if (of := row[end] - row["by_lot"]) > 0 else None for end in _ENDS]
        if overlap >= lowest or kept > thresholds.persistence_ratio:
            continue
        name, scope = row["class_name"], row["scope"]
        where = "the whole data set" if name == "*" else f"class {name}"
        among = "" if scope == "class" else " (compared with every class)"
        findings.append(
            Finding(
                finding_id=f"outlier_persistence:{name}:{scope}",
                severity="LOW",
                detector="outlier_persistence",
                level="L3",
                class_name=None if name == "*" else name,
                title="L3 hides outliers of L2",
                statement=f"Of the {number(row['n'])} least dense images of {where} at L2{among}, only "
                f"{number(overlap)} "
                f"are so at L3; {row['projections']} random projections of the same size keep {expected:.0f} on "
                "average "
                f"({row['expected_low']:.0f} to {row['expected_high']:.0f}); lists drawn by lot share "
                f"{row['by_lot']:.0f}.",
                effect_name="kept by L3 over kept by random projections, beyond what lots share",
                effect_size=kept,
                ci_low=bounds[0],
                ci_high=bounds[1],
                affected_images=row["n"] - overlap,
                evidence_sql="SELECT class_name, scope, n, images_compared, overlap, expected, expected_low,\n"
                f"       expected_high, sessions, rank_correlation\nFROM outlier_persistence\nWHERE class_name = {text(name)} "
                f"AND scope = {text(scope)}\nORDER BY n",
                action="Look at the outliers of L2 too, not of L3 alone; fit the L3 lens again if it was fitted on "
                "other images.",
            )
        )
    return findings
