"""How pictures go into a network: size and normalisation, from options or a TOML file beside the weights."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from thermal_assets.errors import UserError

Channels = Sequence[float] | float
WEIGHTS_SETTINGS = ("input_size", "mean", "std")
PROGRAM_SETTINGS = (*WEIGHTS_SETTINGS, "dimension")
PROGRAM_OPTIONS = ("batch_size", "name")


def settings_beside(path: Path, allowed: Sequence[str]) -> dict[str, Any]:
    """``weights.pth.toml`` or ``weights.toml`` beside ``weights.pth``; empty where there is neither.

    Raises UserError where it is no TOML or has a setting that is not ``allowed``.
    """
    for candidate in (path.with_name(path.name + ".toml"), path.with_suffix(".toml")):
        if not candidate.is_file():
            continue
        try:
            values = tomllib.loads(candidate.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"{candidate}: not a readable TOML file ({error})") from error
        unknown = sorted(set(values) - set(allowed))
        if unknown:
            listed = f"{', '.join(allowed[:-1])} and {allowed[-1]}"
            raise UserError(f"{candidate}: unknown setting '{unknown[0]}'; it may hold {listed}")
        return values
    return {}


def side(value: object) -> int:
    """The side of a square input in pixels. Raises UserError for anything else."""
    return whole_number("input_size", value, 32, 1024, "the side of the square input")


def whole_number(what: str, value: object, least: int, most: int, meaning: str) -> int:
    """``value`` if it is a whole number within bounds. Raises UserError naming ``what`` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UserError(f"{what} is {value!r}: it is {meaning}, a whole number from {least} to {most}")
    return value


def channels(what: str, value: object) -> tuple[float, float, float]:
    """One number for all channels, or three for red, green and blue. Raises UserError for anything else."""
    numbers = [value] * 3 if isinstance(value, int | float) else value
    if not isinstance(numbers, list | tuple) or len(numbers) != 3:
        raise UserError(f"{what} is {value!r}: give one number, or three for red, green and blue")
    try:
        red, green, blue = (float(number) for number in numbers)
    except (TypeError, ValueError):
        raise UserError(f"{what} is {value!r}: give one number, or three for red, green and blue") from None
    if what == "std" and not min(red, green, blue) > 0:
        raise UserError(f"std is {value!r}: it must be greater than 0 (values are scaled to 0..1 first)")
    return red, green, blue
