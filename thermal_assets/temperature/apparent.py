"""Temperatures of images: from the sensor where a file carries it, else from the palette and the ends of its scale."""

from __future__ import annotations

import polars as pl

RADIOMETRIC = "radiometric"
ANNOTATED = "palette, annotated range"
BY_PROFILE = "palette, profile range"
BY_LEVELS = "levels, profile scale"

NO_SCALE = "no palette that is known"
NO_RANGE = "no temperatures for the ends of the scale"
NO_LEVELS = "deeper than 8 bits, and the profile does not say what levels mean"

_FIGURES = ("minimum", "mean", "maximum", "background", "hot_spot", "cold_spot")
_IDENTITY = ("image_id", "class_name", "image_key")
COLUMNS = (
    *_IDENTITY,
    "source",
    "min_c",
    "mean_c",
    "max_c",
    "background_c",
    "hot_spot_c",
    "contrast_k",
    "hot_fraction",
    "error_k",
    "range_low_c",
    "range_high_c",
    "max_at_range_end",
)


def image_temperatures(
    images: pl.DataFrame,
    *,
    profile_range: tuple[float, float] | None = None,
    level_scale: tuple[float, float] | None = None,
    black_hot: bool = False,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows of table ``temperatures``, and how many images have none, by reason.

    Args:
        images: one row an image: image_id, class_name, image_key, bit_depth; the columns of ``palette_levels`` and,
            with ``_c`` and ``sensor_`` names, those of ``sensor_temperatures``, NULL where there are none; and
            annotated_low_c, annotated_high_c (NULL where no annotation says).
        profile_range: degrees Celsius at the ends of the palette, by the profile.
        level_scale: (kelvin a level, degrees Celsius at level 0) of pictures deeper than 8 bits.
        black_hot: grey pictures are hot where they are dark.
    """
    low, high = profile_range or (None, None)
    gain, offset = level_scale or (None, None)
    shallow = pl.col("bit_depth") == 8
    has_scale = pl.col("inversion_error").is_not_null()
    has_annotation = shallow & (pl.col("annotated_low_c") < pl.col("annotated_high_c")).fill_null(False)
    found = images.with_columns(
        pl.when(pl.col("sensor_mean_c").is_not_null())
        .then(pl.lit(RADIOMETRIC))
        .when(has_scale & has_annotation)
        .then(pl.lit(ANNOTATED))
        .when(has_scale & shallow & pl.lit(profile_range is not None))
        .then(pl.lit(BY_PROFILE))
        .when(has_scale & ~shallow & pl.lit(level_scale is not None))
        .then(pl.lit(BY_LEVELS))
        .alias("source")
    )
    without = found.filter(pl.col("source").is_null())
    missing = {
        NO_SCALE: without.filter(~has_scale).height,
        NO_RANGE: without.filter(has_scale & shallow).height,
        NO_LEVELS: without.filter(has_scale & ~shallow).height,
    }
    by_scale = found.filter(pl.col("source").is_not_null() & (pl.col("source") != RADIOMETRIC)).with_columns(
        _by_source(pl.col("annotated_low_c"), low, pl.col("level_low") * gain + offset if gain else None).alias("low"),
        _by_source(pl.col("annotated_high_c"), high, pl.col("level_high") * gain + offset if gain else None).alias(
            "high"
        ),
    )
    rows = pl.concat([_sensed(found.filter(pl.col("source") == RADIOMETRIC)), _scaled(by_scale, black_hot)])
    return rows.sort("image_id"), {reason: count for reason, count in missing.items() if count}


def _by_source(annotated: pl.Expr, by_profile: float | None, by_levels: pl.Expr | None) -> pl.Expr:
    levels = by_levels if by_levels is not None else pl.lit(None, dtype=pl.Float64)
    return (
        pl.when(pl.col("source") == ANNOTATED)
        .then(annotated)
        .when(pl.col("source") == BY_PROFILE)
        .then(pl.lit(by_profile, dtype=pl.Float64))
        .otherwise(levels)
    )


def _sensed(images: pl.DataFrame) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.Float64)
    names = ("min", "mean", "max", "background", "hot_spot")
    return images.with_columns(
        *(pl.col(f"sensor_{name}_c").alias(f"{name}_c") for name in names),
        contrast_k=pl.col("sensor_hot_spot_c") - pl.col("sensor_background_c"),
        hot_fraction=pl.col("sensor_hot_fraction"),
        error_k=nothing,
        range_low_c=nothing,
        range_high_c=nothing,
        max_at_range_end=pl.lit(False),
    ).select(COLUMNS)


def _scaled(images: pl.DataFrame, black_hot: bool) -> pl.DataFrame:
    """Temperature = low + position * (high - low)."""
    turned = (pl.col("palette") == "grey") & pl.lit(black_hot)
    position = {name: pl.col(name).cast(pl.Float64) for name in _FIGURES}
    mirrored = {
        "minimum": "maximum",
        "maximum": "minimum",
        "hot_spot": "cold_spot",
        "mean": "mean",
        "background": "background",
    }
    seen = {
        name: pl.when(turned).then(1.0 - position[other]).otherwise(position[name]) for name, other in mirrored.items()
    }
    span = pl.col("high") - pl.col("low")
    shown = {"min_c": "minimum", "mean_c": "mean", "max_c": "maximum"}
    shown |= {"background_c": "background", "hot_spot_c": "hot_spot"}
    fraction = pl.when(turned).then(pl.col("cold_fraction")).otherwise(pl.col("hot_fraction"))
    return images.select(
        *_IDENTITY,
        "source",
        *((pl.col("low") + seen[name] * span).alias(column) for column, name in shown.items()),
        ((seen["hot_spot"] - seen["background"]) * span).alias("contrast_k"),
        fraction.cast(pl.Float64).alias("hot_fraction"),
        (pl.col("inversion_error").cast(pl.Float64) * span).alias("error_k"),
        pl.col("low").alias("range_low_c"),
        pl.col("high").alias("range_high_c"),
        # The ends of a picture that is scaled to itself are its own, not those of a scale.
        ((seen["maximum"] >= 1.0) & (pl.col("source") != BY_LEVELS)).alias("max_at_range_end"),
    ).select(COLUMNS)
