"""Judging: which images lie alone in their class, and which in a suspiciously tight crowd.

A budget of ranks, not a cut-off on a score: the robust z of log density misses nearly all planted outliers at the
usual 3.5, while their ranks are excellent. Measuring does not depend on it, so a budget can change without
computing a density again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class OutlierBudget:
    """How many images of a class are shown on each side.

    minimum        this many at least
    share          or this share of the class, if that is more
    largest_share  but never more than this share of the judged images: of 60 images ten would be no outliers
    """

    minimum: int = 10
    share: float = 0.002
    largest_share: float = 0.05

    def __post_init__(self) -> None:
        if self.minimum < 0 or not 0 <= self.share <= 1 or not 0 <= self.largest_share <= 0.5:
            raise ValueError("minimum must not be negative, share within 0..1, largest_share within 0..0.5")

    def size(self, judged: int) -> int:
        """Images on each side of a class with ``judged`` reliable images."""
        # The small constant undoes binary fractions: 0.002 of 6,000 is 12, not 13.
        wanted = max(self.minimum, math.ceil(self.share * judged - 1e-9))
        return min(wanted, math.floor(self.largest_share * judged + 1e-9))

    def words(self, judged: int) -> str:
        """The rule as it is printed beside its results."""
        return (
            f"{self.size(judged)} of {judged} images: the larger of {self.minimum} and {self.share:.1%}, "
            f"at most {self.largest_share:.0%}"
        )


def judge_outliers(frame: pl.DataFrame, budget: OutlierBudget | None = None, keys: str = "image_key") -> pl.DataFrame:
    """The least and the most dense images of one class: ``keys`` and OUTLIER_COLUMNS of the warehouse.

    ``frame`` holds one class, level and scope: ``keys``, density, density_xs, density_xs_basis, reliable.
    Judged is density_xs, and density where it is NULL; the rule says which. Images that are not reliable are never
    judged. Where a class has more than one basis (some names carry no session), each image is ranked among those
    of its own basis, because the values do not compare; the budget is shared in proportion.
    Ties are ordered by key, so that every run shows the same images.
    """
    budget = budget or OutlierBudget()
    judged = frame.filter(pl.col("reliable")).with_columns(
        pl.when(pl.col("density_xs").is_finite()).then("density_xs").otherwise("density").alias("value"),
        pl.when(pl.col("density_xs").is_finite())
        .then(pl.format("density_xs ({})", "density_xs_basis"))
        .otherwise(pl.format("density (no density_xs: {})", "density_xs_basis"))
        .alias("basis"),
    )
    judged = judged.filter(pl.col("value").is_finite())
    count = len(judged)
    size = budget.size(count)
    sides = []
    for side, descending, word in (("low", False, "lowest"), ("high", True, "highest")):
        shown = (
            judged.sort(["value", keys], descending=[descending, False])
            .with_columns(
                (pl.int_range(1, pl.len() + 1).over("basis") / pl.len().over("basis")).alias("place"),
            )
            .sort(["place", keys])
            .head(size)
        )
        sides.append(
            shown.select(
                keys,
                pl.lit(side).alias("side"),
                pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("rank"),
                pl.col("value").cast(pl.Float32).alias("density"),
                pl.format("{} {}: {}", pl.lit(word), "basis", pl.lit(budget.words(count))).alias("rule"),
                pl.col("value").last().over("basis").cast(pl.Float32).alias("threshold"),
            )
        )
    return pl.concat(sides)
