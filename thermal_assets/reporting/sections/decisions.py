"""What to leave out of a training: the review list by reason and by class, with pictures."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import rows

EXAMPLES = 6
OPEN_CLASSES = 8
DECISIONS = ("keep", "review", "drop")


def decisions(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any] | None:
    """Reasons in the order of the list, with how many files a cut after each takes; classes, most set aside first.

    None where the models of the review list are not built.
    """
    built = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'review_list'").fetchall()
    if not built[0][0]:
        return None
    reasons = rows(
        connection,
        f"""
        WITH listed AS (
            SELECT priority, count(*) AS files, count(DISTINCT class_name) AS classes,
                   arg_min({{'image_id': image_id, 'class_name': class_name}}, rank, {EXAMPLES}) AS examples
            FROM review_list GROUP BY priority)
        SELECT r.priority, r.decision, r.reason, r.meaning, r.needs_lens, l.files, l.classes, l.examples,
               sum(l.files) OVER (ORDER BY r.priority)::BIGINT AS up_to_here
        FROM review_rules r JOIN listed l USING (priority) ORDER BY r.priority
        """,
    )
    for row in reasons:
        shown = [gallery.show(example["image_id"], example["class_name"]) for example in row["examples"]]
        row["pictures"] = [picture for picture in shown if picture.encoded] or shown[:2]
    classes = rows(
        connection,
        """
        SELECT f.class_name, count(*) AS files, count(l.rank) AS listed,
               count(*) FILTER (l.decision = 'drop') AS "drop", count(*) FILTER (l.decision = 'review') AS review
        FROM file_manifest f LEFT JOIN review_list l ON l.image_id = f.image_id
        GROUP BY f.class_name ORDER BY listed / count(*) DESC, f.class_name
        """,
    )
    totals = dict.fromkeys(DECISIONS, 0)
    for row in classes:
        row["keep"] = row["files"] - row["listed"]
        for name in DECISIONS:
            totals[name] += row[name]
    touched = [row for row in classes if row["listed"]]
    return {
        "reasons": reasons,
        "classes": touched[:OPEN_CLASSES],
        "more": touched[OPEN_CLASSES:],
        "totals": totals,
        "files": sum(totals.values()),
        "needs_lens": any(row["needs_lens"] for row in reasons),
    }
