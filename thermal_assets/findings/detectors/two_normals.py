"""One class, two kinds of picture: distances that a classifier tells apart in sessions it has not seen.

Measure: table distance_groups, for each cut between two neighbouring distances of a class: equally many images of both
sides, AUC held out by session. From two_normals_auc on, with the lower bound of the interval at least at
separability_auc, the class is better taken as two: MEDIUM. With sessions too few for an interval it is LOW, since two
or three sessions a side differ in something by chance; so it is where a side takes in several distances, over which
pictures may change step by step. Both are told only where no cut of the class is certain. Sides of fewer than two
sessions are not identifiable and claim nothing; of an anomaly class it is told as well, since both sides of a pair have
to be split alike.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, named, number, text
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH distances AS (
    SELECT class_name, distance_m, count(*) AS images FROM file_manifest WHERE distance_m IS NOT NULL GROUP BY ALL
)
SELECT d.*, c.state, (SELECT list({'distance': distance_m, 'images': images} ORDER BY distance_m) FROM distances f
                      WHERE f.class_name = d.class_name) AS distances
FROM distance_groups d JOIN lenses l ON l.lens_id = d.lens_id AND l.in_force LEFT JOIN class_catalog c USING (class_name)
ORDER BY d.class_name, d.nearer_to_m
"""
_EXAMPLES = """
SELECT image_id FROM file_manifest
WHERE class_name = $class_name AND distance_m BETWEEN $low AND $high AND session_id IS NOT NULL
ORDER BY row_number() OVER (PARTITION BY session_id ORDER BY hash(image_id)), session_id LIMIT 6
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for name, group in groupby(fetch(connection, _SQL), key=lambda row: row["class_name"]):
        rows = list(group)
        apart = [row for row in rows if row["auc"] is not None and row["auc"] >= thresholds.two_normals_auc]
        clear = [row for row in apart if row["ci_low"] is not None and row["ci_low"] >= thresholds.separability_auc]
        wide = _wide(rows)
        certain = [row for row in clear if row["nearer_to_m"] not in wide]
        cuts = certain or [row for row in apart if row["ci_low"] is None or row in clear]
        if not cuts:
            continue
        worst = max(cuts, key=lambda row: row["auc"])
        parts = _parts(rows, cuts)
        examples = [
            item["image_id"]
            for side in ("nearer", "farther")
            for item in fetch(
                connection, _EXAMPLES, class_name=name, low=worst[f"{side}_from_m"], high=worst[f"{side}_to_m"]
            )
        ]
        kinds = {2: "Two", 3: "Three"}.get(len(parts), str(len(parts)))
        findings.append(
            Finding(
                finding_id=f"two_normals:{name}",
                severity="MEDIUM" if certain else "LOW",
                detector="two_normals",
                level=worst["level"],
                class_name=name,
                title=f"{kinds} {'normals' if worst['state'] == 'normal' else 'kinds of picture'} in one class",
                statement=f"In class {name}, the pictures at {_words(worst, 'nearer')} and at {_words(worst, 'farther')} "
                f"can be told apart with an AUC of {worst['auc']:.2f} by a classifier that has not seen their sessions "
                f"({number(worst['n'])} images each; {worst['sessions_nearer']} and {worst['sessions_farther']} "
                f"sessions{_doubt(worst, wide)}). Suggested sub-classes: {named(parts, 8)}.",
                effect_name="AUC of two ranges of distance in held-out sessions",
                effect_size=worst["auc"],
                ci_low=worst["ci_low"],
                ci_high=worst["ci_high"],
                affected_images=_affected(cuts),
                example_ids=tuple(examples),
                evidence_sql="SELECT nearer_from_m, nearer_to_m, farther_from_m, farther_to_m, identifiable, auc, ci_low,\n"
                "       ci_high, n, sessions_nearer, sessions_farther, statement\nFROM distance_groups\n"
                f"WHERE class_name = {text(name)}\nORDER BY nearer_to_m",
                action=("" if certain else "Shoot both distances in eight sessions and twenty images each to be sure. ")
                + f"Judge images against their own {counted(len(parts), 'group')} of distance, or split the class there; "
                "compare normal and anomaly at equal distances only.",
            )
        )
    return findings


def _wide(rows: list[dict[str, Any]]) -> set[float]:
    """nearer_to_m of the cuts of a class, in their order, one side of which takes in more than the distance next to it."""
    found = set()
    for place, row in enumerate(rows):
        begins = rows[place - 1]["farther_from_m"] if place else row["nearer_from_m"]
        ends = rows[place + 1]["nearer_to_m"] if place + 1 < len(rows) else row["farther_to_m"]
        if row["nearer_from_m"] < begins or row["farther_to_m"] > ends:
            found.add(row["nearer_to_m"])
    return found


def _doubt(cut: dict[str, Any], wide: set[float]) -> str:
    """Why a cut is not certain; empty where it is."""
    if cut["ci_low"] is None:
        return ": too few to rule out chance"
    return "; over the distances of one side they may also change step by step" if cut["nearer_to_m"] in wide else ""


def _affected(cuts: list[dict[str, Any]]) -> int:
    """Images of the sides of all cuts, each once."""
    sides = [(cut[f"{side}_from_m"], cut[f"{side}_to_m"]) for cut in cuts for side in ("nearer", "farther")]
    return sum(at["images"] for at in cuts[0]["distances"] if any(low <= at["distance"] <= high for low, high in sides))


def _parts(rows: list[dict[str, Any]], cuts: list[dict[str, Any]]) -> list[str]:
    """The ranges of distance between the cuts, in words."""
    starts = [rows[0]["nearer_from_m"], *(row["farther_from_m"] for row in cuts)]
    ends = [*(row["nearer_to_m"] for row in cuts), rows[-1]["farther_to_m"]]
    return [f"{low:g} m" if low == high else f"{low:g} to {high:g} m" for low, high in zip(starts, ends, strict=True)]


def _words(row: dict[str, Any], side: str) -> str:
    low, high = row[f"{side}_from_m"], row[f"{side}_to_m"]
    return f"{low:g} m" if low == high else f"{low:g} to {high:g} m"
