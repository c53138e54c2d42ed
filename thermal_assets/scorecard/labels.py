"""Measures of labels: do pictures carry one label, do their surroundings support it, can classes be told apart?"""

from __future__ import annotations

from thermal_assets.scorecard.lens_reason import lens_reason
from thermal_assets.scorecard.measure import Basis, Measure
from thermal_assets.warehouse.judged_batches import judged_batches_sql
from thermal_assets.warehouse.suspect_labels import suspect_labels_sql


def _suspect(basis: Basis) -> str:
    thresholds = basis.thresholds
    return suspect_labels_sql(thresholds.label_conflict_odds, thresholds.label_conflict_typicality)


def _judged_batches(basis: Basis) -> str:
    of = basis.thresholds
    return judged_batches_sql(of.batch_effect, of.batch_effect_alone, of.batch_images_alone, of.alpha)


def _labels_supported(basis: Basis) -> str:
    return f"""
        WITH unfit AS ({lens_reason("label_conflicts", "labels have not been compared yet")})
        SELECT CASE WHEN (SELECT reason FROM unfit) IS NULL
                    THEN 1 - (SELECT count(*)
                              FROM ({_suspect(basis)})) / nullif(count(*), 0) END AS value,
               CASE WHEN count(*) = 0 THEN 'no image has been decoded yet' ELSE (SELECT reason FROM unfit) END AS reason
        FROM channel_stats"""


def _classes_large_enough(basis: Basis) -> str:
    return f"""
        SELECT count(*) FILTER (WHERE image_count >= {basis.thresholds.min_class_images}) / nullif(count(*), 0) AS value,
               CASE WHEN count(*) = 0 THEN 'there is no class yet' END AS reason
        FROM classes"""


def _separable_pairs(basis: Basis) -> str:
    # Matched on distance where that was possible, and at L3 where there is one: the fairest figure of a pair.
    return f"""
        WITH unfit AS ({lens_reason("separation", "pairs have not been compared yet")}
        ), pairs AS (
            SELECT arg_max(separability_auc, (matched::INTEGER, separation.level)) AS auc
            FROM separation JOIN lenses USING (lens_id)
            WHERE in_force AND separability_auc IS NOT NULL
            GROUP BY normal_class, anomaly_class
        )
        SELECT CASE WHEN (SELECT reason FROM unfit) IS NULL
                    THEN count(*) FILTER (WHERE auc >= {basis.thresholds.separability_auc}) / nullif(count(*), 0) END AS value,
               coalesce((SELECT reason FROM unfit),
                        CASE WHEN count(*) = 0 THEN 'no pair of a normal and an anomaly class' END) AS reason
        FROM pairs"""


LABELS = (
    Measure(
        "one_label_a_picture",
        "accuracy of labels",
        "Pictures that carry one label",
        "One picture under two labels is wrong at least once, whatever it shows.",
        "1 - images whose equal copy (bytes or pixels) lies in another class / images",
        good=0.9999,
        bad=0.99,
        bounds="every such picture is a proven mistake; a hundredth of them is a labelling process that failed",
        query="""
            WITH searched AS (SELECT count(*) > 0 AS done FROM asset_versions WHERE asset = 'duplicates')
            SELECT CASE WHEN (SELECT done FROM searched)
                        THEN 1 - (SELECT count(DISTINCT image_id) FROM duplicates
                                  WHERE kind IN ('file', 'pixels') AND NOT same_class) / nullif(count(*), 0) END AS value,
                   CASE WHEN count(*) = 0 THEN 'no image has been decoded yet'
                        WHEN NOT (SELECT done FROM searched) THEN 'copies have not been searched yet' END AS reason
            FROM channel_stats""",
    ),
    Measure(
        "labels_supported",
        "accuracy of labels",
        "Labels that the surroundings support",
        "An image that lies among another class in other sessions may carry the wrong label: an estimate, not a proof.",
        "1 - images with a suspect label (view suspect_labels: odds against it, and as typical of another class) / images",
        good=0.99,
        bad=0.95,
        bounds="classes that resemble each other always exchange a few images; a twentieth is a confused class",
        query=_labels_supported,
    ),
    Measure(
        "batches_fit",
        "accuracy of labels",
        "Batches that fit their class",
        "A whole batch under the wrong class is the most expensive mistake: name and picture both say so.",
        "1 - images of batches that name and picture both contradict / images of judged batches",
        good=0.9999,
        bad=0.95,
        bounds="one such batch is worth a look; a twentieth of the images is a folder mixed up",
        query=lambda basis: (
            f"""
            WITH unfit AS ({lens_reason("batch_drift", "batches have not been judged yet")})
            SELECT CASE WHEN (SELECT reason FROM unfit) IS NULL
                        THEN 1 - coalesce(sum(image_count) FILTER (WHERE code_contradicts AND picture_contradicts), 0)
                                 / nullif(sum(image_count), 0) END AS value,
                   coalesce((SELECT reason FROM unfit),
                            CASE WHEN count(*) = 0 THEN 'names carry no session, so there are no batches' END) AS reason
            FROM ({_judged_batches(basis)})"""
        ),
    ),
    Measure(
        "classes_large_enough",
        "effectiveness",
        "Classes large enough to judge",
        "In a class below the bound every tenth image is every other image's neighbourhood.",
        "classes with at least thresholds.min_class_images images / classes",
        good=1.0,
        bad=0.5,
        bounds="the bound of the profile (50 images unless changed); with half of the classes below it most say nothing",
        iso_code="Eft-ML-2",
        query=_classes_large_enough,
    ),
    Measure(
        "separable_pairs",
        "effectiveness",
        "Pairs that can be told apart",
        "What a generic network cannot tell apart at all, a model will need much more data for.",
        "pairs with separability of at least thresholds.separability_auc, at L3, matched on distance if possible / pairs",
        good=1.0,
        bad=0.5,
        bounds="the bound of the profile (0.75 unless changed): one random pair of images in four is ranked wrongly",
        query=_separable_pairs,
    ),
)
