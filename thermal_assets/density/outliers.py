"""Judging: which images lie alone in their class, and which in a suspiciously tight crowd.

A budget of ranks, not a cut-off on a score: the robust z of log density misses nearly all planted outliers at the
usual 3.5, while their ranks are excellent. Measuring does not depend on it, so a budget can change without
computing a density again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

SCHEMA = {
    "side": pl.String,
    "rank": pl.Int32,
    "density": pl.Float32,
    "rule": pl.String,
    "threshold": pl.Float32,
}


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

    ``frame`` holds one class, level and scope: ``keys``, density, density_xs, reliable. Judged is density_xs;
    an image without it (names without sessions, fewer than three sessions) by density, and its rule says so. Mixed classes
    are judged on each basis by itself, since the two values have different scales. Images that are not reliable are
    never judged. Ties are ordered by key, so the same images are shown on every run.
    """
    budget = budget or OutlierBudget()
    judged = frame.filter(pl.col("reliable"))
    across = judged.filter(pl.col("density_xs").is_finite())
    plain = judged.filter(~pl.col("density_xs").is_finite().fill_null(False) & pl.col("density").is_finite())
    parts = []
    for part, measure, note in (
        (across, "density_xs", "density_xs"),
        (plain, "density", "density (density_xs is not available)"),
    ):
        size = budget.size(len(part))
        ranked = part.select(keys, pl.col(measure).cast(pl.Float32).alias("density"))
        for side, descending, word in (("low", False, "lowest"), ("high", True, "highest")):
            if size == 0:
                continue
            shown = ranked.sort(["density", keys], descending=[descending, False]).head(size)
            parts.append(
                shown.select(
                    keys,
                    pl.lit(side).alias("side"),
                    pl.int_range(1, len(shown) + 1, dtype=pl.Int32).alias("rank"),
                    "density",
                    pl.lit(f"{word} {note}: {budget.words(len(part))}").alias("rule"),
                    pl.lit(shown["density"][-1], dtype=pl.Float32).alias("threshold"),
                )
            )
    if not parts:
        return pl.DataFrame(schema={keys: frame.schema[keys], **SCHEMA})
    return pl.concat(parts)
