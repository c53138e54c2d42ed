"""Pictures stored in more than one pixel mode (RGB beside RGBA, 8 bits beside 16).

Two measures. Of the data set: the share of images outside the commonest (mode, bit depth). Of each
normal and anomaly pair: the total variation distance of their modes, half the sum of the absolute
differences of shares; guessing the class by the mode alone is then right in (1 + distance) / 2 of
the cases, so a model may learn the file instead of the object.
"""

from __future__ import annotations

import duckdb

from thermal_assets.findings.finding import Finding, counted, counted_names, fetch, number, percent, text, text_list
from thermal_assets.findings.thresholds import Thresholds

_MODES = """
WITH modes AS (
    SELECT mode, bit_depth, mode || ' ' || bit_depth || '-bit' AS form, count(*) AS n
    FROM channel_stats GROUP BY mode, bit_depth
)
SELECT list(form ORDER BY n DESC, form) AS forms, list(n ORDER BY n DESC, form) AS counts,
       arg_max(mode, (n, form)) AS mode, arg_max(bit_depth, (n, form)) AS bit_depth, sum(n)::BIGINT AS images
FROM modes
"""
_ODD = """
SELECT min(image_id, 12) AS examples, count(DISTINCT class_name) AS classes,
       (SELECT count(*) FROM (SELECT class_name FROM channel_stats GROUP BY ALL
                              HAVING count(DISTINCT (mode, bit_depth)) > 1)) AS mixed_classes
FROM channel_stats WHERE mode <> $mode OR bit_depth <> $bit_depth
"""
_PAIRS = """
WITH counts AS (
    SELECT class_name, mode || ' ' || bit_depth || '-bit' AS form, count(*) AS n FROM channel_stats GROUP BY ALL
), shares AS (
    SELECT *, n / sum(n) OVER (PARTITION BY class_name) AS share FROM counts
), sizes AS (
    SELECT class_name, sum(n)::BIGINT AS images, arg_max(form, share) AS usual, max(share) AS usual_share
    FROM shares GROUP BY ALL
), pairs AS (
    SELECT a.class_name AS normal_class, b.class_name AS anomaly_class
    FROM class_catalog a JOIN class_catalog b USING (pair)
    WHERE a.state = 'normal' AND b.state = 'anomaly'
)
SELECT p.normal_class, p.anomaly_class, n.images + a.images AS images, n.usual AS normal_usual,
       n.usual_share AS normal_share, a.usual AS anomaly_usual, a.usual_share AS anomaly_share, d.distance
FROM (
    SELECT p.normal_class, p.anomaly_class,
           sum(abs(coalesce(x.share, 0) - coalesce(y.share, 0)))::DOUBLE / 2 AS distance
    FROM pairs p CROSS JOIN (SELECT DISTINCT form FROM shares) f
    LEFT JOIN shares x ON x.class_name = p.normal_class AND x.form = f.form
    LEFT JOIN shares y ON y.class_name = p.anomaly_class AND y.form = f.form
    GROUP BY ALL
) d
JOIN pairs p USING (normal_class, anomaly_class)
JOIN sizes n ON n.class_name = p.normal_class
JOIN sizes a ON a.class_name = p.anomaly_class
WHERE least(n.images, a.images) >= $least
ORDER BY p.normal_class, p.anomaly_class
"""


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    return _dataset(connection, thresholds) + _pairs(connection, thresholds)


def _dataset(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    (row,) = fetch(connection, _MODES)
    if not row["forms"] or len(row["forms"]) == 1:
        return []
    (odd,) = fetch(connection, _ODD, mode=row["mode"], bit_depth=row["bit_depth"])
    count = row["images"] - row["counts"][0]
    share = count / row["images"]
    inside = (
        f"{counted(odd['mixed_classes'], 'class holds', 'classes hold')} more than one"
        if odd["mixed_classes"]
        else "each class holds one, but not the same"
    )
    return [
        Finding(
            finding_id="channel_mix:dataset",
            severity="MEDIUM" if share >= thresholds.channel_mix_medium_share else "LOW",
            detector="channel_mix",
            level="L1",
            class_name=None,
            title="Pictures in several pixel modes",
            statement=f"The {number(row['images'])} images come in {len(row['forms'])} pixel modes: "
            f"{counted_names(list(zip(row['forms'], row['counts'], strict=True)), 4)}; {inside}. "
            f"{percent(share)} are not in the commonest.",
            effect_name="share outside the commonest pixel mode",
            effect_size=share,
            affected_images=count,
            example_ids=tuple(odd["examples"]),
            evidence_sql="SELECT class_name, mode, bit_depth, channel_count, count(*) AS images\n"
            "FROM channel_stats GROUP BY ALL ORDER BY class_name, images DESC",
            action="Convert every image to one pixel mode when loading, and check that the loader does.",
        )
    ]


def _pairs(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    for row in fetch(connection, _PAIRS, least=thresholds.min_class_images):
        distance = row["distance"]
        if distance < thresholds.channel_giveaway:
            continue
        normal, anomaly = row["normal_class"], row["anomaly_class"]
        findings.append(
            Finding(
                finding_id=f"channel_mix:pair:{normal}|{anomaly}",
                severity="MEDIUM",
                detector="channel_mix",
                level="L1",
                class_name=anomaly,
                title="The pixel mode gives the label away",
                statement=f"{percent(row['normal_share'])} of {normal} are {row['normal_usual']}, "
                f"{percent(row['anomaly_share'])} of {anomaly} are {row['anomaly_usual']}. Guessing normal or anomaly "
                f"by the pixel mode alone would be right in {percent((1 + distance) / 2)} of the cases; "
                "chance is 50 %.",
                effect_name="total variation distance of pixel modes",
                effect_size=distance,
                affected_images=row["images"],
                evidence_sql="SELECT class_name, mode, bit_depth, count(*) AS images FROM channel_stats\n"
                f"WHERE class_name IN ({text_list((normal, anomaly))})\nGROUP BY ALL ORDER BY class_name, images DESC",
                example_ids=_examples(connection, anomaly, row["anomaly_usual"]),
                action="Export both classes the same way, or convert when loading, before training on this pair.",
            )
        )
    return findings


def _examples(connection: duckdb.DuckDBPyConnection, class_name: str, form: str) -> tuple[str, ...]:
    (row,) = fetch(
        connection,
        "SELECT min(image_id, 12) AS examples FROM channel_stats\n"
        f"WHERE class_name = {text(class_name)} AND mode || ' ' || bit_depth || '-bit' = {text(form)}",
    )
    return tuple(row["examples"] or ())
