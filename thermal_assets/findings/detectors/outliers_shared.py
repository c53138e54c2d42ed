"""Images to look at first: they lie alone in their class at L2 and at L3, and clearly so.

Measure: images in the low budget of class_outliers at both levels. A budget names the least dense
of every class however good it is, so the image must also lie far out: e to the (median log density
of its class minus its own log density) is how many times farther its neighbours are than those of
the typical image; it must reach outlier_distance_ratio at both levels. The smaller of the two is
the effect of an image.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, text
from thermal_assets.findings.thresholds import Thresholds

# density and not the judged density_xs: its scale is the one of which the class median is kept.
_SHARED = """
WITH far AS (
    SELECT o.image_key, o.class_name, o.level, exp(s.median_log_density - ln(d.density)) AS times_farther
    FROM class_outliers o
    JOIN lenses l ON l.lens_id = o.lens_id AND l.in_force
    JOIN class_densities d ON d.image_key = o.image_key AND d.level = o.level AND d.lens_id = o.lens_id
    JOIN class_density_scales s ON s.class_name = o.class_name AND s.level = o.level AND s.lens_id = o.lens_id
    WHERE o.side = 'low' AND d.reliable
), shared AS (
    SELECT image_key, class_name, min(times_farther) AS times_farther
    FROM far GROUP BY ALL HAVING count(DISTINCT level) = 2 AND min(times_farther) >= {ratio}
)
"""
_SQL = """
SELECT s.class_name, count(*) AS n, median(s.times_farther) AS typical, max(s.times_farther) AS largest,
       arg_max(f.image_id, s.times_farther, 12) AS examples
FROM shared s JOIN file_manifest f ON f.image_key = s.image_key
GROUP BY s.class_name ORDER BY s.class_name
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    shared = _SHARED.format(ratio=float(thresholds.outlier_distance_ratio)).strip()
    findings = []
    for row in fetch(connection, f"{shared}\n{_SQL}"):
        name, count = row["class_name"], row["n"]
        verb = "lies" if count == 1 else "lie"
        findings.append(
            Finding(
                finding_id=f"outliers_shared:{name}",
                severity="LOW",
                detector="outliers_shared",
                level="L3",
                class_name=name,
                title="Look at these first",
                statement=f"{counted(count, 'image')} of class {name} {verb} alone at both levels: the ten nearest "
                "images "
                f"of the class are {row['typical']:.1f} times (at most {row['largest']:.1f} times) as far away as for "
                f"its typical image. From {thresholds.outlier_distance_ratio:g} times on it is told; "
                f"{number(len(row['examples']))} are shown here.",
                effect_name="times farther than the typical image",
                effect_size=row["typical"],
                affected_images=count,
                example_ids=tuple(row["examples"]),
                evidence_sql=f"{shared}\nSELECT f.image_id, round(s.times_farther, 2) AS times_farther, f.session_id, "
                "f.distance_m\nFROM shared s JOIN file_manifest f ON f.image_key = s.image_key\n"
                f"WHERE s.class_name = {text(name)}\nORDER BY s.times_farther DESC",
                action="Look at the pictures, and take out those that do not show what the class is for.",
            )
        )
    return findings
