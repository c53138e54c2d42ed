"""How far the pixels of an image are from what is usual in its class at its distance.

Photographs have a right exposure; thermal pictures have not. A tank at night is dark, a switchboard
fills the palette, and both are sound. So there is no fixed bound: an image is compared with the images
of its own class and distance, in robust units (Iglewicz and Hoaglin 1993: distance to the median over
1.4826 MAD). Many classes are skewed or have long tails, and the last picture of a long row of ever darker
ones is no outlier; so each side of the median has a spread of its own (``_spreads``). Every session weighs
the same, so that one long odd session does not become the norm, and a group needs several sessions at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.frames import conform, table_frame

# Light, contrast and edges are compared by ratio: their lower end is near, and on a linear scale a black picture
# among dark ones is only a few deviations away. A mean has two ends, so it is compared by its odds.
_SCALES = {"brightness": "odds", "contrast": "ratio", "sharpness": "ratio"}
# The smallest spread that is believed, in the unit compared. Where most images of a group agree better than that, a
# difference would be told that nobody can see.
LEAST_SPREAD: Mapping[str, float] = {
    "brightness": 0.1,  # odds, ratios: 10 %
    "contrast": 0.1,
    "entropy": 0.1,  # 7 % more or fewer equally used levels
    "sharpness": 0.1,
    "clipped_low": 0.01,  # one pixel in a hundred
    "clipped_high": 0.01,
}
MEASURES = tuple(LEAST_SPREAD)
LEAST_IMAGES = 30  # the MAD of 30 values is known to about a fifth (1.17 / sqrt(n))
LEAST_SESSIONS = 5  # one odd session is then at most a fifth of the norm
# A median alone needs less than a spread: of three sessions one may be odd without leading it.
MEDIAN_IMAGES, MEDIAN_SESSIONS = 8, 3
# Where more than a twentieth of a class lies far from the medians of its distances, those are another kind of picture that
# the class has, not single odd ones; and ten pictures do not show which kinds a distance has.
KINDS_FROM = 0.05
TAIL_Z = 3.5  # Iglewicz and Hoaglin's bound of a possible outlier: nothing nearer is stored
MOST_ROWS = 200  # rows a measure and direction in one class, or the share below if that is more
MOST_SHARE = 0.02
_NOTHING = 1e-9  # a picture without light, contrast or edges has no logarithm
# Edges are sharper the fewer pixels an object has: against a whole class, near pictures look blurred and far ones sharp.
_CHANGES_WITH_DISTANCE = frozenset({"sharpness"})
OWN, POOLED, CLASS = "class and distance", "class and distance, spread of the class", "class"


def quality_tail(images: pl.DataFrame) -> pl.DataFrame:
    """Rows of table ``image_quality`` for the images of one class.

    ``images`` has image_id, class_name, image_key, session_id, distance_m (the last two may be NULL), bit_depth and one
    Float64 column for every name in MEASURES (NULL: not measured). Only images of one bit depth are compared: the levels
    of deeper ones have no common scale. An image is compared with its class and distance if that
    group has ``LEAST_IMAGES`` images of ``LEAST_SESSIONS`` sessions. If it only has ``MEDIAN_IMAGES`` of
    ``MEDIAN_SESSIONS``, its median is used with the spread that the class has around the medians of its distances;
    where these leave ``KINDS_FROM`` of the class far outside, the image must be far from the whole class, too.
    Else the image is compared with the whole class, if that has images and sessions enough, else with nothing; its
    sharpness must then be as far from the median of its own distance, however few images that has.
    Images without a session are compared, but do not make the norm where others have sessions. Only |robust z| of
    ``TAIL_Z`` and more is returned, the farthest first, and of these as many as ``MOST_ROWS`` and ``MOST_SHARE`` allow
    a measure and side.
    """
    if not images.height:
        return table_frame("image_quality", [])
    depths = images.partition_by("bit_depth", maintain_order=True, include_key=False)
    return conform("image_quality", pl.concat([_tail(part, measure) for part in depths for measure in MEASURES]))


def weighted_quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float = 0.5) -> float:
    """The lowest of ``values`` float64[n] with at least this ``share`` of the weight at or below it; 0.5: the median."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] * share * (1 - 1e-12))])


