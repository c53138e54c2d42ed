"""A few images with the ten images nearest to them: what the lens takes for alike."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import LEVELS, rows
from thermal_assets.reporting.sections.extremes import Extremes


def pivots(connection: duckdb.DuckDBPyConnection, found: Extremes | None, gallery: Gallery) -> list[dict[str, Any]]:
    """The least dense, a typical and the densest image of each level with their neighbours."""
    if found is None:
        return []
    result = []
    for title, pick in (
        ("The least dense image", lambda level: found.low[level][:1]),
        ("A typical image", lambda level: [found.typical[level]]),
        ("The densest image", lambda level: found.high[level][:1]),
    ):
        levels = {}
        for level in LEVELS:
            if level not in found.judged:
                continue
            for image in pick(level):
                near = rows(
                    connection,
                    """SELECT rank, neighbor_id, neighbor_class, distance, method FROM neighbors
                       WHERE image_id = $image AND level = $level AND scope = $scope ORDER BY rank""",
                    {"image": image.image_id, "level": level, "scope": found.scope},
                )
                levels[level] = {
                    "pivot": gallery.show(
                        image.image_id, image.class_name, [f"rank {image.ranks[level]:,} of {found.judged[level]:,}"]
                    ),
                    "neighbors": [
                        gallery.show(
                            row["neighbor_id"],
                            row["neighbor_class"],
                            [f"{row['distance']:.3g}"],
                            mark="other class" if row["neighbor_class"] != image.class_name else "",
                        )
                        for row in near
                    ],
                    "same": sum(row["neighbor_class"] == image.class_name for row in near),
                    "methods": sorted({row["method"] for row in near}),
                }
        if levels:
            result.append({"title": title, "levels": levels})
    return result
