"""Images whose pixels are unusual for the class and the distance they belong to."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID, IMAGE_KEY
from thermal_assets.warehouse.schema import Table, column, required

HYGIENE = (
    Table(
        "image_quality",
        "One row per image and measure that lies far from what is usual in its class at its distance.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required(
                "measure",
                "VARCHAR",
                "'brightness', 'contrast', 'entropy', 'sharpness', 'clipped_low' or 'clipped_high'",
            ),
            required(
                "value",
                "DOUBLE",
                "brightness, contrast: mean and standard deviation of the position on the palette, or of luminance where "
                "the palette is not known, 0..1; entropy: bits; sharpness: relative_sharpness of channel_stats; clipped: "
                "share of pixels, 0..1. Of pictures of more than 8 bits: means and deviations in shares of the full scale, "
                "of float pictures deviations in their own unit",
            ),
            required("group_median", "DOUBLE", "Median of the group in the same unit, every session with equal weight"),
            required(
                "robust_z",
                "DOUBLE",
                "(value - median) / spread of that side of the group, contrast and sharpness as logarithms, brightness as "
                "log odds. Spread: 1.4826 MAD, more where the usual images of that side scatter wider than normally "
                "distributed ones, and never below the smallest difference that matters",
            ),
            required("direction", "VARCHAR", "'low' or 'high': the side of the median"),
            required(
                "compared_with",
                "VARCHAR",
                "'class and distance'; 'class and distance, spread of the class' (fewer than 30 images or 5 sessions); "
                "'class' (fewer than 8 images or 3 sessions; sharpness must then be as far from its own distance, too)",
            ),
            column("distance_m", "DOUBLE", "Distance of the group, metres; NULL where it is the whole class"),
            required("group_images", "BIGINT", "Images of the same bit depth behind the median and the spread"),
            column("group_sessions", "INTEGER", "Sessions behind them; NULL where names carry no session"),
        ),
        key=("image_id", "measure"),
        owner="image_quality",
    ),
)
