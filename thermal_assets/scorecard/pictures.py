"""Measures of files and pictures by themselves: formats, names, copies, quality, temperatures, annotations."""

from __future__ import annotations

from thermal_assets.scorecard.lens_reason import lens_reason
from thermal_assets.scorecard.measure import Measure

PICTURES = (
    Measure(
        "one_pixel_mode",
        "consistency",
        "Images in the usual pixel format",
        "A class saved in another format than the others can be told by its file instead of its picture.",
        "images of the commonest pixel mode and bit depth / images",
        good=0.999,
        bad=0.9,
        bounds="from 1 % on it is a second way of exporting, not a stray file; a tenth is a mixed data set",
        iso_code="Con-ML-3",
        query="""
            WITH modes AS (SELECT count(*) AS images FROM channel_stats GROUP BY mode, bit_depth)
            SELECT max(images) / sum(images) AS value,
                   CASE WHEN count(*) = 0 THEN 'no image has been decoded yet' END AS reason
            FROM modes""",
    ),
    Measure(
        "names_valid",
        "consistency",
        "Names that parse and keep to the declared ranges",
        "A name that contradicts itself makes date, session and distance of its image unknown.",
        "files whose name has every token, each inside its declared range / files",
        good=0.999,
        bad=0.95,
        bounds="from 1 % on comparisons by session and distance rest on visibly other images",
        query="""
            SELECT avg(tokens_valid::INTEGER) AS value,
                   CASE WHEN count(tokens_valid) = 0 THEN 'the profile reads nothing into names' END AS reason
            FROM file_manifest""",
    ),
    Measure(
        "distinct_files",
        "consistency",
        "Images that are no copy",
        "A picture that is there twice can land in training and test at once.",
        "1 - further copies (equal bytes or equal pixels) / images",
        good=0.999,
        bad=0.95,
        bounds="from 1 % on a random split leaks enough to move a test score in its second digit",
        iso_code="Con-ML-1",
        query="""
            WITH searched AS (SELECT count(*) > 0 AS done FROM asset_versions WHERE asset = 'duplicates')
            SELECT CASE WHEN (SELECT done FROM searched)
                        THEN 1 - (SELECT count(DISTINCT image_id) FROM duplicates
                                  WHERE kind IN ('file', 'pixels') AND NOT keeper) / nullif(count(*), 0) END AS value,
                   CASE WHEN count(*) = 0 THEN 'no image has been decoded yet'
                        WHEN NOT (SELECT done FROM searched) THEN 'copies have not been searched yet' END AS reason
            FROM channel_stats""",
    ),
    Measure(
        "distinct_pictures",
        "similarity",
        "Images that are no near copy",
        "A burst of almost equal frames counts as many images and teaches as one.",
        "1 - further near copies (almost equal L2 features or perceptual hashes) / images",
        good=0.95,
        bad=0.8,
        bounds="with a fifth of near copies a class has visibly fewer independent pictures than its count says",
        query=f"""
            WITH unfit AS ({lens_reason("duplicates", "near copies have not been searched yet")})
            SELECT CASE WHEN (SELECT reason FROM unfit) IS NULL
                        THEN 1 - (SELECT count(DISTINCT image_id) FROM duplicates
                                  WHERE kind = 'near' AND NOT keeper) / nullif(count(*), 0) END AS value,
                   CASE WHEN count(*) = 0 THEN 'no image has been decoded yet'
                        ELSE (SELECT reason FROM unfit) END AS reason
            FROM channel_stats""",
    ),
    Measure(
        "acceptable_pictures",
        "effectiveness",
        "Pictures that show something",
        "A picture of one single level holds nothing to learn from.",
        "1 - pictures whose smallest and largest level are equal / images",
        good=0.999,
        bad=0.99,
        bounds="blank pictures are mistakes of exporting: one in a thousand is an accident, one in a hundred a habit",
        query="""
            SELECT 1 - count(*) FILTER (WHERE minimum = maximum) / nullif(count(*), 0) AS value,
                   CASE WHEN count(*) = 0 THEN 'no image has been decoded yet' END AS reason
            FROM channel_stats""",
    ),
    Measure(
        "usual_pictures",
        "effectiveness",
        "Pictures as usual for their class and distance",
        "A picture far darker, flatter or blurrier than its class may be a wrong exposure, focus or export.",
        "1 - images that table image_quality names / images",
        good=0.98,
        bad=0.9,
        bounds="a stray picture in fifty is what any collection holds; a tenth is a habit of one camera or one day",
        query="""
            WITH judged AS (SELECT count(*) > 0 AS done FROM asset_versions WHERE asset = 'image_quality')
            SELECT CASE WHEN (SELECT done FROM judged)
                        THEN 1 - (SELECT count(DISTINCT image_id) FROM image_quality) / nullif(count(*), 0) END AS value,
                   CASE WHEN count(*) = 0 THEN 'no image has been decoded yet'
                        WHEN NOT (SELECT done FROM judged) THEN 'pictures have not been compared yet' END AS reason
            FROM channel_stats""",
    ),
    Measure(
        "plausible_temperatures",
        "consistency",
        "Temperatures inside their limits",
        "A temperature outside the declared range or tolerance is a wrong scale, or a fault worth knowing.",
        "1 - images that break a limit by more than their error / images with temperatures",
        good=0.999,
        bad=0.95,
        bounds="every violation beyond the error is a contradiction; a twentieth is a wrong scale of a whole batch",
        query="""
            SELECT 1 - (SELECT count(DISTINCT image_id) FROM temperature_violations
                        WHERE coalesce(beyond_error, true)) / nullif(count(*), 0) AS value,
                   CASE WHEN count(*) = 0 THEN 'no image has temperatures' END AS reason
            FROM temperatures""",
    ),
    Measure(
        "consistent_annotations",
        "consistency",
        "Annotations that contradict nothing",
        "An annotation that contradicts name, folder or pixels is wrong on one side.",
        "1 - annotated images with a contradiction / annotated images",
        good=0.999,
        bad=0.95,
        bounds="from 1 % on whatever is sorted by annotations rests on visibly other images",
        query="""
            SELECT 1 - (SELECT count(DISTINCT p.image_id) FROM annotation_problems p
                        WHERE p.image_id IN (SELECT image_id FROM annotations))
                       / nullif(count(DISTINCT image_id), 0) AS value,
                   CASE WHEN count(*) = 0 THEN 'no image is annotated' END AS reason
            FROM annotations""",
    ),
)
