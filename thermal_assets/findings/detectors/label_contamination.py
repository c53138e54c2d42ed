"""Batches that read or look as if they belonged to another class.

Measure: table batch_drift, judged as in view judged_batches. A batch is one date, site, session and distance. It
contradicts its class by its code if the names stand for another object than the folder, and by its pictures if the
share of neighbours from other objects (other sessions only, classes balanced) stands out from the sibling batches by
thresholds batch_effect and alpha (batch_effect_alone where there is no q), or, where the names speak against the
class, if it stands out by batch_effect and more neighbours show the named object than the folder's own. Only both
together are HIGH: several objects in one frame are legal, and pictures alone may only be unusual. The evidence lists
every file. Effect: mean of foreign_share minus base_rate, weighted by images. Its interval takes the batch as the unit:
Student's t times the scaled MAD of the siblings, for the mean of these batches and for the median of the siblings
(variance pi / 2n of a normal median); NULL where a batch has too few siblings for a z.
"""

from __future__ import annotations

import math
from typing import Any

import duckdb
from scipy.stats import t as student

from thermal_assets.findings.finding import Finding, counted, fetch, percent, text
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.statistics.batch_drift import MIN_IMAGES, MIN_SIBLINGS
from thermal_assets.warehouse.judged_batches import judged_batches_sql
from thermal_assets.warehouse.views import POINTS_TO

_SQL = f"""
SELECT b.class_name, b.code_contradicts AS by_code, b.picture_contradicts AS by_picture,
       coalesce({POINTS_TO}, '?') AS looks_like,
       count(*) AS batches, sum(b.image_count)::BIGINT AS images, mode(b.object_code) AS object_code,
       mode(b.nearest_class) AS nearest_class,
       sum(b.foreign_share * b.image_count) / sum(CASE WHEN b.foreign_share IS NOT NULL THEN b.image_count END)
           AS foreign_share,
       sum(b.base_rate * b.image_count) / sum(CASE WHEN b.base_rate IS NOT NULL THEN b.image_count END) AS base_rate,
       sum(b.effect * b.image_count) / sum(CASE WHEN b.effect IS NOT NULL THEN b.image_count END) AS effect,
       max(b.q_value) AS q_value, count(b.q_value) AS tested, max(b.effect / nullif(b.robust_z, 0)) AS spread,
       sum(b.image_count ** 2) / sum(b.image_count) ** 2 AS share_of_one, any_value(s.siblings) - count(*) AS siblings,
       flatten(list(b.example_ids ORDER BY b.effect DESC NULLS LAST, b.batch_id))[1:12] AS examples,
       any_value(l.level) AS level
FROM ({judged_batches_sql("$effect", "$effect_alone", "$images_alone", "$alpha")}) b
JOIN lenses l ON l.lens_id = b.lens_id AND l.in_force
JOIN (
    SELECT class_name, count(*) FILTER (image_count >= {MIN_IMAGES} AND foreign_share IS NOT NULL) AS siblings
    FROM batch_drift GROUP BY ALL
) s ON s.class_name = b.class_name
WHERE b.code_contradicts OR b.picture_contradicts
GROUP BY ALL
ORDER BY b.class_name, looks_like
"""


# Every file of the batches, with the figures of its batch beside it.
_EVIDENCE = f"""
SELECT f.image_id, class_name, batch_id, f.object_code AS code_in_name, b.code_class AS name_says,
       b.nearest_class AS looks_like, b.image_count AS batch_images, b.foreign_share, b.named_share, b.base_rate, b.effect,
       b.robust_z, b.q_value
FROM judged_batches b
JOIN file_manifest f USING (class_name, batch_id)
WHERE class_name = {{name}} AND code_contradicts = {{by_code}} AND picture_contradicts = {{by_picture}}
  AND coalesce({POINTS_TO}, '?') = {{other}}
ORDER BY b.effect DESC NULLS LAST, batch_id, f.image_id
""".strip()


def detect(connection: duckdb.DuckDBPyConnection, thresholds: Thresholds) -> list[Finding]:
    findings = []
    bounds = {
        "effect": thresholds.batch_effect,
        "effect_alone": thresholds.batch_effect_alone,
        "images_alone": thresholds.batch_images_alone,
        "alpha": thresholds.alpha,
    }
    for row in fetch(connection, _SQL, **bounds):
        name, other = row["class_name"], row["looks_like"]
        both = row["by_code"] and row["by_picture"]
        kind = "both" if both else ("code" if row["by_code"] else "picture")
        low, high = _interval(row)
        findings.append(
            Finding(
                finding_id=f"label_contamination:{kind}:{name}|{other}",
                severity="HIGH" if both else "MEDIUM",
                detector="label_contamination",
                level=row["level"],
                class_name=name,
                title={
                    "both": "Batches of another class, by name and picture",
                    "code": "Batches whose names tell another object",
                    "picture": "Batches that look like another class",
                }[kind],
                statement=_statement(row, name, other, kind),
                effect_name="share of foreign neighbours above the sibling batches",
                effect_size=row["effect"],
                ci_low=low,
                ci_high=high,
                affected_images=row["images"],
                example_ids=tuple(row["examples"]),
                evidence_sql=_EVIDENCE.format(
                    name=text(name), by_code=row["by_code"], by_picture=row["by_picture"], other=text(other)
                ),
                action="Look at the examples and move the batches to the class they belong to."
                if both
                else "Look at the examples first: only the name or only the picture speaks against the class.",
            )
        )
    return findings


def _interval(row: dict[str, Any]) -> tuple[float | None, float | None]:
    """95 % bounds of the effect: how far a mean of as many sibling batches strays from their median."""
    if row["spread"] is None or row["tested"] < row["batches"] or row["siblings"] < MIN_SIBLINGS:
        return None, None
    variance = row["share_of_one"] + math.pi / (2 * row["siblings"])
    reach = float(student.ppf(0.975, row["siblings"] - 1)) * row["spread"] * math.sqrt(variance)
    return max(row["effect"] - reach, -1.0), min(row["effect"] + reach, 1.0)


def _statement(row: dict[str, object], name: str, other: str, kind: str) -> str:
    batches, images = row["batches"], row["images"]
    assert isinstance(batches, int)
    assert isinstance(images, int)
    sentences = [f"{counted(batches, 'batch', 'batches')} of class {name} ({counted(images, 'image')})"]
    one = batches == 1
    if kind != "picture":
        verb = "carries" if one else "carry"
        sentences[0] += f" {verb} the code {row['object_code']} in the names, which stands for {other}"
    else:
        sentences[0] += f" {'lies' if one else 'lie'} among images of other objects, mostly {row['nearest_class']}"
    share, base = row["foreign_share"], row["base_rate"]
    if isinstance(share, float):
        usual = f", against {percent(base)} in the other batches of the class" if isinstance(base, float) else ""
        of = f", mostly {row['nearest_class']}" if kind == "both" and row["nearest_class"] else ""
        sentences.append(
            f"{percent(share)} of the nearest images from other sessions show another object{of}{usual}"
            + (", which is not enough to speak against the class" if kind == "code" else "")
        )
    elif kind == "code":
        sentences.append("The pictures were not compared")
    if kind != "code":
        q_value = row["q_value"]
        if isinstance(q_value, float) and row["tested"] == batches:
            sentences.append(f"q is at most {q_value:.2g}")
        else:
            sentences.append("Too few images or sibling batches for a test; the effect alone is shown")
    return ". ".join(sentences) + "."
