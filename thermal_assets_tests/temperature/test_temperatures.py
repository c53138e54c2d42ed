"""Temperatures from whatever says them, the limits they break, and what a profile may say about both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from thermal_assets.errors import UserError
from thermal_assets.profile import Ranges, load_profile
from thermal_assets.temperature.apparent import (
    ANNOTATED,
    BY_LEVELS,
    BY_PROFILE,
    NO_LEVELS,
    NO_RANGE,
    NO_SCALE,
    RADIOMETRIC,
    image_temperatures,
)
from thermal_assets.temperature.settings import TemperatureSettings
from thermal_assets.temperature.violations import declared_limits, violations

SCALE = {
    "minimum": 0.1,
    "mean": 0.4,
    "maximum": 1.0,
    "background": 0.3,
    "hot_spot": 0.9,
    "cold_spot": 0.15,
    "hot_fraction": 0.02,
    "cold_fraction": 0.5,
    "inversion_error": 0.05,
    "level_low": 0.0,
    "level_high": 255.0,
    "palette": "iron",
}
SENSOR = {
    "sensor_min_c": 21.0,
    "sensor_mean_c": 30.0,
    "sensor_max_c": 61.0,
    "sensor_background_c": 29.0,
    "sensor_hot_spot_c": 59.0,
    "sensor_hot_fraction": 0.1,
}
NUMBERS = [name for name in (*SCALE, *SENSOR, "annotated_low_c", "annotated_high_c") if name != "palette"]


def images(*rows: dict[str, Any]) -> pl.DataFrame:
    """One image a row; what a row leaves out is unknown."""
    schema = {"image_id": pl.String, "class_name": pl.String, "image_key": pl.Int64, "bit_depth": pl.Int32}
    schema |= {"palette": pl.String} | dict.fromkeys(NUMBERS, pl.Float64)
    named = [{"image_id": f"a/{i}.png", "class_name": "a", "image_key": i, "bit_depth": 8} for i in range(len(rows))]
    return pl.DataFrame([name | row for name, row in zip(named, rows, strict=True)], schema=schema)


def test_every_image_has_the_temperatures_of_its_best_source() -> None:
    annotation = {"annotated_low_c": 10.0, "annotated_high_c": 60.0}
    found, missing = image_temperatures(
        images(
            SCALE | SENSOR | annotation,
            SCALE | annotation,
            SCALE,
            SCALE | {"annotated_low_c": 60.0, "annotated_high_c": 10.0},  # typed the wrong way round: says nothing
            SCALE | annotation | {"bit_depth": 16, "level_low": 7000.0, "level_high": 9000.0, "palette": "grey"},
            annotation,  # a photograph: no scale
        ),
        profile_range=(0.0, 100.0),
        level_scale=(0.04, -273.15),
    )
    assert found["source"].to_list() == [RADIOMETRIC, ANNOTATED, BY_PROFILE, BY_PROFILE, BY_LEVELS]
    assert found["max_c"].to_list() == pytest.approx([61.0, 60.0, 100.0, 100.0, 9000 * 0.04 - 273.15])
    assert found["min_c"].to_list() == pytest.approx([21.0, 15.0, 10.0, 10.0, 7200 * 0.04 - 273.15])
    assert found["contrast_k"].to_list() == pytest.approx([30.0, 30.0, 60.0, 60.0, 0.6 * 80])
    assert found["error_k"].to_list() == [None, 2.5, 5.0, 5.0, 4.0]
    assert found["max_at_range_end"].to_list() == [False, True, True, True, False]
    assert missing == {NO_SCALE: 1}


def test_without_ends_of_the_scale_there_is_no_temperature_and_the_reason_is_counted() -> None:
    found, missing = image_temperatures(images(SCALE, SCALE | {"bit_depth": 16}, {}, {}))
    assert found.height == 0
    assert missing == {NO_SCALE: 2, NO_RANGE: 1, NO_LEVELS: 1}


def test_black_hot_turns_grey_pictures_only() -> None:
    found, _ = image_temperatures(
        images(SCALE | {"palette": "grey"}, SCALE), profile_range=(0.0, 100.0), black_hot=True
    )
    assert found["max_c"].to_list() == pytest.approx([90.0, 100.0])
    assert found["hot_spot_c"].to_list() == pytest.approx([85.0, 90.0])
    assert found["contrast_k"].to_list() == pytest.approx([15.0, 60.0])
    assert found["hot_fraction"].to_list() == pytest.approx([0.5, 0.02])


def test_violations_say_by_how_much_and_whether_that_is_more_than_the_error() -> None:
    annotation = {"annotated_low_c": -30.0, "annotated_high_c": 70.0}  # error: 5 K
    found, _ = image_temperatures(images(SCALE | annotation, SCALE | SENSOR | annotation))
    settings = TemperatureSettings.model_validate(
        {
            "tolerances": [
                {"class": "a*", "max_c_at_most": 60, "contrast_k_at_most": 60},
                {"class": "a", "max_c_at_most": 60, "min_c_at_most": 22},
                {"class": "b", "max_c_at_most": 1},
            ]
        }
    )
    declared = declared_limits(Ranges(temperature_min_c=-17.0, temperature_max_c=1000.0))
    broken = violations(found, declared, settings.limits_of("a"))
    assert broken.select("image_id", "rule", "side", "exceeds_by", "beyond_error").rows() == [
        ("a/0.png", "declared range: min_c at least -17", "below", pytest.approx(3.0), False),
        ("a/0.png", "tolerance: max_c at most 60", "above", pytest.approx(10.0), True),
        ("a/1.png", "tolerance: max_c at most 60", "above", pytest.approx(1.0), True),  # a sensor states no error
    ]
    assert violations(found, [], []).schema == broken.schema


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[temperature.tolerances]]\nclass = "pipe_*"', "needs at least one limit"),
        ("[[temperature.tolerances]]\nmax_at_most = 80", "temperature.tolerances.0.max_at_most"),
        ("[[temperature.tolerances]]\nmean_c_at_least = 50\nmean_c_at_most = 40", "mean_c_at_least 50 lies above"),
        ("[temperature]\nrange_c = [60, 20]", "must rise"),
        ('[[temperature.ranges]]\nclass = "x"\nrange_c = [5, 5]', "must rise"),
        ('[temperature]\ngrey = "hot"', "temperature.grey"),
        ("[temperature.levels]\ngain_k = 0\noffset_c = 0", "temperature.levels.gain_k"),
    ],
)
def test_a_wrong_profile_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_profile(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_first_range_that_fits_a_class_counts() -> None:
    settings = TemperatureSettings.model_validate(
        {
            "range_c": [0, 50],
            "ranges": [{"class": "pipe_*", "range_c": [0, 120]}, {"class": "pipe_hot", "range_c": [0, 300]}],
        }
    )
    assert [settings.range_of(name) for name in ("car", "pipe_hot")] == [(0, 50), (0, 120)]
