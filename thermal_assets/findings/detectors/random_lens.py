"""Lenses in force with untrained weights.

Measure: random_weights of the lenses in force. Densities and neighbours from such a lens compare
coarse patterns only; they are good for trying the pipeline, not for deciding about images.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, named
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
SELECT list(l.level ORDER BY l.level, l.lens_id) AS levels, list(l.name ORDER BY l.level, l.lens_id) AS names,
       count(*) AS n, (SELECT count(*) FROM channel_stats) AS images
FROM lenses l WHERE l.in_force AND l.random_weights
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    (row,) = fetch(connection, _SQL)
    if not row["n"]:
        return []
    lenses = [f"{level} ({name})" for level, name in zip(row["levels"], row["names"], strict=True)]
    return [
        Finding(
            finding_id="random_lens:dataset",
            severity="MEDIUM",
            detector="random_lens",
            level=row["levels"][0],
            class_name=None,
            title="The lens is untrained",
            statement=f"The numbers of {named(lenses)} come from random weights, for all "
            f"{counted(row['images'], 'image')}: "
            "they are for trying out only, and no image should be thrown out by them.",
            effect_name="lenses in force with random weights",
            effect_size=float(row["n"]),
            affected_images=row["images"],
            evidence_sql="SELECT lens_id, level, name, random_weights, parameters, created_at FROM lenses\n"
            "WHERE in_force AND random_weights",
            action="Give the home a file of trained weights and embed again.",
        )
    ]
