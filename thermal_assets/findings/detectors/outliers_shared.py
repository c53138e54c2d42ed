"""Images to look at first: they lie alone in their class at L2 and at L3, and clearly so.

Measure: images in the low budget of class_outliers at both levels. A budget names the least dense
of every class however good it is, so the image must also lie far out: its nearest images must be
outlier_distance_ratio times as far away as those of the typical image of its class, at both levels
(times_farther of view judged_densities: by images of other sessions where there are three, so that
near frames of one odd object do not vouch for each other). The smaller of the two is the effect of an
image. One finding for the data set: it is one list, worked through from the top.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import MAX_EXAMPLES, Finding, counted, counted_names, fetch
from thermal_assets.findings.scopes import WORST
from thermal_assets.findings.thresholds import Thresholds

_SHARED = """
WITH shared AS (
    SELECT d.image_id, d.class_name, min(d.times_farther) AS times_farther, arg_min(d.basis, d.times_farther) AS basis
    FROM class_outliers o
    JOIN lenses l ON l.lens_id = o.lens_id AND l.in_force
    JOIN judged_densities d ON d.image_key = o.image_key AND d.level = o.level
    WHERE o.side = 'low'
    GROUP BY ALL HAVING count(*) = 2 AND min(d.times_farther) >= {ratio}
)
"""
_SQL = f"""
SELECT count(*) AS n, median(times_farther) AS typical, max(times_farther) AS largest,
       arg_max(image_id, times_farther, {MAX_EXAMPLES}) AS examples, histogram(class_name) AS classes,
       list(DISTINCT basis) AS bases
FROM shared
"""
_NEAREST = {
    "other sessions": "the ten nearest images of the class in other sessions are",
    "near copies removed": "the ten nearest images of the class that are no near copies are",
}


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
            f"{_nearest(row['bases'])} {farther}{most} as far away as for the typical image of the "
            f"class. It is told from {thresholds.outlier_distance_ratio:g} times on.{worst}{told}",
            effect_name="times farther than the typical image",
            effect_size=row["typical"],
            affected_images=count,
            example_ids=tuple(row["examples"]),
            evidence_sql=f"{shared}\nSELECT s.class_name, image_id, round(s.times_farther, 2) AS times_farther,\n"
            "       s.basis, f.session_id, f.distance_m\nFROM shared s JOIN file_manifest f USING (image_id)\n"
            "ORDER BY s.times_farther DESC, image_id",
            action="Look at the pictures, and take out those that do not show what the class is for.",
        )
    ]


def _nearest(bases: list[str]) -> str:
    """Which images the distance is to, in words; the evidence says it of every image."""
    if len(bases) == 1 and bases[0] in _NEAREST:
        return _NEAREST[bases[0]]
    left_out = "" if all(basis not in _NEAREST for basis in bases) else ", own session left out where possible,"
    return f"the ten nearest images of the class{left_out} are"
