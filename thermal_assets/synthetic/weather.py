"""The air temperature and the sun of a recording session."""

from __future__ import annotations

from datetime import date
from math import cos, pi, sin

from thermal_assets.synthetic.chance import Chance


def air_temperature(day: date, minute: int, chance: Chance) -> float:
    """Degrees Celsius at ``minute`` of ``day``: season, time of day, and the weather of that session.

    A temperate coast: 24 degrees in late July, -2 in late January, 4 K between afternoon and the mean of the day.
    """
    season = 11 + 13 * cos(2 * pi * (day.timetuple().tm_yday - 205) / 365)
    return season + 4 * cos(2 * pi * (minute / 60 - 15) / 24) + chance.around("weather", 5.0)


def sunshine(minute: int, chance: Chance) -> float:
    """0 (dark or fully overcast) to 1 (clear noon)."""
    height = sin(pi * (minute / 60 - 7.5) / 10)
    return max(0.0, height) * chance.uniform("clear", 0.15, 1.0)
