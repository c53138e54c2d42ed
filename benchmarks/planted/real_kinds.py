"""What generators of data sets share that draw real pictures, as vectors, by their kind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from benchmarks.planted.feature_sets import FeatureSet, unit

Source = tuple[np.ndarray, np.ndarray, list[str]]


def by_kind(*sources: Source) -> dict[str, np.ndarray]:
    """Vectors of each kind, from vectors [n, 1280], labels [n] and the names of the labels."""
    return {name: v[labels == n] for v, labels, names in sources for n, name in enumerate(names)}


def own_kinds(plan: pl.DataFrame, kind_of: Mapping[str, str]) -> np.ndarray:
    """object [n]: the kind of picture that the class of each row shows."""
    return plan["class_name"].replace_strict(kind_of).to_numpy().astype(object)


def part_of_a_batch(
    random: np.random.Generator, plan: pl.DataFrame, class_name: str, column: str, share: float
) -> np.ndarray:
    """Rows int64: ``share`` of one batch (by ``column``) of 20 images or more of a class."""
    counts = plan.filter(pl.col("class_name") == class_name)[column].value_counts().sort(column)
    batch = str(random.choice(counts.filter(pl.col("count") >= 20)[column].to_numpy()))
    rows = random.permutation(np.flatnonzero((plan[column] == batch).to_numpy()))
    return rows[: round(share * len(rows))]


def named(plan: pl.DataFrame, rows: np.ndarray, code: str) -> pl.DataFrame:
    """With ``code`` as the object that the names of ``rows`` say."""
    codes = plan["object_code"].to_numpy().copy()
    codes[rows] = code
    return plan.with_columns(object_code=pl.Series(codes))


def leaking(
    plan: pl.DataFrame,
    leak: str,
    where: pl.Expr,
    brighter: float,
    larger: float,
    values: Mapping[str, tuple[object, object]],
) -> pl.DataFrame:
    """``leak`` goes with the state where ``where`` holds: anomalous pictures are ``brighter`` (added) or ``larger``
    (times), or take the second of ``values[leak]`` and normal ones the first."""
    anomalous = pl.col("state") == "anomaly"
    if leak == "brightness":
        return plan.with_columns(pl.col(leak) + pl.when(where & anomalous).then(brighter).otherwise(0.0))
    if leak == "size":
        times = pl.when(where & anomalous).then(larger).otherwise(1.0)
        return plan.with_columns((pl.col(side) * times).cast(pl.Int64) for side in ("width", "height"))
    normal, anomaly = values[leak]
    given = pl.when(anomalous).then(pl.lit(anomaly)).otherwise(pl.lit(normal))
    return plan.with_columns(pl.when(where).then(given).otherwise(pl.col(leak)).alias(leak))


def as_set(
    random: np.random.Generator, plan: pl.DataFrame, vectors: np.ndarray, planted: np.ndarray | None
) -> FeatureSet:
    """The images of a plan with keys and names of their own, nothing new; ``planted``: rows int64, or None."""
    images = plan.with_columns(
        image_key=pl.Series(random.integers(-(2**62), 2**62, plan.height)),
        image_id=pl.format("{}/{}.png", "class_name", pl.int_range(pl.len())),
    ).with_columns(content_hash="image_id", frame_id="image_id")
    marked = set() if planted is None else set(images["image_id"].to_numpy()[planted])
    return FeatureSet(images, unit(vectors), np.zeros(plan.height, dtype=bool), marked)
