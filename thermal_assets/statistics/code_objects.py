"""What the object codes in file names stand for, where the profile does not say."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

PURITY = 0.95
MIN_IMAGES = 20


def class_objects(images: pl.DataFrame) -> dict[str, str]:
    """The object each class shows: its pair where it has one, else the class itself."""
    pairs = images.group_by("class_name").agg(pl.col("pair").drop_nulls().first())
    return {name: pair or name for name, pair in pairs.sort("class_name").iter_rows()}


def learn_code_objects(
    images: pl.DataFrame,
    objects: Mapping[str, str],
    *,
    purity: float = PURITY,
    min_images: int = MIN_IMAGES,
) -> dict[str, str]:
    """Object code -> object, for codes of at least ``min_images`` images of which ``purity`` lie in classes of one
    object; codes that are less pure stay unknown, so nothing is concluded from them.

    ``objects`` maps class_name to object.
    """
    counts = (
        images.select("object_code", "class_name")
        .drop_nulls()
        .with_columns(object=pl.col("class_name").replace_strict(objects, default=None, return_dtype=pl.String))
        .group_by("object_code", "object")
        .agg(n=pl.len())
        .with_columns(total=pl.col("n").sum().over("object_code"))
        .filter((pl.col("total") >= min_images) & (pl.col("n") >= purity * pl.col("total")))
        .drop_nulls("object")
        .sort("object_code")
    )
    return dict(counts.select("object_code", "object").iter_rows())
