"""What is different from the diagnosis before: images that came and went, figures that moved."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.queries import rows
from thermal_assets.scorecard.card import COMPOSITE
from thermal_assets.scorecard.measures import MEASURES

OPEN_ROWS = 12
MAX_ROWS = 200
_WORDS = {
    "files": "files",
    "images": "readable images",
    "problem_files": "files with problems",
    "copies": "copies",
    "median_density_L2": "median density, L2",
    "median_density_L3": "median density, L3",
    "separability_L2": "separability, L2",
    "separability_L3": "separability, L3",
    "open_findings_HIGH": "open findings, HIGH",
    "open_findings_MEDIUM": "open findings, MEDIUM",
    "open_findings_LOW": "open findings, LOW",
}
# A run of the findings is what counts as a diagnosis; the scorecard adds its figures under the same run.
_RUNS = """
    WITH runs AS (
        SELECT run_id, max(measured_at) AS measured_at, row_number() OVER (ORDER BY max(measured_at) DESC) AS age
        FROM metric_history WHERE NOT starts_with(metric, 'scorecard_') GROUP BY run_id
    )"""
_METRICS = (
    _RUNS
    + """, latest AS (
        SELECT h.* FROM metric_history h JOIN runs ON runs.run_id = h.run_id AND runs.age = 1
    ), previous AS (
        SELECT h.* FROM metric_history h JOIN runs ON runs.run_id = h.run_id AND runs.age = 2
    )
    SELECT metric, class_name, p.value AS before, l.value AS after, l.value - p.value AS difference
    FROM latest l FULL JOIN previous p USING (metric, class_name)
    WHERE p.value IS DISTINCT FROM l.value AND NOT (l.value IS NULL AND starts_with(metric, 'scorecard_'))
    ORDER BY metric = 'scorecard_composite' DESC,
             abs(coalesce(l.value, 0) - coalesce(p.value, 0)) / greatest(abs(coalesce(p.value, 0)), 1e-9) DESC,
             class_name, metric
    LIMIT $limit
    """
)
_IMAGES = (
    _RUNS
    + """
    SELECT class_name, count(DISTINCT image_id) FILTER (WHERE change = 'added') AS added,
           count(DISTINCT image_id) FILTER (WHERE change = 'edited') AS edited,
           count(DISTINCT image_id) FILTER (WHERE change = 'removed') AS removed
    FROM image_changes WHERE seen_at > (SELECT measured_at FROM runs WHERE age = 2)
    GROUP BY class_name ORDER BY count(*) DESC, class_name
    """
)


# Order in which a person wants to know: what is worse first, then what is better, what has gone last.
_WORSE, _BETTER = ("new", "back", "open again", "graver", "more images"), ("milder", "fewer images", "waived", "closed")
_FINDINGS = """
    SELECT change, severity, severity_before, class_name, title, affected_before, affected_images, first_seen, same_rules
    FROM finding_changes WHERE change <> 'unchanged'
    ORDER BY list_position($order, change), list_position(['HIGH', 'MEDIUM', 'LOW'], severity), affected_images DESC,
             finding_id
    LIMIT $limit
    """


def changes(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """``since``: when the diagnosis before was made (None: there was none); findings, images, figures that differ."""
    before = rows(connection, _RUNS + "SELECT measured_at FROM runs WHERE age = 2")
    if not before:
        return {"since": None, "classes": [], "metrics": [], "more": [], "findings": []}
    found = rows(connection, _FINDINGS, {"order": [*_WORSE, *_BETTER], "limit": MAX_ROWS})
    known = rows(connection, "SELECT count(*) AS findings, bool_and(same_rules) AS same_rules FROM finding_changes")[0]
    images = rows(connection, _IMAGES)
    metrics = rows(connection, _METRICS, {"limit": MAX_ROWS})
    for row in metrics:
        row["name"] = in_words(row["metric"])
    return {
        "since": before[0]["measured_at"],
        "totals": {kind: sum(row[kind] for row in images) for kind in ("added", "edited", "removed")},
        "classes": images[:OPEN_ROWS],
        "more_classes": images[OPEN_ROWS:],
        "metrics": metrics[:OPEN_ROWS],
        "more": metrics[OPEN_ROWS:],
        "findings": found[:OPEN_ROWS],
        "more_findings": found[OPEN_ROWS:],
        "new": sum(row["change"] in ("new", "back", "open again") for row in found),
        "closed": sum(row["change"] == "closed" for row in found),
        # Without a count of the diagnosis before, nothing can be said about findings.
        "compared": known["findings"] > 0,
        "same_rules": known["same_rules"] is not False,
    }


def in_words(metric: str) -> str:
    """A metric of metric_history as a person reads it."""
    name = metric.removeprefix("scorecard_")
    if name != metric:
        return "scorecard, all measures" if name == COMPOSITE else MEASURES[name].title if name in MEASURES else name
    return _WORDS.get(metric, metric.replace("_", " "))
