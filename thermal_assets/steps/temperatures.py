"""Temperatures of the images of one class, and the limits that they break."""

from __future__ import annotations

import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.manifest.identity import class_of
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.temperature.apparent import image_temperatures
from thermal_assets.temperature.violations import declared_limits, violations

_VERSION = "1"

# Rows of one image that name different ranges contradict each other: then no annotation says.
_IMAGES = """
    WITH annotated AS (
        SELECT image_id, min(inspection_temperature_low_c) AS low, min(inspection_temperature_high_c) AS high
        FROM annotations
        WHERE class_name = $class_name AND isfinite(inspection_temperature_low_c)
              AND isfinite(inspection_temperature_high_c)
        GROUP BY image_id
        HAVING min(inspection_temperature_low_c) = max(inspection_temperature_low_c)
               AND min(inspection_temperature_high_c) = max(inspection_temperature_high_c)
    )
    SELECT c.image_id, c.class_name, c.image_key, c.bit_depth,
           p.* EXCLUDE (image_id, class_name, image_key, histogram),
           s.min_c AS sensor_min_c, s.mean_c AS sensor_mean_c, s.max_c AS sensor_max_c,
           s.background_c AS sensor_background_c, s.hot_spot_c AS sensor_hot_spot_c,
           s.hot_fraction AS sensor_hot_fraction,
           a.low AS annotated_low_c, a.high AS annotated_high_c
    FROM channel_stats c
    LEFT JOIN palette_levels p USING (image_id)
    LEFT JOIN sensor_temperatures s USING (image_id)
    LEFT JOIN annotated a USING (image_id)
    WHERE c.class_name = $class_name
    ORDER BY c.image_id
"""


def materialize_temperatures(home: Home, run_id: str, partition: str) -> StepReport:
    """Write temperatures and temperature_violations of one class."""
    class_name = class_of(partition)
    settings, ranges = home.profile.temperature, home.profile.ranges
    declared, tolerances = declared_limits(ranges), settings.limits_of(class_name)
    profile_range, scale = settings.range_of(class_name), settings.levels

    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            images = connection.sql(_IMAGES, params={"class_name": class_name}).pl()
        rows, missing = image_temperatures(
            images,
            profile_range=profile_range,
            level_scale=(scale.gain_k, scale.offset_c) if scale else None,
            black_hot=settings.grey == "black-hot",
        )
        broken = violations(rows, declared, tolerances)
        where = {"class_name": class_name}
        return {
            "temperatures": Output(
                [Slice("temperatures", rows, where), Slice("temperature_violations", broken, where)],
                metadata={
                    "images_by_source": _counts(rows, "source"),
                    "images_without": missing,
                    "violations": _counts(broken, "rule"),
                    "plot": _plot(class_name, rows),
                },
            )
        }

    parameters = {
        "range": profile_range,
        "grey": settings.grey,
        "levels": scale.model_dump() if scale else None,
        "declared": declared,
        "tolerances": tolerances,
    }
    upstream = [("channel_stats", partition), ("annotations", partition)]
    plan = AssetPlan("temperatures", _VERSION, parameters)
    return run_step(home, run_id, [plan], compute, partition=partition, upstream=upstream)["temperatures"]


def _counts(rows: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(rows.group_by(column).len().sort("len", column, descending=True).iter_rows())


def _plot(class_name: str, rows: pl.DataFrame) -> bytes | None:
    if not rows.height:
        return None
    from thermal_assets.reporting.temperature_plots import temperature_ranges

    return temperature_ranges(
        {source: group.select("min_c", "mean_c", "max_c").to_numpy() for (source,), group in rows.group_by("source")},
        title=f"Temperatures of the images of {class_name}",
    )
