"""Which batches contradict their class: the one rule that findings, scorecard, report and queries go by."""

from __future__ import annotations

from thermal_assets.warehouse.columns import BATCH_COLUMNS
from thermal_assets.warehouse.last_judged import last_judged
from thermal_assets.warehouse.schema import View, column

#: Defaults of thresholds batch_effect, batch_effect_alone, batch_images_alone, alpha, before anything was judged.
DEFAULT_EFFECT, DEFAULT_EFFECT_ALONE, DEFAULT_IMAGES_ALONE, DEFAULT_ALPHA = 0.3, 0.6, 5, 0.05


def judged_batches_sql(
    effect: float | str, effect_alone: float | str, images_alone: float | str, alpha: float | str
) -> str:
    """SELECT of the rows of batch_drift with ``picture_contradicts``; the bounds are numbers or SQL."""
    return f"""
    SELECT *, coalesce(CASE WHEN q_value IS NULL THEN image_count >= {images_alone} AND effect >= {effect_alone}
                            ELSE q_value <= {alpha} AND effect >= {effect} END, false)
              OR coalesce(named_share > 1 - foreign_share AND image_count >= {images_alone} AND effect >= {effect}, false)
              AS picture_contradicts
    FROM batch_drift"""


JUDGED_BATCHES = View(
    "judged_batches",
    "One row per class and batch of batch_drift, and whether its pictures contradict the class by thresholds "
    "batch_effect, batch_effect_alone, batch_images_alone and alpha, as last judged.",
    (
        *BATCH_COLUMNS,
        column(
            "picture_contradicts",
            "",
            "The neighbours say so too: by q and effect; by a large effect where siblings are few; or, where the "
            "names contradict, by an effect and more neighbours of the named object than of the folder's own",
        ),
    ),
    judged_batches_sql(
        last_judged("batch_effect", DEFAULT_EFFECT),
        last_judged("batch_effect_alone", DEFAULT_EFFECT_ALONE),
        last_judged("batch_images_alone", DEFAULT_IMAGES_ALONE),
        last_judged("alpha", DEFAULT_ALPHA),
    ),
    reads=("batch_drift", "thresholds"),
)
