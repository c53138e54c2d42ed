"""One picture under two labels.

Measure: groups of copies that span classes; one finding a kind of copy, which lists the classes its
groups span. Equal bytes or equal pixels under two labels cannot both be right: HIGH. Almost equal
pictures can (two frames of one scene, one with the fault and one without): MEDIUM. Groups of one kind
that are part of a stronger kind are counted with the stronger one only.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import duckdb

from thermal_assets.findings.finding import MAX_EXAMPLES, Finding, counted, counted_names, fetch, text
from thermal_assets.findings.scopes import in_turn
from thermal_assets.findings.thresholds import Thresholds

_WORDS = {
    "file": ("One file under two labels", "files with equal bytes"),
    "pixels": ("One picture under two labels", "files with equal pixels, not equal bytes,"),
    "near": ("Nearly one picture under two labels", "almost equal pictures"),
}

PAIRS = 10  # pairs of classes that a sentence names

_GROUPS = """
WITH spans AS (
    SELECT group_id, kind, list_sort(list(DISTINCT class_name)) AS classes, list_sort(list(image_id)) AS images,
           count(*) AS n, max(diameter) AS diameter
    FROM duplicates WHERE NOT same_class GROUP BY ALL
), told AS (
    SELECT * FROM spans s
    WHERE NOT EXISTS (SELECT 1 FROM spans t WHERE t.images = s.images
                      AND (t.kind = 'file' AND s.kind <> 'file' OR t.kind = 'pixels' AND s.kind = 'near'))
)
"""
# Of each group one image of every label is an example: the contradiction is what is to be seen.
_SQL = f"""{_GROUPS}, labels AS (
    SELECT group_id, kind, list(image_id ORDER BY class_name) AS pair
    FROM (SELECT group_id, kind, class_name, min(image_id) AS image_id FROM duplicates WHERE NOT same_class GROUP BY ALL)
    GROUP BY group_id, kind
)
SELECT kind, classes, count(*) AS groups, sum(n)::BIGINT AS n, max(diameter) AS diameter,
       min(pair, {MAX_EXAMPLES // 2}) AS examples
FROM told JOIN labels USING (group_id, kind) GROUP BY ALL ORDER BY kind, groups DESC, classes
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    rows = fetch(connection, _SQL)
    return [
        _finding(kind, [row for row in rows if row["kind"] == kind])
        for kind in _WORDS
        if any(row["kind"] == kind for row in rows)
    ]


def _finding(kind: str, spans: list[dict[str, Any]]) -> Finding:
    """One finding for all groups of ``kind``; ``spans`` are the sets of classes they span, most groups first."""
    title, words = _WORDS[kind]
    near = kind == "near"
    groups, images = sum(row["groups"] for row in spans), sum(row["n"] for row in spans)
    span = "spans" if groups == 1 else "span"
    labels = counted_names([(" with ".join(row["classes"]), row["groups"]) for row in spans], PAIRS)
    distance = f", at most {max(row['diameter'] for row in spans):.3f} apart at L2," if near else ""
    doubt = (
        f"Look at them: {'a label' if groups > 1 else 'one label'} may be wrong."
        if near
        else f"At most one label of {'each' if groups > 1 else 'the'} group can be right."
    )
    return Finding(
        finding_id=f"two_labels_one_picture:{kind}",
        severity="MEDIUM" if near else "HIGH",
        detector="two_labels_one_picture",
        level="L2" if near else "L1",
        class_name=None,
        title=title,
        statement=f"{counted(groups, 'group')} of {words}{distance} {span} more than one class: "
        f"{counted(images, 'image')}. {'Classes' if len(spans) == 1 else 'Groups by classes'}: {labels}. {doubt}",
        effect_name="groups",
        effect_size=float(groups),
        affected_images=images,
        example_ids=tuple(chain.from_iterable(in_turn([row["examples"] for row in spans]))),
        evidence_sql=f"{_GROUPS.strip()}\nSELECT told.classes, group_id, d.image_id, d.class_name, d.distance\n"
        f"FROM told JOIN duplicates d USING (group_id, kind)\nWHERE kind = {text(kind)}\n"
        "ORDER BY told.classes, group_id, d.class_name, d.image_id",
        action="Compare the pictures of each group; when splitting, keep a group on one side."
        if near
        else "Decide the label of each group by eye, and take the picture out of the other class.",
    )
