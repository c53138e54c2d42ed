"""Images with an alpha channel that has one value everywhere: a fourth channel that carries nothing.

Measure: images with alpha_constant, as a share of all decodable images.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted_names, fetch, number, percent
from thermal_assets.findings.thresholds import Thresholds

_SQL = """
WITH per_class AS (
    SELECT class_name, count(*) FILTER (WHERE alpha_constant) AS n, count(*) AS images,
           min(image_id, 12) FILTER (WHERE alpha_constant) AS examples
    FROM channel_stats GROUP BY ALL
)
SELECT sum(n)::BIGINT AS n, sum(images)::BIGINT AS images,
       list(class_name ORDER BY n DESC, class_name) FILTER (WHERE n > 0) AS classes,
       list(n ORDER BY n DESC, class_name) FILTER (WHERE n > 0) AS counts,
       flatten(list(examples ORDER BY n DESC, class_name) FILTER (WHERE n > 0)) AS examples
FROM per_class
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    (row,) = fetch(connection, _SQL)
    if not row["n"]:
        return []
    share = row["n"] / row["images"]
    return [
        Finding(
            finding_id="constant_alpha:dataset",
            severity="LOW",
            detector="constant_alpha",
            level="L1",
            class_name=row["classes"][0] if len(row["classes"]) == 1 else None,
            title="Alpha channels that carry nothing",
            statement=f"{number(row['n'])} of {number(row['images'])} images ({percent(share)}) have an alpha channel "
            "with one value everywhere: "
            f"{counted_names(list(zip(row['classes'], row['counts'], strict=True)))}.",
            effect_name="share of all images",
            effect_size=share,
            affected_images=row["n"],
            example_ids=tuple(row["examples"]),
            evidence_sql="SELECT class_name, mode, count(*) AS images\nFROM channel_stats WHERE alpha_constant\n"
            "GROUP BY ALL ORDER BY images DESC",
            action="Read three channels in training (drop alpha, do not blend it); the pictures lose nothing.",
        )
    ]
