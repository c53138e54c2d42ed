"""Whether state and class can be told from what should not matter."""

from __future__ import annotations

from thermal_assets.home.layout import Home
from thermal_assets.progress import reporter
from thermal_assets.steps.images import copy_groups, missing_classes
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS

_VERSION = "2"

# Brightness as in image_quality: the position on the palette where it is known, else the luminance.
AUDITED_IMAGES = """
    SELECT m.image_id, m.image_key, m.class_name, c.state, c.pair, m.session_id, m.distance_m, m.site_code,
           m.captured_on AS day,
           s.mode || CASE WHEN s.has_alpha AND s.alpha_constant THEN ', alpha of one value' ELSE '' END AS channels,
           s.width, s.height, s.palette,
           coalesce(p.mean, (0.299 * mean_r + 0.587 * mean_g + 0.114 * mean_b) / (2 ** bit_depth - 1)) AS brightness
    FROM file_manifest m
    JOIN channel_stats s USING (image_id)
    LEFT JOIN palette_levels p USING (image_id)
    LEFT JOIN class_catalog c ON c.class_name = m.class_name
    ORDER BY m.image_id
"""


def materialize_shortcut_audit(home: Home, run_id: str) -> StepReport:
    """Write shortcut_audit over all classes."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.statistics.shortcuts import shortcut_audit

        with home.warehouse.read() as connection:
            images = connection.sql(AUDITED_IMAGES).pl()
            copies = copy_groups(connection, images)
            missing = missing_classes(connection)
        rows = shortcut_audit(images, copies=copies, progress=reporter("looking for shortcuts"))
        strongest = rows.drop_nulls("auc").sort("auc", descending=True).head(5)
        facts = {"missing_classes": missing, "strongest": strongest["statement"].to_list()}
        return {"shortcut_audit": Output([Slice("shortcut_audit", rows)], metadata=facts)}

    upstream = [(a, ALL_PARTITIONS) for a in ("image_classes", "file_manifest", "channel_stats", "duplicates")]
    return run_step(home, run_id, [AssetPlan("shortcut_audit", _VERSION)], compute, upstream=upstream)["shortcut_audit"]