def _tail(images: pl.DataFrame, measure: str) -> pl.DataFrame:
    known = images.filter(pl.col(measure).is_finite()).with_columns(scaled=_scaled(measure))
    whole = pl.DataFrame([_norm(known, measure, CLASS)], schema=_NORM_SCHEMA)
    frame = known.join(_norms(known, measure), on="distance_m", how="left", nulls_equal=True, maintain_order="left")
    lacking = frame.filter(pl.col("median").is_null()).drop(_NORM_SCHEMA)
    frame = pl.concat(
        [frame.filter(pl.col("median").is_not_null()), lacking.join(whole, how="cross")], how="vertical_relaxed"
    )
    apart = pl.col("scaled") - pl.col("median")
    z = apart / pl.when(apart < 0).then("spread_low").otherwise("spread_high")
    far = frame.with_columns(robust_z=z).filter(pl.col("robust_z").abs() >= TAIL_Z)
    far = _apart_from_class(far, whole)
    if measure in _CHANGES_WITH_DISTANCE:
        far = _apart_from_own_distance(far, known)
    rows = far.with_columns(
        measure=pl.lit(measure),
        value=pl.col(measure),
        group_median=_natural(measure),
        direction=pl.when(pl.col("robust_z") < 0).then(pl.lit("low")).otherwise(pl.lit("high")),
        distance_m=pl.when(pl.col("compared_with") != CLASS).then("distance_m"),
    ).drop(MEASURES)
    most = max(MOST_ROWS, math.ceil(MOST_SHARE * images.height))
    rows = rows.sort([pl.col("robust_z").abs(), pl.col("image_id")], descending=[True, False])
    return rows.group_by("direction", maintain_order=True).head(most).select(sorted(rows.columns))


def _scaled(measure: str) -> pl.Expr:
    value = pl.col(measure)
    if measure not in _SCALES:
        return value
    held = value.clip(lower_bound=_NOTHING)
    return held.log() if _SCALES[measure] == "ratio" else (held / (1 - value).clip(lower_bound=_NOTHING)).log()


def _natural(measure: str) -> pl.Expr:
    median = pl.col("median")
    if measure not in _SCALES:
        return median
    return median.exp() if _SCALES[measure] == "ratio" else 1 / (1 + (-median).exp())


_NORM_SCHEMA = {
    "median": pl.Float64,
    "spread_low": pl.Float64,
    "spread_high": pl.Float64,
    "group_images": pl.Int64,
    "group_sessions": pl.Int64,
    "compared_with": pl.String,
    "several_kinds": pl.Boolean,
}


def _norms(known: pl.DataFrame, measure: str) -> pl.DataFrame:
    """One row a distance that has a norm of its own, with its own spread or that of the class around such medians."""
    parts = known.drop_nulls("distance_m").partition_by("distance_m", maintain_order=True)
    rows, around = [], []
    for part in parts:
        centre = _centre(part)
        if centre is None:
            continue
        rows.append({"distance_m": part["distance_m"][0], **_norm(part, measure, OWN), **centre})
        around.append(part.with_columns(scaled=pl.col("scaled") - centre["median"]))
    if any(row["spread_low"] is None for row in rows):
        pooled = _norm(pl.concat(around), measure, POOLED)
        for row in rows:
            if row["spread_low"] is None:
                row |= {name: pooled[name] for name in ("spread_low", "spread_high", "compared_with", "several_kinds")}
    found = [row for row in rows if row["spread_low"] is not None]
    return pl.DataFrame(found, schema={"distance_m": pl.Float64, **_NORM_SCHEMA})


