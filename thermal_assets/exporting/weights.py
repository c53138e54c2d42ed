"""Class weights for a loss function, from how many images of each class are kept."""

from __future__ import annotations

import polars as pl

# Cui et al., Class-Balanced Loss Based on Effective Number of Samples, CVPR 2019: E_n = (1 - beta^n) / (1 - beta).
BETA = 0.9999


def class_weights(counts: pl.DataFrame, beta: float = BETA) -> pl.DataFrame:
    """One row per class of ``counts`` (class_name, images): share and two weights, by class_name.

    inverse_frequency  all images / (classes x images of the class)
    effective_number   (1 - beta) / (1 - beta^images), scaled so that the mean over the classes is 1

    A class without images has no weight (null).
    """
    there = counts.filter(pl.col("images") > 0)
    classes, total = there.height, int(there["images"].sum() or 0)
    images = pl.col("images").cast(pl.Float64)
    raw = (1 - beta) / (1 - pl.lit(beta).pow(images))
    weighted = there.select(
        "class_name",
        (images / max(total, 1)).alias("share"),
        (total / (classes * images)).alias("inverse_frequency"),
        raw.alias("effective_number"),
    )
    weighted = weighted.with_columns(pl.col("effective_number") / pl.col("effective_number").mean())
    return counts.join(weighted, on="class_name", how="left").sort("class_name")
