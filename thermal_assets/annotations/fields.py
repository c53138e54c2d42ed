"""Which keys are understood, and how their values are read.

Keys are compared without regard to case, '_', '-' and spaces, so Inspection_temperature_range,
inspectionTemperatureRange and 'INSPECTION TEMPERATURE RANGE' are one. What is not listed is left unread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from thermal_assets.annotations import values

Problem = tuple[str, str, str, str]  # code, field, message, found
_SHOWN = 120


@dataclass(frozen=True)
class Field:
    """One thing an annotation may say. ``columns`` of the row it fills; ``read`` gives one value or one a column."""

    name: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    read: Callable[[Any], Any]
    forms: str


FIELDS = (
    Field(
        "Environment_temperature",
        (
            "environmenttemperature",
            "environmenttemp",
            "envtemperature",
            "ambienttemperature",
            "airtemperature",
            "환경온도",
        ),
        ("environment_temperature_c",),
        values.temperature_c,
        "degrees Celsius",
    ),
    Field(
        "Humidity",
        ("humidity", "environmenthumidity", "relativehumidity", "습도"),
        ("humidity_percent",),
        values.humidity_percent,
        "per cent",
    ),
    Field("Wind", ("wind", "windspeed", "풍속"), ("wind_m_s",), values.speed_m_s, "metres per second"),
    Field(
        "Inspection_temperature_range",
        ("inspectiontemperaturerange", "inspectiontemprange", "temperaturerange", "점검온도범위"),
        ("inspection_temperature_low_c", "inspection_temperature_high_c"),
        values.temperature_range_c,
        "degrees Celsius such as -20~120",
    ),
    Field(
        "Inspection_distance",
        ("inspectiondistance", "점검거리"),
        ("inspection_distance_m",),
        values.distance_m,
        "centimetres, or with its unit such as 1 m",
    ),
    Field(
        "resolution",
        ("resolution", "imageresolution", "해상도"),
        ("frame_width", "frame_height"),
        values.size_px,
        "pixels such as 640x480",
    ),
    Field(
        "date_captured",
        (
            "datecaptured",
            "capturedat",
            "capturedate",
            "captureddate",
            "shootingdate",
            "acquisitiondate",
            "inspectiondate",
        ),
        ("captured_at",),
        values.moment,
        "a date such as 2020-11-15 10:16:00",
    ),
)
# Without these an annotation says nothing of the measurement; a COCO file of another tool has none of them.
MEASUREMENT = frozenset(field.name for field in FIELDS[:5])
_BY_KEY = {key: field for field in FIELDS for key in field.keys}


@lru_cache(maxsize=4096)
def plain_key(key: str) -> str:
    """``key`` in lower case without '_', '-' and spaces."""
    return key.lower().replace("_", "").replace("-", "").replace(" ", "")


@lru_cache(maxsize=4096)
def field_of(key: str) -> Field | None:
    """The field that ``key`` spells, or None."""
    return _BY_KEY.get(plain_key(key))


def read_fields(block: Mapping[str, Any], found: dict[str, Any], problems: dict[str, Problem]) -> None:
    """Read every field of ``block`` into ``found`` (by column) or ``problems`` (by field).

    Blocks are read from the innermost out: a field that an inner block already has is left as it is.
    """
    for key, value in block.items():
        field = field_of(key)
        if field is None or field.name in problems or field.columns[0] in found:
            continue
        if values.is_empty(value):
            problems[field.name] = ("empty_field", field.name, f"{field.name} is empty", "")
            continue
        try:
            read = field.read(value)
        except (ValueError, OverflowError):
            told = f"{field.name} should be {field.forms}"
            problems[field.name] = ("value_not_understood", field.name, told, shown(value))
            continue
        found.update(zip(field.columns, read if isinstance(read, tuple) else (read,), strict=True))


def value_of(block: Mapping[str, Any], *keys: str) -> Any:
    """The value of the first of the plain ``keys`` that ``block`` has, or None."""
    for wanted in keys:
        if wanted in block:
            return block[wanted]
    for wanted in keys:
        plain = plain_key(wanted)
        for name in block:
            if plain_key(name) == plain:
                return block[name]
    return None


def text_of(value: Any) -> str | None:
    """``value`` as clean text for the warehouse, None if it is empty or no plain value."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or values.is_empty(value):
        return None
    return _clean(str(value)).strip()[:500] or None


def shown(value: Any) -> str:
    """``value`` as a short text for a message."""
    text = _clean(value if isinstance(value, str) else repr(value))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def measurement_fields(blocks: Mapping[str, Any]) -> Iterator[str]:
    """Names of the measurement fields that a block spells, whatever their values are."""
    for key in blocks:
        field = field_of(key)
        if field is not None and field.name in MEASUREMENT:
            yield field.name


def _clean(text: str) -> str:
    """Half surrogates and control characters cannot enter the warehouse, or would spoil a line."""
    if text.isprintable():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
