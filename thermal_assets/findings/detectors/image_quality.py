"""Images that are too dark, too bright, clipped, flat, coarse or blurred for their class and distance.

Measure: table image_quality, in which every image is compared with the images of its own class and
distance. An image is told where it is both far out (robust z) and has lost most of what its group has:
light, room above its mean, contrast, bits of entropy, or the amplitude of its edges; or where far more of
it is clipped. A class with a serious share of one kind is told on its own; all single pictures are one
finding. Each image is told once, by the first of these kinds that holds, because a dark picture is flat as
well.
Blank pictures have a detector of their own.
"""

from __future__ import annotations

import math
from typing import Any

import duckdb

from thermal_assets.findings.detectors.blank_images import BLANK
from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number, percent, text
from thermal_assets.findings.scopes import ClassCount, Scope, image_counts, in_turn, scopes
from thermal_assets.findings.thresholds import Thresholds

# kind: (title, what the images are, possible cause)
_KINDS = {
    "dark": ("Pictures too dark for their class", "far darker", "the range of the camera, or a failed export"),
    "bright": ("Pictures too bright for their class", "far brighter", "the range of the camera, or a failed export"),
    "clipped": ("Clipped pictures", "clipped in far more pixels", "the temperature range set on the camera"),
    "flat": (
        "Pictures with little contrast for their class",
        "far flatter",
        "a range set far too wide, fog, or a cover",
    ),
    "coarse": ("Pictures with few levels for their class", "of far fewer levels", "strong compression or a bad export"),
    "blurred": ("Pictures blurred for their class", "far less sharp", "focus, motion, or a crop that was enlarged"),
}

