"""Each image against its own class and distance; sessions weigh the same; few rows whatever the class."""

import numpy as np
import polars as pl
import pytest

from thermal_assets.statistics.image_quality import (
    LEAST_IMAGES,
    LEAST_SESSIONS,
    MEASURES,
    MOST_ROWS,
    quality_tail,
    weighted_quantile,
)
from thermal_assets.warehouse.contract import TABLES


def images(brightness, distance=1.0, session=None, seed=0):
    """Sound images except for their brightness; ten sessions in turn if none are given."""
    n = len(brightness)
    rng = np.random.default_rng(seed)
    ids = [f"{distance:g}/{i:04d}" for i in range(n)]
    return pl.DataFrame(
        {
            "bit_depth": 8,
            "image_id": ids,
            "class_name": ["A"] * n,
            "image_key": pl.Series(range(n), dtype=pl.Int64),
            "session_id": session or [f"s{i % 10}" for i in range(n)],
            "distance_m": pl.Series([distance] * n, dtype=pl.Float64),
            "brightness": np.asarray(brightness, dtype=float),
            "contrast": 0.2 + 0.02 * rng.standard_normal(n),
            "entropy": 6.5 + 0.1 * rng.standard_normal(n),
            "sharpness": np.exp(-6 + 0.2 * rng.standard_normal(n)),
            "clipped_low": np.zeros(n),
            "clipped_high": np.zeros(n),
        }
    )


def spread(centre, n, seed=0):
    return centre + 0.03 * np.random.default_rng(seed).standard_normal(n).clip(-2, 2)


def told(frame):
    return quality_tail(frame).filter(pl.col("robust_z").abs() > 6)


def test_the_same_picture_is_usual_in_one_distance_and_odd_in_another():
    near, far = images(spread(0.2, 60), 1.0), images(spread(0.6, 60, 1), 5.0)
    dark_among_bright = images([0.2], 5.0).with_columns(image_id=pl.lit("odd"))
    rows = told(pl.concat([near, far, dark_among_bright]))
    assert rows["image_id"].to_list() == ["odd"]
    row = rows.row(0, named=True)
    assert (row["measure"], row["direction"], row["compared_with"], row["distance_m"]) == (
        "brightness", "low", "class and distance", 5.0,
    )  # fmt: skip
    assert row["group_median"] == pytest.approx(0.6, abs=0.02)
    odds = np.log(0.2 / 0.8) - np.log(row["group_median"] / (1 - row["group_median"]))
    assert row["robust_z"] == pytest.approx(odds / (0.03 / (0.6 * 0.4)), rel=0.4)
    assert (row["group_images"], row["group_sessions"]) == (61, 10)


def test_a_class_that_is_dark_as_a_whole_is_not_odd():
    assert not told(images(spread(0.05, 80).clip(0.01, 1))).height


def test_a_long_odd_session_is_not_the_norm_and_is_told():
    """Three quarters of the images, but one session of eleven: by counting images the others would be odd."""
    sound, odd = images(spread(0.5, 50)), images(spread(0.05, 150), session=["long"] * 150, seed=1)
    odd = odd.with_columns(image_id=pl.format("odd{}", "image_id"))
    rows = told(pl.concat([sound, odd]))
    assert rows.height
    assert rows["image_id"].str.starts_with("odd").all()
    assert rows["group_median"].to_list() == pytest.approx([0.5] * rows.height, abs=0.03)


def test_small_distances_fall_back_to_the_class_and_small_classes_to_nothing():
    few = images([0.9] * 3, 5.0).with_columns(image_id=pl.format("few{}", "image_id"))
    rows = told(pl.concat([images(spread(0.4, 60)), few]))
    assert rows["compared_with"].unique().to_list() == ["class"]
    assert rows["distance_m"].null_count() == rows.height == 3
    alone = images([*spread(0.4, LEAST_IMAGES - 2), 0.95])
    assert not quality_tail(alone).height
    sessions = [f"s{i % (LEAST_SESSIONS - 1)}" for i in range(100)]
    assert not quality_tail(images([*spread(0.4, 99), 0.95], session=sessions)).height


def test_near_pictures_are_not_blurred_because_far_ones_of_the_class_are_sharper():
    """Two sessions a distance, too few for a norm of its own; the near session is smooth, one far picture is blurred."""
    sharpness = {1.0: 1e-4, 5.0: 2e-3, 10.0: 3e-3, 15.0: 3e-3, 20.0: 4e-3}
    parts = []
    for index, (distance, usual) in enumerate(sharpness.items()):
        part = images(spread(0.4, 12, index), distance, [f"s{2 * index + i % 2}" for i in range(12)], index)
        parts.append(
            part.with_columns(sharpness=usual * np.exp(0.1 * np.random.default_rng(index).standard_normal(12)))
        )
    blurred = parts[4][:1].with_columns(image_id=pl.lit("blurred"), sharpness=1e-4)
    rows = quality_tail(pl.concat([*parts, blurred])).filter(measure="sharpness")
    assert rows["image_id"].to_list() == ["blurred"]
    assert rows["compared_with"].to_list() == ["class"]


