"""Contradictions between annotations, names, folders, pixels and declared ranges, one function each.

Every function takes the rows of one class (see ``build.annotated_rows``) and returns a frame of
``PROBLEM_SCHEMA``. Nothing is judged here: how many of them are worth a finding is decided later.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from thermal_assets.annotations.fields import FIELDS
from thermal_assets.annotations.labels import Labels, plain
from thermal_assets.profile import Profile

PROBLEM_SCHEMA = pl.Schema(
    {
        "image_id": pl.String,
        "annotation_index": pl.Int32,
        "code": pl.String,
        "field": pl.String,
        "message": pl.String,
        "expected": pl.String,
        "found": pl.String,
        "source_file": pl.String,
    }
)
# A box with fractions may be cut outwards at both ends, and some tools count the last pixel, others not.
BOX_TOLERANCE_PX = 2.0
DISTANCE_TOLERANCE = 0.01  # share: distances are written with two digits
# What weather on Earth allows; a value beyond is a typing error or another unit.
_WEATHER = (
    ("Environment_temperature", "environment_temperature_c", -60.0, 60.0, "C"),
    ("Humidity", "humidity_percent", 0.0, 100.0, "%"),
    ("Wind", "wind_m_s", 0.0, 75.0, "m/s"),
)

_BOX = ("bbox_x", "bbox_y", "bbox_width", "bbox_height")
_has_box = pl.all_horizontal(pl.col(name).is_not_null() for name in _BOX)


def check(rows: pl.DataFrame, profile: Profile, class_name: str) -> pl.DataFrame:
    """Every problem of the annotated images of a class."""
    checks: list[Callable[[pl.DataFrame, Profile], pl.DataFrame]] = [
        distance_differs,
        date_differs,
        image_name_differs,
        frame_size_differs,
        bbox_outside_frame,
        bbox_size_differs,
        same_box_twice,
        outside_range,
        missing_fields,
    ]
    found = [check_one(rows, profile) for check_one in checks]
    return pl.concat([*found, category_contradicts(rows, profile, class_name)])


def distance_differs(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The distance token of the name and Inspection_distance."""
    named, told = pl.col("distance_m"), pl.col("inspection_distance_m")
    bad = _of_image(rows).filter((named - told).abs() > DISTANCE_TOLERANCE * named.abs().clip(0.1))
    return _problems(bad, "distance_differs", "Inspection_distance", "the name says another distance",
                     _text(named, "m"), _text(told, "m"), whole=True)  # fmt: skip


