"""One picture under two labels.

Measure: groups of copies that span classes, by the classes they span. Equal bytes or equal pixels
under two labels cannot both be right: HIGH. Almost equal vectors can (two frames of one scene, one
with the fault and one without): MEDIUM. Groups of one kind that are part of a stronger kind are
counted with the stronger one only.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, named, text
from thermal_assets.findings.thresholds import Thresholds

_WORDS = {
    "file": ("One file under two labels", "with equal bytes"),
    "pixels": ("One picture under two labels", "with equal pixels in different files"),
    "near": ("Nearly one picture under two labels", "with almost equal pictures"),
}

_SQL = """
WITH spans AS (
    SELECT group_id, kind, list_sort(list(DISTINCT class_name)) AS classes, list_sort(list(image_id)) AS images,
           count(*) AS n, max(diameter) AS diameter
    FROM duplicates WHERE NOT same_class GROUP BY ALL
), told AS (
    SELECT * FROM spans s
    WHERE NOT EXISTS (SELECT 1 FROM spans t WHERE t.images = s.images
                      AND (t.kind = 'file' AND s.kind <> 'file' OR t.kind = 'pixels' AND s.kind = 'near'))
)
SELECT kind, classes, count(*) AS groups, sum(n)::BIGINT AS n, max(diameter) AS diameter,
       flatten(min(images[1:12], 12))[1:12] AS examples
FROM told GROUP BY ALL ORDER BY kind, classes
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _SQL):
        kind, classes = row["kind"], row["classes"]
        title, words = _WORDS[kind]
        groups = row["groups"]
        span = f"{counted(groups, 'group')} {'spans' if groups == 1 else 'span'}"
        distance = f"; they lie at most {row['diameter']:.3f} apart at L2" if kind == "near" else ""
        wanted = "[" + ", ".join(text(name) for name in classes) + "]"
        findings.append(
            Finding(
                finding_id=f"two_labels_one_picture:{kind}:{'|'.join(classes)}",
                severity="MEDIUM" if kind == "near" else "HIGH",
                detector="two_labels_one_picture",
                level="L2" if kind == "near" else "L1",
                class_name=None,
                title=title,
                statement=f"{span} the classes {named(classes, 6)} {words}: {counted(row['n'], 'image')}{distance}. "
                + (
                    "Look at them: one label may be wrong."
                    if kind == "near"
                    else "At most one of their labels can be right."
                ),
                effect_name="groups",
                effect_size=float(groups),
                affected_images=row["n"],
                example_ids=tuple(row["examples"]),
                evidence_sql="WITH spans AS (\n"
                "    SELECT group_id, list_sort(list(DISTINCT class_name)) AS classes FROM duplicates\n"
                f"    WHERE kind = {text(kind)} AND NOT same_class GROUP BY ALL\n)\n"
                "SELECT group_id, image_id, class_name, distance FROM duplicates\n"
                f"JOIN spans USING (group_id)\nWHERE classes = {wanted}\nORDER BY group_id, class_name, image_id",
                action="Decide the label of each group by eye, and take the picture out of the other class."
                if kind != "near"
                else "Compare the pictures of each group; when splitting, keep a group on one side.",
            )
        )
    return findings