def test_a_distance_with_few_images_has_its_median_and_the_spread_of_the_class():
    """Twelve images a distance, which differ much more between the distances than inside one."""
    parts = [images(spread(centre, 12, k), 1.0 + k) for k, centre in enumerate((0.2, 0.4, 0.6, 0.8))]
    odd = images([0.6], 1.0).with_columns(image_id=pl.lit("odd"))
    rows = told(pl.concat([*parts, odd]))
    assert rows["image_id"].to_list() == ["odd"]
    assert rows["compared_with"].to_list() == ["class and distance, spread of the class"]
    assert rows["group_median"][0] == pytest.approx(0.2, abs=0.03)
    assert rows["distance_m"].to_list() == [1.0]


def test_without_sessions_every_image_counts_alone():
    plain = images([*spread(0.4, 99), 0.95]).with_columns(session_id=pl.lit(None, dtype=pl.String))
    rows = told(plain)
    assert rows["image_id"].to_list() == ["1/0099"]
    assert rows["group_sessions"].to_list() == [None]


def test_what_nobody_sees_is_not_told_however_equal_the_class_is():
    equal = images([*[0.4] * 99, 0.45])  # log odds differ by 0.2
    assert not told(equal).filter(measure="brightness").height


def test_rows_stay_few_and_are_the_farthest():
    values = np.concatenate([spread(0.4, 3000), np.linspace(0.7, 1.0, 1000)])
    rows = quality_tail(images(values)).filter(measure="brightness")
    assert rows.height == MOST_ROWS
    assert rows["value"].min() > 0.9
    assert quality_tail(images(values)).columns == TABLES["image_quality"].column_names


def test_not_measured_and_no_edge_at_all():
    frame = images(spread(0.4, 60)).with_columns(
        clipped_low=pl.lit(None, dtype=pl.Float64),
        sharpness=pl.when(pl.col("image_id") == "1/0007").then(0.0).otherwise("sharpness"),
    )
    rows = quality_tail(frame)
    assert rows.filter(measure="sharpness")["image_id"].to_list() == ["1/0007"]
    assert rows["robust_z"].is_finite().all()
    assert quality_tail(frame.clear()).height == 0
    assert set(MEASURES) >= set(rows["measure"])


def test_the_weighted_median_is_the_median_of_repeated_values():
    values, weights = np.array([3.0, 1.0, 2.0, 9.0]), np.array([1, 2, 2, 1])
    assert weighted_quantile(values, weights.astype(float)) == sorted(np.repeat(values, weights))[2]


def test_the_end_of_a_long_tail_is_no_outlier_but_what_is_apart_from_it_is():
    rng = np.random.default_rng(3)
    odds = np.concatenate([0.12 * rng.standard_normal(150), -rng.exponential(0.6, 150)])
    dark_tail = 1 / (1 + np.exp(-odds))
    assert told(images(dark_tail)).is_empty()
    apart = told(images([*dark_tail, *[0.001] * 30]))  # a tenth of the images: they must not become the spread
    assert apart.height == 30
    assert set(apart["measure"]) == {"brightness"}


def test_deep_pictures_are_compared_with_pictures_of_their_depth():
    shallow = images(spread(0.5, 60))
    deep = images(spread(0.5, 60) / 50, seed=1).with_columns(
        image_id="deep/" + pl.col("image_id"), bit_depth=pl.lit(16, pl.Int64)
    )
    assert told(pl.concat([shallow, deep], how="vertical_relaxed")).is_empty()
    blurred = deep.with_columns(
        sharpness=pl.when(pl.col("image_id").str.ends_with("0007")).then(1e-5).otherwise("sharpness")
    )
    rows = told(pl.concat([shallow, blurred], how="vertical_relaxed"))
    assert rows.select("measure", "direction", "group_images").rows() == [("sharpness", "low", 60)]


def test_of_a_class_of_two_kinds_few_pictures_at_a_distance_do_not_tell_which_are_odd():
    """A third of every distance is dark, or bright where most are dark; one is black."""
    parts = []
    for k, (most, rest) in enumerate(((0.6, 0.2), (0.2, 0.6), (0.6, 0.2), (0.2, 0.6))):
        levels = np.where(np.arange(12) % 3 == 2, spread(rest, 12, k), spread(most, 12, 9 + k))
        parts.append(images(levels, 1.0 + k, session=[f"s{i % 6}" for i in range(12)]))
    black = images([0.00001], 1.0).with_columns(image_id=pl.lit("black"))
    rows = told(pl.concat([*parts, black]))
    assert rows.select("image_id", "compared_with").rows() == [("black", "class and distance, spread of the class")]