def date_differs(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The date token of the name and the date of the annotation."""
    named, told = pl.col("captured_on"), pl.col("captured_at").dt.date()
    bad = _of_image(rows).filter(named != told)
    return _problems(bad, "date_differs", "date_captured", "the name says another day",
                     named.cast(pl.String), told.cast(pl.String), whole=True)  # fmt: skip


def image_name_differs(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The file name that the annotation gives, where it was found by its place. The frame of a crop is right."""
    stem = pl.col("image_ref").str.replace_all("\\", "/", literal=True).str.split("/").list.last()
    stem = stem.str.replace(r"([^/])\.[^./]*$", "$1")
    own = pl.col("file_name").str.replace(r"([^/])\.[^./]*$", "$1")
    bad = _of_image(rows).filter((stem != own) & ~pl.concat_str(own).str.starts_with(pl.concat_str(stem, pl.lit("_"))))
    return _problems(bad, "image_name_differs", "file_name", "the annotation names another image",
                     pl.col("file_name"), pl.col("image_ref"), whole=True)  # fmt: skip


def frame_size_differs(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The resolution, and the frame that the profile declares or, where pictures are whole frames, the picture.

    With a box token in the profile's names pictures are crops, also those whose name does not parse.
    """
    width, height = pl.col("frame_width"), pl.col("frame_height")
    images, ranges = _of_image(rows), profile.ranges
    found = [_problems(images.clear(), "", "", "", pl.lit(""), pl.lit(""), whole=True)]
    if profile.grammar is None or "(?P<bbox_index>" not in profile.grammar.pattern:
        bad = images.filter((width != pl.col("width")) | (height != pl.col("height")))
        found.append(_problems(bad, "frame_size_differs", "resolution", "the picture has another size",
                               _size(pl.col("width"), pl.col("height")), _size(width, height), whole=True))  # fmt: skip
    elif ranges.frame_width is not None and ranges.frame_height is not None:
        bad = images.filter((width != ranges.frame_width) | (height != ranges.frame_height))
        found.append(_problems(bad, "frame_size_differs", "resolution", "the profile declares another frame",
                               pl.lit(f"{ranges.frame_width} x {ranges.frame_height}"), _size(width, height),
                               whole=True))  # fmt: skip
    return pl.concat(found)


def bbox_outside_frame(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """A box that leaves its frame, or has no area."""
    x, y, width, height = (pl.col(name) for name in _BOX)
    slack = 1.0  # the last column may be counted as 639 or 640
    outside = (
        (x < -slack)
        | (y < -slack)
        | (x + width > pl.col("frame_width") + slack)
        | (y + height > pl.col("frame_height") + slack)
    )
    empty = (width <= 0) | (height <= 0)
    frame = pl.format("inside {}", _size(pl.col("frame_width"), pl.col("frame_height")))
    return pl.concat(
        [
            _problems(rows.filter(outside & ~empty), "bbox_outside_frame", "bbox", "the box leaves its frame",
                      frame, _box_text()),
            _problems(rows.filter(empty), "bbox_without_area", "bbox", "the box has no area",
                      pl.lit("width and height above 0"), _box_text()),
        ]
    )  # fmt: skip


def bbox_size_differs(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The box, and the picture that was cut out by it (names with a box token, images with one object)."""
    off = [
        (pl.col(box) - pl.col(side)).abs() > BOX_TOLERANCE_PX
        for box, side in (("bbox_width", "width"), ("bbox_height", "height"))
    ]
    crops = rows.filter(pl.col("bbox_index").is_not_null() & (pl.len().over("image_id") == 1) & _has_box)
    return _problems(crops.filter(pl.any_horizontal(off)), "bbox_size_differs", "bbox",
                     "the picture that was cut out has another size", _size(pl.col("width"), pl.col("height")),
                     _size(pl.col("bbox_width"), pl.col("bbox_height")))  # fmt: skip


def same_box_twice(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """One box of a frame that is annotated more than once, as two objects or for two crops."""
    boxes = rows.filter(_has_box).with_columns(place=pl.coalesce("frame_id", "image_id"))
    key = ["place", *_BOX]
    first = pl.col("image_id").first().over(key, order_by=["image_id", "annotation_index"])
    repeated = boxes.with_columns(
        first=first, order=pl.int_range(pl.len()).over(key, order_by=["image_id", "annotation_index"])
    )
    return _problems(repeated.filter(pl.col("order") > 0), "same_box_twice", "bbox",
                     "another object of this frame has the same box",
                     pl.format("a box other than that of {}", pl.col("first")), _box_text())  # fmt: skip


def outside_range(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Values outside what the profile declares or weather allows, and ranges that end below their start."""
    ranges = profile.ranges
    images = _of_image(rows)
    found = [
        _outside(images, field, column, low, high, unit, "beyond what weather allows")
        for field, column, low, high, unit in _WEATHER
    ]
    found.append(_outside(images, "Inspection_distance", "inspection_distance_m", ranges.distance_min_m,
                          ranges.distance_max_m, "m", "outside the declared distances"))  # fmt: skip
    low, high = pl.col("inspection_temperature_low_c"), pl.col("inspection_temperature_high_c")
    shown = pl.format("{}~{} C", low, high)
    least = ranges.temperature_min_c if ranges.temperature_min_c is not None else -273.15
    most = ranges.temperature_max_c if ranges.temperature_max_c is not None else float("inf")
    name = "Inspection_temperature_range"
    found.append(_problems(images.filter(low >= high), "range_reversed", name, "the range does not rise",
                           pl.lit("low end below high end"), shown, whole=True))  # fmt: skip
    found.append(_problems(images.filter((low < least) | (high > most)), "outside_range", name,
                           "outside the declared temperatures", pl.lit(f"{least:g}~{most:g} C"), shown,
                           whole=True))  # fmt: skip
    return pl.concat(found)


def missing_fields(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """A field that this file does not have, but most annotations of the class do."""
    images = _of_image(rows).filter(pl.col("format") == "aihub")
    found = [_problems(images.clear(), "", "", "", pl.lit(""), pl.lit(""), whole=True)]
    for field in FIELDS:
        absent = pl.col(field.columns[0]).is_null()
        count = images.select(absent.sum()).item()
        if 0 < count < images.height / 2:
            bad = images.filter(absent)
            found.append(_problems(bad, "missing_field", field.name, f"{field.name} is missing",
                                   pl.lit("a value, as in most annotations of the class"), pl.lit(None, pl.String),
                                   whole=True))  # fmt: skip
    return pl.concat(found)


def category_contradicts(rows: pl.DataFrame, profile: Profile, class_name: str) -> pl.DataFrame:
    """Categories that name another object or state than the class folder or the file name."""
    labels = Labels(profile)
    own = plain(class_name)
    of_class = labels.of_class(class_name)
    pairs = rows.select("category", "supercategory", "object_code", "state_code").unique().rows()
    verdicts = []
    for category, group, object_code, state_code in pairs:
        meaning = labels.meaning(category, group)
        same = own in (plain(category or ""), plain(group or ""))
        known = meaning.known or same
        fits = same or meaning.agrees(*of_class)
        fits_name = meaning.agrees(*labels.of_name(object_code, state_code))
        verdicts.append((category, group, object_code, state_code, known, fits, fits_name))
    keys = ["category", "supercategory", "object_code", "state_code"]
    table = pl.DataFrame(
        verdicts,
        schema={**dict.fromkeys(keys, pl.String), "known": pl.Boolean, "fits": pl.Boolean, "fits_name": pl.Boolean},
        orient="row",
    )
    judged = rows.filter(pl.col("category").is_not_null() | pl.col("supercategory").is_not_null())
    judged = judged.join(table, on=keys, how="left", nulls_equal=True)
    if of_class == (None, None):
        # The profile says nothing of this class. If its categories are class names at all, another one contradicts.
        spoken = judged.select((pl.col("category").fill_null("") == class_name).any()).item()
        same_name = pl.col("category") == class_name
        judged = judged.with_columns(known=pl.lit(bool(spoken)), fits=same_name, fits_name=pl.lit(True))
    some_fit = pl.col("fits").any().over("image_id")
    named = pl.concat_str(pl.col("object_code"), pl.col("state_code"), separator="_", ignore_nulls=True)
    unknown = judged.filter(~pl.col("known")) if of_class != (None, None) else judged.clear()
    other = judged.filter(pl.col("known") & ~pl.col("fits") & some_fit)
    found = pl.col("category").fill_null(pl.col("supercategory"))
    return pl.concat(
        [
            _problems(judged.filter(pl.col("known") & ~some_fit), "category_contradicts_class", "category",
                      "the folder is another class", pl.lit(class_name), found),
            _problems(judged.filter(pl.col("known") & ~pl.col("fits_name")), "category_contradicts_name", "category",
                      "the codes of the name say something else", named, found),
            _problems(unknown, "category_unknown", "category", "the profile knows no such object or state",
                      pl.lit(class_name), found),
            _problems(other.unique("image_id", keep="first", maintain_order=True), "several_classes_in_frame",
                      "category", "the frame also shows an object of another class", pl.lit(class_name), found,
                      whole=True),
        ]
    )  # fmt: skip


def _of_image(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per image: what is said of the image as a whole."""
    return rows.unique("image_id", keep="first", maintain_order=True)


def _outside(
    images: pl.DataFrame, field: str, column: str, low: float | None, high: float | None, unit: str, message: str
) -> pl.DataFrame:
    least = low if low is not None else float("-inf")
    most = high if high is not None else float("inf")
    value = pl.col(column)
    bad = images.filter((value < least) | (value > most))
    expected = pl.lit(f"{least:g} to {most:g} {unit}")
    return _problems(bad, "outside_range", field, message, expected, _text(value, unit), whole=True)


def _problems(
    bad: pl.DataFrame, code: str, field: str, message: str, expected: pl.Expr, found: pl.Expr, *, whole: bool = False
) -> pl.DataFrame:
    return bad.select(
        "image_id",
        pl.lit(0, pl.Int32).alias("annotation_index") if whole else pl.col("annotation_index").cast(pl.Int32),
        pl.lit(code).alias("code"),
        pl.lit(field).alias("field"),
        pl.lit(message).alias("message"),
        expected.cast(pl.String).alias("expected"),
        found.cast(pl.String).alias("found"),
        "source_file",
    )


def _text(value: pl.Expr, unit: str) -> pl.Expr:
    return pl.format("{} {}", value.round(3), pl.lit(unit))


def _size(width: pl.Expr, height: pl.Expr) -> pl.Expr:
    return pl.format("{} x {}", width, height)


def _box_text() -> pl.Expr:
    return pl.format("x {}, y {}, {} x {}", *(pl.col(name).round(2) for name in _BOX))
