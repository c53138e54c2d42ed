"""Images to look at first: they lie alone in their class at L2 and at L3, and clearly so.

Measure: images in the low budget of class_outliers at both levels. A budget names the least dense
of every class however good it is, so the image must also lie far out: e to the (median log density
of its class minus its own log density) is how many times farther its neighbours are than those of
the typical image; it must reach outlier_distance_ratio at both levels. The smaller of the two is
the effect of an image. One finding for the data set: it is one list, worked through from the top.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import MAX_EXAMPLES, Finding, counted, counted_names, fetch
from thermal_assets.findings.scopes import WORST
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
_SQL = f"""
SELECT count(*) AS n, median(s.times_farther) AS typical, max(s.times_farther) AS largest,
       arg_max(f.image_id, s.times_farther, {MAX_EXAMPLES}) AS examples, histogram(s.class_name) AS classes
FROM shared s JOIN file_manifest f ON f.image_key = s.image_key
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    shared = _SHARED.format(ratio=float(thresholds.outlier_distance_ratio)).strip()
    (row,) = fetch(connection, f"{shared}\n{_SQL}")
    count = row["n"]
    if not count:
        return []
    classes = sorted(row["classes"].items(), key=lambda pair: (-pair[1], pair[0]))
    where = f"class {classes[0][0]}" if len(classes) == 1 else f"{len(classes)} classes"
    worst = "" if len(classes) == 1 else f" The classes: {counted_names(classes, WORST)}."
    farther = f"{row['typical']:.1f} times" if count == 1 else f"typically {row['typical']:.1f} times"
    most = f" (at most {row['largest']:.1f} times)" if count > 1 else ""
    shown = len(row["examples"])
    told = f" The {shown} most extreme are the examples." if shown < count else ""
    return [
        Finding(
            finding_id="outliers_shared:dataset",
            severity="LOW",
            detector="outliers_shared",
            level="L3",
            class_name=None,
            title="Look at these first",
            statement=f"{counted(count, 'image')} in {where} {'lies' if count == 1 else 'lie'} alone at both levels: "
            f"the ten nearest images of the class are {farther}{most} as far away as for the typical image of the "
            f"class. It is told from {thresholds.outlier_distance_ratio:g} times on.{worst}{told}",
            effect_name="times farther than the typical image",
            effect_size=row["typical"],
            affected_images=count,
            example_ids=tuple(row["examples"]),
            evidence_sql=f"{shared}\nSELECT s.class_name, f.image_id, round(s.times_farther, 2) AS times_farther,\n"
            "       f.session_id, f.distance_m\nFROM shared s JOIN file_manifest f ON f.image_key = s.image_key\n"
            "ORDER BY s.times_farther DESC, f.image_id",
            action="Look at the pictures, and take out those that do not show what the class is for.",
        )
    ]
