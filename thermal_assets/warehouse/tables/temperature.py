"""Positions on the temperature scale, temperatures, and where they break a stated limit."""

from __future__ import annotations

from thermal_assets.imaging.level_distribution import BINS, HISTOGRAM_UNITS
from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID, IMAGE_KEY
from thermal_assets.warehouse.schema import Column, Table, column, required

_BACKGROUND = "the median: the object, or what surrounds it, wherever a spot fills less than half of the picture"
_SPOT = "mean of the hottest hundredth of the pixels, at least 9 (3 x 3, the least that a camera measures)"
_FRACTION = "Share of the pixels hotter than half way from background to hot spot, 0..1"


def _position(name: str, what: str) -> Column:
    return required(name, "FLOAT", f"{what}, position 0..1")


TEMPERATURE = (
    Table(
        "palette_levels",
        "One row per image whose palette is known (or that is grey): where its pixels lie on its temperature scale, "
        "from 0 = cold end to 1 = hot end. Grey counts as white-hot here.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required("palette", "VARCHAR", "Palette that was inverted: grey, iron, rainbow, ..."),
            required("palette_kind", "INTEGER", "Variant of that palette that lies nearest, from 0"),
            required(
                "palette_distance", "FLOAT", "Median distance of the colours from that palette, RGB levels; 0 for grey"
            ),
            required("level_low", "DOUBLE", "Native level at position 0: 0 for 8 bits, else the picture's smallest"),
            required("level_high", "DOUBLE", "Native level at position 1: 255 for 8 bits, else the picture's largest"),
            required(
                "pixels_per_count",
                "INTEGER",
                "1: every pixel counted; 4: every second in each direction, in pictures above 128 x 128",
            ),
            required(
                "inversion_error",
                "FLOAT",
                "95 % of the pixels have their true position within this, 0..1: colours off the palette, colours that "
                "it passes twice, compression, 8-bit steps, and how far cameras differ in the palette of that name",
            ),
            required(
                "left_out_fraction",
                "FLOAT",
                "Share of the pixels that are graphics drawn into the picture, not temperatures, and left out of these "
                "figures: colours off the palette, and the lines of a colour scale. Graphics in colours of the palette "
                "itself cannot be told from the scene and count",
            ),
            _position("minimum", "Coldest pixel"),
            _position("mean", "Mean"),
            _position("maximum", "Hottest pixel"),
            required("deviation", "FLOAT", "Standard deviation of the position"),
            _position("q01", "1 % of the pixels are colder"),
            _position("q05", "5 % of the pixels are colder"),
            _position("q25", "25 % of the pixels are colder"),
            _position("q50", "Median"),
            _position("q75", "75 % of the pixels are colder"),
            _position("q95", "95 % of the pixels are colder"),
            _position("q99", "99 % of the pixels are colder"),
            _position("cold_spot", "Mean of the coldest hundredth of the pixels, at least 9"),
            _position("background", f"Background, {_BACKGROUND}"),
            _position("hot_spot", f"Hot spot, {_SPOT}"),
            _position("contrast", "hot_spot minus background"),
            required("hot_fraction", "FLOAT", _FRACTION),
            required("cold_fraction", "FLOAT", "Share of the pixels colder than half way from background to cold spot"),
            required(
                "histogram",
                "USMALLINT[]",
                f"Pixels in {BINS} equal steps of the position, in 1/{HISTOGRAM_UNITS} of all",
            ),
        ),
        key=("image_id",),
        owner="channel_stats",
    ),
    Table(
        "sensor_temperatures",
        "One row per image whose radiometric payload was read: temperatures of its sensor, as the camera was set.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required("sensor_width", "INTEGER", "Pixels of the sensor; the picture may have more"),
            required("sensor_height", "INTEGER", "Pixels of the sensor"),
            required("min_c", "DOUBLE", "Coldest pixel, degrees Celsius"),
            required("mean_c", "DOUBLE", "Mean, degrees Celsius"),
            required("max_c", "DOUBLE", "Hottest pixel, degrees Celsius"),
            required("cold_spot_c", "DOUBLE", "Mean of the coldest hundredth of the pixels, at least 9"),
            required("background_c", "DOUBLE", f"Background, {_BACKGROUND}"),
            required("hot_spot_c", "DOUBLE", f"Hot spot, {_SPOT}"),
            required("hot_fraction", "DOUBLE", _FRACTION),
            required("emissivity", "DOUBLE", "Emissivity that the camera assumed, 0..1"),
            required("object_distance_m", "DOUBLE", "Distance that the camera assumed, metres"),
            required("reflected_c", "DOUBLE", "Reflected temperature that the camera assumed, degrees Celsius"),
            required("air_c", "DOUBLE", "Air temperature that the camera assumed, degrees Celsius"),
        ),
        key=("image_id",),
        owner="channel_stats",
    ),
    Table(
        "temperatures",
        "One row per image with temperatures: measured by its sensor, or apparent, read off its palette and a range.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required(
                "source",
                "VARCHAR",
                "'radiometric', 'palette, annotated range', 'palette, profile range' or 'levels, profile scale'; "
                "figures of different sources are not comparable without a thought",
            ),
            required("min_c", "DOUBLE", "Coldest pixel, degrees Celsius"),
            required("mean_c", "DOUBLE", "Mean, degrees Celsius"),
            required("max_c", "DOUBLE", "Hottest pixel, degrees Celsius"),
            required("background_c", "DOUBLE", f"Background, {_BACKGROUND}"),
            required("hot_spot_c", "DOUBLE", f"Hot spot, {_SPOT}"),
            required(
                "contrast_k",
                "DOUBLE",
                "hot_spot_c minus background_c, kelvin: the temperature difference to the reference area, as in "
                "IEC TS 62446-3",
            ),
            required("hot_fraction", "DOUBLE", _FRACTION),
            column(
                "error_k",
                "DOUBLE",
                "inversion_error times the range: 95 % of the pixels lie within it, kelvin. It leaves out what the "
                "camera itself errs by, and wrong emissivity. NULL for radiometric",
            ),
            column("range_low_c", "DOUBLE", "Temperature at position 0 of the scale; NULL for radiometric"),
            column("range_high_c", "DOUBLE", "Temperature at position 1 of the scale; NULL for radiometric"),
            required(
                "max_at_range_end", "BOOLEAN", "The hottest pixel lies at the end of the scale: it may be hotter yet"
            ),
        ),
        key=("image_id",),
        owner="temperatures",
    ),
    Table(
        "temperature_violations",
        "One row per image and limit that its temperatures break: the range the data set declares, or a tolerance that "
        "the profile states for its class.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required("rule", "VARCHAR", "The limit in words, e.g. 'tolerance: max_c at most 80'"),
            required("basis", "VARCHAR", "'declared range' or 'tolerance'"),
            required("quantity", "VARCHAR", "Column of temperatures that breaks it"),
            required("value", "DOUBLE", "Its value"),
            required("limit_value", "DOUBLE", "The limit"),
            required("side", "VARCHAR", "'above' or 'below' the limit"),
            required("unit", "VARCHAR", "'degC', 'K' or 'share'"),
            required("exceeds_by", "DOUBLE", "How far beyond the limit, always positive, in that unit"),
            column("error_k", "DOUBLE", "error_k of the image; NULL for radiometric"),
            column(
                "beyond_error",
                "BOOLEAN",
                "It exceeds the limit by more than error_k; true for radiometric, NULL for shares, which have no error",
            ),
            required("source", "VARCHAR", "source of the image's temperatures"),
        ),
        key=("image_id", "rule"),
        owner="temperatures",
    ),
)