def _apart_from_own_distance(far: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Of rows compared with the whole class those that are as far from the images of their own distance, on that side."""
    by_class = (pl.col("compared_with") == CLASS) & pl.col("distance_m").is_not_null()
    if not far.filter(by_class).height:
        return far
    medians = []
    for part in known.drop_nulls("distance_m").partition_by("distance_m", maintain_order=True):
        members, weights, _ = _members(part)
        values = members["scaled"].to_numpy()
        # The lower and the upper median: of two sessions that disagree, the nearer one may be the usual one.
        ends = weighted_quantile(values, weights), -weighted_quantile(-values, weights)
        medians.append((part["distance_m"][0], *ends))
    own = pl.DataFrame(medians, schema=dict.fromkeys(("distance_m", "lower", "upper"), pl.Float64), orient="row")
    below = pl.col("lower") - pl.col("scaled") >= TAIL_Z * pl.col("spread_low")
    above = pl.col("scaled") - pl.col("upper") >= TAIL_Z * pl.col("spread_high")
    apart = pl.when(pl.col("robust_z") < 0).then(below).otherwise(above)
    joined = far.join(own, on="distance_m", how="left", maintain_order="left")
    return joined.filter(~by_class | apart).drop("lower", "upper")


def _apart_from_class(far: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Without the rows of a class of several kinds of pictures that are near the whole of it."""
    norm = whole.select(c="median", low="spread_low", high="spread_high")
    joined = far.join(norm, how="cross", maintain_order="left")
    below, above = pl.col("c") - pl.col("scaled"), pl.col("scaled") - pl.col("c")
    apart = (
        pl.when(pl.col("robust_z") < 0)
        .then(below >= TAIL_Z * pl.col("low"))
        .otherwise(above >= TAIL_Z * pl.col("high"))
    )
    return joined.filter(~pl.col("several_kinds") | apart).drop("c", "low", "high")


def _members(part: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.float64], int | None]:
    """(images that make the norm, their weights, their sessions or None): every session weighs the same."""
    in_session = part.drop_nulls("session_id")
    if not in_session.height:
        return part, np.ones(part.height), None
    weights = 1 / in_session.select(pl.len().over("session_id")).to_series().to_numpy().astype(float)
    return in_session, weights, in_session["session_id"].n_unique()


def _centre(part: pl.DataFrame) -> dict[str, Any] | None:
    members, weights, sessions = _members(part)
    if members.height < MEDIAN_IMAGES or (sessions is not None and sessions < MEDIAN_SESSIONS):
        return None
    median = weighted_quantile(members["scaled"].to_numpy(), weights)
    return {"median": median, "group_images": members.height, "group_sessions": sessions}


def _norm(part: pl.DataFrame, measure: str, compared_with: str) -> dict[str, Any]:
    """Median and spread of a group; NULL where it has too few images or sessions for a spread."""
    members, weights, sessions = _members(part)
    if members.height < LEAST_IMAGES or (sessions is not None and sessions < LEAST_SESSIONS):
        return dict.fromkeys(_NORM_SCHEMA)
    values = members["scaled"].to_numpy()
    median = weighted_quantile(values, weights)
    low, high = _spreads(values - median, weights, LEAST_SPREAD[measure])
    return {
        "median": median,
        "spread_low": low,
        "spread_high": high,
        "group_images": members.height,
        "group_sessions": sessions,
        "compared_with": compared_with,
        "several_kinds": compared_with == POOLED and _far_share(values - median, weights, low, high) > KINDS_FROM,
    }


def _far_share(apart: NDArray[np.float64], weights: NDArray[np.float64], low: float, high: float) -> float:
    far = np.where(apart < 0, -apart / low, apart / high) >= TAIL_Z
    return float(weights[far].sum() / weights.sum())


def _spreads(apart: NDArray[np.float64], weights: NDArray[np.float64], least: float) -> tuple[float, float]:
    """Spread of each side of the median, from distances float64[n] to it.

    1.4826 MAD, and more where the images of that side up to ``TAIL_Z`` of these lie farther out than those of a normal
    distribution: a fifth of its half lies beyond 1.2816 standard deviations. Images beyond do not count, so that many
    faulty ones, which leave a gap to the usual ones, do not hide themselves.
    """
    spread = max(1.4826 * weighted_quantile(np.abs(apart), weights), least)
    sides = []
    for side in (-apart, apart):
        usual = (side >= 0) & (side < TAIL_Z * spread)
        outer = weighted_quantile(side[usual], weights[usual], 0.8) if usual.any() else 0.0
        sides.append(max(spread, outer / 1.2816))
    return sides[0], sides[1]
