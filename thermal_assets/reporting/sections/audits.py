"""What a model could learn by mistake, what each lens is worth, and what to shoot next."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import rows

SHORTCUTS = 20
NEXT = 12
GRAY = 12


def audits(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any]:
    """Strongest shortcuts, the lenses side by side, images of the gray zone, cells of the collection plan."""
    return {
        "shortcuts": rows(
            connection,
            "SELECT * FROM shortcut_audit WHERE auc IS NOT NULL ORDER BY target = 'state' DESC, auc DESC LIMIT $limit",
            {"limit": SHORTCUTS},
        ),
        "lenses": rows(connection, "SELECT * FROM lens_evaluation ORDER BY separability_auc DESC NULLS LAST, lens"),
        "gray": [
            gallery.show(row["image_id"], row["class_name"], [f"{row['normal_class']} or {row['anomaly_class']}?"])
            for row in rows(connection, "SELECT * FROM gray_zone ORDER BY rank, image_id LIMIT $limit", {"limit": GRAY})
        ],
        "next": rows(
            connection,
            "SELECT * FROM collection_plan WHERE need <> 'enough' ORDER BY rank LIMIT $limit",
            {"limit": NEXT},
        ),
    }
