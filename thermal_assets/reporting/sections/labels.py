"""Labels that pictures or names contradict."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import rows

IMAGES = 24
BATCHES = 8
TILES_A_BATCH = 4


def label_drift(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any]:
    """The most suspect single images, and the batches that look or read like another class."""
    images = rows(connection, "SELECT * FROM label_conflicts ORDER BY rank LIMIT $limit", {"limit": IMAGES})
    ((total, suspect),) = connection.execute(
        "SELECT (SELECT count(*) FROM label_conflicts), (SELECT count(*) FROM suspect_labels)"
    ).fetchall()
    batches = rows(
        connection,
        """
        SELECT *, count(*) OVER () AS total FROM label_drift WHERE batch_id IS NOT NULL
        ORDER BY contradiction = 'code and picture' DESC, effect DESC NULLS LAST, class_name, batch_id LIMIT $limit
        """,
        {"limit": BATCHES},
    )
    for batch in batches:
        batch["pictures"] = [
            gallery.show(image, batch["class_name"]) for image in (batch["example_ids"] or [])[:TILES_A_BATCH]
        ]
    return {
        "total": total,
        "suspect": suspect,
        "pictures": [
            gallery.show(
                row["image_id"],
                row["class_name"],
                [f"looks like {row['neighbor_class']}", f"{row['neighbor_share']:.0%} of its neighbours"],
            )
            for row in images
        ],
        "batches": batches,
        "batches_total": batches[0]["total"] if batches else 0,
        "judged_batches": connection.execute("SELECT count(*) FROM batch_drift").fetchone(),
    }
