"""Which images break a limit on their temperatures."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from thermal_assets.profile import Ranges
from thermal_assets.temperature.apparent import RADIOMETRIC

DECLARED = "declared range"
TOLERANCE = "tolerance"
_ROUNDING = 1e-6  # of the arithmetic; a limit that is met exactly is kept

Limit = tuple[str, str, float]


def declared_limits(ranges: Ranges) -> list[Limit]:
    """(column, side that breaks it, limit) of the temperatures that the data set declares for itself."""
    ends = (("min_c", "below", ranges.temperature_min_c), ("max_c", "above", ranges.temperature_max_c))
    return [(quantity, side, limit) for quantity, side, limit in ends if limit is not None]


def violations(temperatures: pl.DataFrame, declared: Sequence[Limit], tolerances: Sequence[Limit]) -> pl.DataFrame:
    """Rows of table ``temperature_violations``: one an image and limit that it breaks.

    A value equal to its limit keeps it. ``beyond_error`` is true where it exceeds the limit by more than the image's
    error; sensors' temperatures have no stated error, so there every excess counts.
    """
    frames = [
        _broken(temperatures, basis, *limit)
        for basis, limits in ((DECLARED, declared), (TOLERANCE, tolerances))
        for limit in limits
    ]
    if not frames:
        return _broken(temperatures, TOLERANCE, "max_c", "above", float("inf"))
    return pl.concat(frames).sort("image_id", "rule")


def _broken(temperatures: pl.DataFrame, basis: str, quantity: str, side: str, limit: float) -> pl.DataFrame:
    unit = "K" if quantity.endswith("_k") else "share" if quantity.endswith("_fraction") else "degC"
    value = pl.col(quantity)
    excess = value - limit if side == "above" else limit - value
    beyond = pl.when(pl.col("source") == RADIOMETRIC).then(True).otherwise(excess > pl.col("error_k"))
    return temperatures.filter(excess > _ROUNDING).select(
        "image_id",
        "class_name",
        "image_key",
        pl.lit(f"{basis}: {quantity} at {'most' if side == 'above' else 'least'} {limit:g}").alias("rule"),
        pl.lit(basis).alias("basis"),
        pl.lit(quantity).alias("quantity"),
        value.alias("value"),
        pl.lit(limit).alias("limit_value"),
        pl.lit(side).alias("side"),
        pl.lit(unit).alias("unit"),
        excess.alias("exceeds_by"),
        "error_k",
        (pl.lit(None, dtype=pl.Boolean) if unit == "share" else beyond).alias("beyond_error"),
        "source",
    )
