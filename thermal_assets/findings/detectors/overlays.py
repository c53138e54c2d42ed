"""Text, crosses and colour scales that the camera burned into the pictures.

Two measures. The share of images with an overlay (overlay_fraction) or a colour bar: of the class where it
is a serious share, else of the data set in one finding a kind. Of each normal and anomaly pair: the
difference of these shares; guessing the class by the overlay alone is then right in (1 + difference) / 2
of the cases, so a model learns the overlay instead of the object.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, fetch, number, percent, text_list
from thermal_assets.findings.scopes import ClassCount, image_counts, scopes
from thermal_assets.findings.thresholds import Thresholds

_PAIRS = """
WITH shares AS (
    SELECT class_name, count(*) AS images, count(*) FILTER ({marked}) AS hit, hit / images AS share,
           min(image_id, 12) FILTER ({marked}) AS examples
    FROM channel_stats GROUP BY class_name
)
SELECT a.class_name AS normal_class, b.class_name AS anomaly_class, n.share AS normal_share, x.share AS anomaly_share,
       n.images + x.images AS images, CASE WHEN x.share >= n.share THEN x.examples ELSE n.examples END AS examples
FROM class_catalog a JOIN class_catalog b USING (pair)
JOIN shares n ON n.class_name = a.class_name JOIN shares x ON x.class_name = b.class_name
WHERE a.state = 'normal' AND b.state = 'anomaly' AND least(n.images, x.images) >= $least
      AND abs(n.share - x.share) >= $giveaway
ORDER BY ALL
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    # kind: (title, what the images carry, condition); an image with both is told by its colour bar.
    kinds = {
        "colour_bar": ("Colour scales in the pictures", "the colour scale of the camera", "colour_bar IS NOT NULL"),
        "text": (
            "Text or marks burned into the pictures",
            "text or marks over the scene",
            f"overlay_fraction >= {thresholds.overlay_least_share} AND colour_bar IS NULL",
        ),
    }
    findings = []
    sizes = image_counts(connection)
    for kind, (title, words, marked) in kinds.items():
        rows = fetch(
            connection,
            "SELECT class_name, count(*) AS n, min(image_id, 12) AS examples FROM channel_stats\n"
            f"WHERE {marked} GROUP BY ALL ORDER BY class_name",
        )
        hit = [ClassCount(row["class_name"], row["n"], tuple(row["examples"])) for row in rows]
        for scope in scopes(hit, sizes, thresholds, thresholds.class_alone_share):
            one = scope.count == 1
            findings.append(
                Finding(
                    finding_id=f"overlays:{kind}:{scope.subject}",
                    severity="MEDIUM" if scope.serious else "LOW",
                    detector="overlays",
                    level="L1",
                    class_name=scope.class_name,
                    title=title,
                    statement=f"{number(scope.count)} of the {counted(scope.total, 'image')} of {scope.words} "
                    f"({percent(scope.share)}) {'shows' if one else 'show'} {words}{scope.where}. A model can learn it "
                    f"instead of the object.{scope.note}",
                    effect_name=f"share of the images of the {scope.unit}",
                    effect_size=scope.share,
                    affected_images=scope.count,
                    example_ids=scope.examples,
                    evidence_sql="SELECT class_name, image_id, overlay_fraction, colour_bar, width, height\n"
                    f"FROM channel_stats WHERE {marked} AND {scope.condition}\nORDER BY class_name, image_id",
                    action="Export these pictures again without the overlay; or cut the part off, in every class alike.",
                )
            )
    any_mark = f"colour_bar IS NOT NULL OR overlay_fraction >= {thresholds.overlay_least_share}"
    return findings + _pairs(connection, thresholds, any_mark)


def _pairs(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds, marked: str) -> list[Finding]:
    rows = fetch(
        connection,
        _PAIRS.format(marked=f"WHERE {marked}"),
        least=thresholds.min_class_images,
        giveaway=thresholds.channel_giveaway,
    )
    return [
        Finding(
            finding_id=f"overlays:pair:{row['normal_class']}|{row['anomaly_class']}",
            severity="MEDIUM",
            detector="overlays",
            level="L1",
            class_name=row["anomaly_class"],
            title="The overlay gives the label away",
            statement=f"{percent(row['normal_share'])} of {row['normal_class']} carry text, marks or a colour scale, "
            f"{percent(row['anomaly_share'])} of {row['anomaly_class']} do. Guessing normal or anomaly by the overlay "
            f"alone would be right in {percent((1 + abs(row['normal_share'] - row['anomaly_share'])) / 2)} of the cases; "
            "chance is 50 %.",
            effect_name="difference of the shares of images with an overlay",
            effect_size=abs(row["normal_share"] - row["anomaly_share"]),
            affected_images=row["images"],
            example_ids=tuple(row["examples"] or ()),
            evidence_sql=f"SELECT class_name, count(*) AS images, count(*) FILTER (WHERE {marked}) AS with_overlay\n"
            f"FROM channel_stats\nWHERE class_name IN ({text_list((row['normal_class'], row['anomaly_class']))})\n"
            "GROUP BY ALL ORDER BY class_name",
            action="Export both classes without the overlay before training on this pair.",
        )
        for row in rows
    ]
