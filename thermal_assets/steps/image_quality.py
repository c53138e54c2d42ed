"""Images of one class that are unusual for it: from channel_stats and the names, no pixel is read."""

from __future__ import annotations

from thermal_assets.home.layout import Home
from thermal_assets.manifest.identity import class_of
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step

_VERSION = "5"


# Where the palette is known, brightness and contrast are those of the position on it: the luminance of a grey picture
# is far from that of an iron one of the same scene. Elsewhere they are those of luminance (ITU-R BT.601). Positions in
# deeper pictures are relative to their own range, so they are taken in levels, and floats (temperatures), which have no
# full scale, have a deviation but no brightness.
_IMAGES = """
    SELECT s.image_id, s.class_name, s.image_key, m.session_id, m.distance_m, s.bit_depth,
           CASE WHEN s.bit_depth <= 16 THEN coalesce(CASE WHEN s.bit_depth <= 8 THEN p.mean END,
               (0.299 * mean_r + 0.587 * mean_g + 0.114 * mean_b) / (2 ** s.bit_depth - 1)) END AS brightness,
           coalesce(CASE WHEN s.bit_depth <= 8 THEN p.deviation END,
               sqrt(0.299 * std_r ** 2 + 0.587 * std_g ** 2 + 0.114 * std_b ** 2)
               / CASE WHEN s.bit_depth <= 16 THEN 2 ** s.bit_depth - 1 ELSE 1 END) AS contrast,
           s.entropy, s.relative_sharpness AS sharpness,
           s.clipped_low_fraction AS clipped_low, s.clipped_high_fraction AS clipped_high
    FROM channel_stats s JOIN file_manifest m USING (image_id) LEFT JOIN palette_levels p USING (image_id)
    WHERE s.class_name = $name
    ORDER BY s.image_id
"""


def materialize_image_quality(home: Home, run_id: str, partition: str) -> StepReport:
    """Write image_quality of one class."""
    class_name = class_of(partition)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.statistics.image_quality import quality_tail

        with home.warehouse.read() as connection:
            images = connection.sql(_IMAGES, params={"name": class_name}).pl()
        rows = quality_tail(images)
        facts = {
            "images_compared": images.height,
            "images_with_a_row": rows["image_id"].n_unique(),
            **{f"rows_{measure}": count for measure, count in sorted(rows["measure"].value_counts().iter_rows())},
        }
        return {"image_quality": Output([Slice("image_quality", rows, {"class_name": class_name})], metadata=facts)}

    upstream = [("file_manifest", partition), ("channel_stats", partition)]
    plan = AssetPlan("image_quality", _VERSION)
    return run_step(home, run_id, [plan], compute, partition=partition, upstream=upstream)["image_quality"]