_JUDGED = """
WITH judged AS (
    SELECT *, CASE
        WHEN measure = 'brightness' AND direction = 'low' AND value <= {left} * group_median THEN 1
        WHEN measure = 'brightness' AND direction = 'high' AND 1 - value <= {left} * (1 - group_median) THEN 2
        WHEN measure LIKE 'clipped%' AND direction = 'high' AND value >= group_median + {clipped} THEN 3
        WHEN measure = 'contrast' AND direction = 'low' AND value <= {left} * group_median THEN 4
        WHEN measure = 'entropy' AND direction = 'low' AND value <= group_median - {bits} THEN 5
        WHEN measure = 'sharpness' AND direction = 'low' AND value <= {left} ** 2 * group_median THEN 6
        END AS kind_order
    FROM image_quality WHERE abs(robust_z) >= {z}
), told AS (
    SELECT ['dark', 'bright', 'clipped', 'flat', 'coarse', 'blurred'][kind_order] AS kind, j.*, f.session_id
    FROM judged j JOIN file_manifest f USING (image_id)
    ANTI JOIN (SELECT image_id FROM channel_stats WHERE {blank}) nothing USING (image_id)
    WHERE kind_order IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY image_id ORDER BY kind_order, abs(robust_z) DESC) = 1
)
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    judged = _JUDGED.format(
        left=thresholds.quality_left,
        bits=thresholds.quality_bits_lost,
        clipped=thresholds.quality_clipped_more,
        z=thresholds.quality_z,
        blank=BLANK,
    )
    rows = fetch(
        connection,
        judged + "SELECT kind, class_name, count(*) AS n, arg_max(image_id, abs(robust_z), 12) AS examples\n"
        "FROM told GROUP BY ALL ORDER BY ALL",
    )
    sizes = image_counts(connection) if rows else {}
    found: list[tuple[str, Scope]] = []
    for kind in _KINDS:
        hit = [ClassCount(row["class_name"], row["n"], tuple(row["examples"])) for row in rows if row["kind"] == kind]
        found += [(kind, scope) for scope in scopes(hit, sizes, thresholds, thresholds.class_alone_share)]
    findings = [
        _finding(kind, scope, _numbers(connection, judged, kind, scope), judged)
        for kind, scope in found
        if scope.serious
    ]
    # Single pictures of every kind, in classes where it is not serious, are one thing to look through.
    single = {kind: scope for kind, scope in found if not scope.serious}
    return findings + ([_single_pictures(single, sum(sizes.values()), judged)] if single else [])


def _numbers(connection: duckdb.DuckDBPyConnection, judged: str, kind: str, scope: Scope) -> dict[str, Any]:
    (numbers,) = fetch(
        connection,
        judged + "SELECT count(DISTINCT session_id) AS sessions, median(value) AS value,\n"
        "       median(group_median) AS usual, arg_max(measure, abs(robust_z)) AS measure,\n"
        f"       count(*) FILTER (compared_with = 'class') AS by_class\nFROM told WHERE kind = {text(kind)} "
        f"AND {scope.condition}",
    )
    return numbers


def _finding(kind: str, scope: Scope, numbers: dict[str, Any], judged: str) -> Finding:
    title, words, cause = _KINDS[kind]
    sessions = f", from {counted(numbers['sessions'], 'session')}" if numbers["sessions"] else ""
    measure = "clipped share" if kind == "clipped" else numbers["measure"]
    basis = "their class" if numbers["by_class"] == scope.count else "their class and distance"
    return Finding(
        finding_id=f"image_quality:{kind}:{scope.subject}",
        severity="MEDIUM",
        detector="image_quality",
        level="L1",
        class_name=scope.class_name,
        title=title,
        statement=f"{number(scope.count)} of the {counted(scope.total, 'image')} of {scope.words} "
        f"({percent(scope.share)}) are {words} than is usual for {basis}{scope.where}{sessions}. Median {measure}: "
        f"{_shown(numbers['value'])}, usual are {_shown(numbers['usual'])}.{scope.note}",
        effect_name=f"share of the images of the {scope.unit}",
        effect_size=scope.share,
        affected_images=scope.count,
        example_ids=scope.examples,
        evidence_sql=_evidence(judged, f"kind = {text(kind)} AND {scope.condition}"),
        action=f"Look at the examples and at the other pictures of their sessions; possible causes are {cause}. "
        "Leave out what shows nothing.",
    )


def _single_pictures(single: dict[str, Scope], images: int, judged: str) -> Finding:
    by_class: dict[str, list[ClassCount]] = {}
    for scope in single.values():
        for item in scope.hit:
            by_class.setdefault(item.class_name, []).append(item)
    hit = [
        ClassCount(name, sum(item.count for item in items), tuple(in_turn([item.examples for item in items])))
        for name, items in by_class.items()
    ]
    whole = Scope(None, tuple(sorted(hit, key=lambda item: (-item.count, item.class_name))), images, serious=False)
    kinds = counted_names([(kind, scope.count) for kind, scope in single.items()], len(_KINDS))
    conditions = " OR ".join(f"kind = {text(kind)} AND {scope.condition}" for kind, scope in single.items())
    one = whole.count == 1
    return Finding(
        finding_id=f"image_quality:single:{whole.subject}",
        severity="LOW",
        detector="image_quality",
        level="L1",
        class_name=None,
        title="Single pictures unlike their class and distance",
        statement=f"{number(whole.count)} of the {counted(images, 'image')} of the data set ({percent(whole.share)}) "
        f"{'has' if one else 'have'} lost most of the light, contrast, levels or edges that are usual for "
        f"{'its' if one else 'their'} class and distance{whole.where}. Kinds: {kinds}.",
        effect_name="share of the images of the data set",
        effect_size=whole.share,
        affected_images=whole.count,
        example_ids=whole.examples,
        evidence_sql=_evidence(judged, conditions),
        action="Look through them, and leave out what shows nothing.",
    )


def _evidence(judged: str, condition: str) -> str:
    return (
        f"{judged.strip()}\nSELECT kind, class_name, image_id, measure, value, group_median, robust_z, compared_with,\n"
        f"       distance_m, session_id\nFROM told WHERE {condition}\nORDER BY abs(robust_z) DESC, image_id"
    )


def _shown(value: float) -> str:
    """Two significant digits, never in powers of ten."""
    if value <= 0:
        return "0"
    return f"{value:.{max(0, 1 - math.floor(math.log10(value)))}f}"
