"""Traces of a faulty sensor: lines that show one value from end to end, and single dead or hot pixels.

Measure: stuck_rows + stuck_columns and dead_pixels of channel_stats, as shares of the images: of the class
where it is a serious share, else of the data set in one finding a kind. Noise that a camera has sharpened leaves
points as small as dead pixels, and one picture does not tell them apart, so single pixels are never more than LOW.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.detectors.blank_images import BLANK
from thermal_assets.findings.finding import Finding, counted, fetch, number, percent
from thermal_assets.findings.scopes import ClassCount, Scope, image_counts, scopes
from thermal_assets.findings.thresholds import Thresholds

# kind: (title, what the images have, count in SQL, what to do)
_KINDS = {
    "lines": (
        "Stuck lines of the sensor",
        "rows or columns of one value",
        "stuck_rows + stuck_columns",
        "Look whether the defect stays at one place over the frames of a session: then let the camera recalibrate, "
        "or fill the pixels from their neighbours before training.",
    ),
    "pixels": (
        "Single pixels unlike their surroundings",
        "single pixels that do not belong to what is around them",
        "dead_pixels",
        "Compare frames of one session: a dead pixel stays at its place; let the camera recalibrate, or fill it from its "
        "neighbours before training. Points that move are noise which the camera sharpened, and nothing is broken.",
    ),
}


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    sizes = image_counts(connection)
    for kind, (_, _, count, _) in _KINDS.items():
        least = 1 if kind == "lines" else thresholds.dead_pixels_least
        # A picture of one colour has its own detector.
        condition = f"{count} >= {least} AND NOT {BLANK}"
        rows = fetch(
            connection,
            f"SELECT class_name, count(*) AS n, arg_max(image_id, {count}, 12) AS examples FROM channel_stats\n"
            f"WHERE {condition} GROUP BY ALL ORDER BY class_name",
        )
        hit = [ClassCount(row["class_name"], row["n"], tuple(row["examples"])) for row in rows]
        for scope in scopes(hit, sizes, thresholds, thresholds.class_alone_share):
            (numbers,) = fetch(
                connection,
                f"SELECT median({count}) AS usual, max({count}) AS most, count(DISTINCT m.session_id) AS sessions\n"
                f"FROM channel_stats s JOIN file_manifest m USING (image_id) WHERE {condition} AND s.{scope.condition}",
            )
            findings.append(_finding(kind, scope, numbers, condition))
    return findings


def _finding(kind: str, scope: Scope, numbers: dict[str, float], condition: str) -> Finding:
    title, words, count, action = _KINDS[kind]
    sessions = f", from {counted(int(numbers['sessions']), 'session')}" if numbers["sessions"] else ""
    return Finding(
        finding_id=f"pixel_defects:{kind}:{scope.subject}",
        severity="MEDIUM" if scope.serious and kind == "lines" else "LOW",
        detector="pixel_defects",
        level="L1",
        class_name=scope.class_name,
        title=title,
        statement=f"{number(scope.count)} of the {counted(scope.total, 'image')} of {scope.words} "
        f"({percent(scope.share)}) {'has' if scope.count == 1 else 'have'} {words}{scope.where}{sessions}; the median is "
        f"{numbers['usual']:g} an image, the most {numbers['most']:g}.{scope.note}",
        effect_name=f"share of the images of the {scope.unit}",
        effect_size=scope.share,
        affected_images=scope.count,
        example_ids=scope.examples,
        evidence_sql="SELECT s.class_name, s.image_id, stuck_rows, stuck_columns, dead_pixels, m.session_id\n"
        f"FROM channel_stats s JOIN file_manifest m USING (image_id)\nWHERE {condition} AND s.{scope.condition}\n"
        f"ORDER BY {count} DESC, s.image_id",
        action=action,
    )
