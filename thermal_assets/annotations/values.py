"""Reading values as people write them: numbers with or without a unit, ranges, sizes, boxes, times.

Every reader returns the value in SI units (temperatures in degrees Celsius) and raises ``ValueError``
for what it does not understand; nothing is guessed beyond the forms named here.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

Box = tuple[float, float, float, float]

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_WITH_UNIT = re.compile(rf"({_NUMBER})\s*([^\d\s].*)?")
# -20~120, -20 ~ 120 C, -20C to 120C, -20..120, -20/120, -20 - 120
_RANGE = re.compile(rf"({_NUMBER})\s*([^\d~∼〜～\s+.,/–-]*)\s*(?:~|∼|〜|～|to|\.\.|[,/–-])\s*({_NUMBER})\s*([^\d\s]*)")
_SIZE = re.compile(r"(\d+)\s*(?:px)?\s*[xX*×,]\s*(\d+)\s*(?:px|pixels?)?")
_EMPTY = frozenset({"", "-", "null", "none", "nan", "n/a", "na"})

_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0}
_M_PER_S = {"": 1.0, "m/s": 1.0, "ms": 1.0, "mps": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6}
_PERCENT = {"", "%", "%rh", "rh", "percent"}
_CELSIUS, _KELVIN, _FAHRENHEIT = {"", "c", "°c", "℃", "degc", "celsius"}, {"k", "kelvin"}, {"f", "°f", "degf"}
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%y-%m-%d %H:%M:%S", "%y-%m-%d", "%Y%m%d", "%Y%m%d%H%M%S")


def is_empty(value: Any) -> bool:
    """True for what stands for no value: null, blank, '-', 'none', an empty list, NaN."""
    if value is None or value == [] or value == {}:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, str) and value.strip().lower() in _EMPTY


def number(value: Any) -> tuple[float, str]:
    """(number, unit in lower case, '' if none) of 12, '12', '12.5 m'."""
    if isinstance(value, bool):
        raise ValueError("true or false is no number")
    if isinstance(value, int | float):
        return _finite(float(value)), ""
    if isinstance(value, str):
        match = _WITH_UNIT.fullmatch(value.strip())
        if match:
            return _finite(float(match[1])), (match[2] or "").strip().lower().replace(" ", "")
    raise ValueError("not a number")


def temperature_c(value: Any) -> float:
    """Degrees Celsius of 21, '21 C', '294.15 K', '70 F'."""
    return _celsius(*number(value))


def temperature_range_c(value: Any) -> tuple[float, float]:
    """(low, high) in degrees Celsius of '-20~120', '-20 ~ 120 C', [-20, 120], {'min': -20, 'max': 120}."""
    if isinstance(value, dict):
        names = {str(name).lower(): item for name, item in value.items()}
        for low, high in (("min", "max"), ("low", "high"), ("from", "to")):
            if low in names and high in names:
                return temperature_c(names[low]), temperature_c(names[high])
    if isinstance(value, list) and len(value) == 2:
        return temperature_c(value[0]), temperature_c(value[1])
    if isinstance(value, str):
        match = _RANGE.fullmatch(value.strip().strip("[]()"))
        if match:
            first, second = match[2].strip().lower(), match[4].strip().lower()
            return _celsius(float(match[1]), first or second), _celsius(float(match[3]), second or first)
    raise ValueError("not a range such as -20~120")


def distance_m(value: Any) -> float:
    """Metres of '1 m', '100cm'; a bare number is centimetres, the unit of AI Hub."""
    amount, unit = number(value)
    if unit and unit not in _METRES:
        raise ValueError(f"unit {unit!r} is no length")
    return amount * _METRES[unit or "cm"]


def humidity_percent(value: Any) -> float:
    """Per cent of 45, '45 %'."""
    amount, unit = number(value)
    if unit not in _PERCENT:
        raise ValueError(f"unit {unit!r} is no share")
    return amount


def speed_m_s(value: Any) -> float:
    """Metres per second of 2.5, '2.5 m/s', '9 km/h'."""
    amount, unit = number(value)
    if unit not in _M_PER_S:
        raise ValueError(f"unit {unit!r} is no speed")
    return amount * _M_PER_S[unit]


def size_px(value: Any) -> tuple[int, int]:
    """(width, height) of '640x480', '640*480', [640, 480], {'width': 640, 'height': 480}."""
    if isinstance(value, dict):
        names = {str(name).lower(): item for name, item in value.items()}
        if "width" in names and "height" in names:
            value = [names["width"], names["height"]]
    if isinstance(value, list) and len(value) == 2:
        return _pixels(value[0]), _pixels(value[1])
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        if match:
            return int(match[1][:9]), int(match[2][:9])
    raise ValueError("not a size such as 640x480")


def box_px(value: Any) -> Box:
    """(x, y, width, height) of [x, y, w, h], of two corners [[x0, y0], [x1, y1]], or of an object that names them."""
    if isinstance(value, dict):
        names = {str(name).lower().replace("_", ""): item for name, item in value.items()}
        for keys in (("x", "y", "width", "height"), ("x", "y", "w", "h")):
            if all(key in names for key in keys):
                return _four([names[key] for key in keys])
        if all(key in names for key in ("xmin", "ymin", "xmax", "ymax")):
            return _corners(_four([names[key] for key in ("xmin", "ymin", "xmax", "ymax")]))
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], list):
            return box_px(value[0])
        if len(value) == 2 and all(isinstance(point, list) and len(point) == 2 for point in value):
            return _corners(_four([*value[0], *value[1]]))
        if len(value) == 4:
            return _four(value)
    if isinstance(value, str) and value.count(",") == 3:
        return _four(value.strip("[]() ").split(","))
    raise ValueError("not a box such as [x, y, width, height]")


def moment(value: Any) -> datetime:
    """The local time of '2020-11-15 10:16:00', '20.11.15', '2020-11-15T10:16:00Z'."""
    if isinstance(value, str):
        text = value.strip()
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            plain = re.sub(r"[./]", "-", text)
        for pattern in _TIMES:
            try:
                return datetime.strptime(plain, pattern)
            except ValueError:
                continue
    raise ValueError("not a date")


def _finite(value: float) -> float:
    if not math.isfinite(value) or abs(value) > 1e12:
        raise ValueError("not a number")
    return value


def _celsius(amount: float, unit: str) -> float:
    if unit in _CELSIUS:
        return _finite(amount)
    if unit in _KELVIN:
        return _finite(amount) - 273.15
    if unit in _FAHRENHEIT:
        return (_finite(amount) - 32) / 1.8
    raise ValueError(f"unit {unit!r} is no temperature")


def _pixels(value: Any) -> int:
    amount, unit = number(value)
    if unit not in {"", "px", "pixel", "pixels"} or not 0 < amount < 1e9:
        raise ValueError("not a size in pixels")
    return round(amount)


def _four(values: list[Any]) -> Box:
    x, y, width, height = (number(value)[0] for value in values)
    return x, y, width, height


def _corners(corners: Box) -> Box:
    x0, y0, x1, y1 = corners
    return x0, y0, x1 - x0, y1 - y0
