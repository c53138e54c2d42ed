"""What a profile says about temperatures: the ends of scales, and the limits that a class must keep."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

RANGE = "Temperatures at the cold and at the hot end of the scale, degrees Celsius: [low, high]"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _OfClass(_Model):
    class_pattern: str = Field("*", alias="class", description="Class folder, or a pattern with * and ?")

    def applies_to(self, class_name: str) -> bool:
        return self.class_pattern == class_name or fnmatch.fnmatchcase(class_name, self.class_pattern)


def _rising(range_c: tuple[float, float] | None) -> None:
    if range_c is not None and not range_c[0] < range_c[1]:
        raise ValueError(f"range_c [{range_c[0]:g}, {range_c[1]:g}] must rise: the cold end comes first")


class ClassRange(_OfClass):
    """``[[temperature.ranges]]``: the scale of a class, where it is not that of the whole data set."""

    range_c: tuple[float, float] = Field(description=RANGE)

    @model_validator(mode="after")
    def _is_a_range(self) -> ClassRange:
        _rising(self.range_c)
        return self


class LevelScale(_Model):
    """``[temperature.levels]``: what the levels of 16-bit and float pictures mean."""

    gain_k: float = Field(description="Kelvin a level", gt=0)
    offset_c: float = Field(description="Temperature of level 0, degrees Celsius")


class Tolerance(_OfClass):
    """``[[temperature.tolerances]]``: limits of a class; each one is checked on every image by itself."""

    min_c_at_least: float | None = Field(None, description="The coldest pixel, degrees Celsius")
    min_c_at_most: float | None = Field(None, description="The coldest pixel, degrees Celsius")
    mean_c_at_least: float | None = Field(None, description="The mean, degrees Celsius")
    mean_c_at_most: float | None = Field(None, description="The mean, degrees Celsius")
    max_c_at_least: float | None = Field(None, description="The hottest pixel, degrees Celsius")
    max_c_at_most: float | None = Field(None, description="The hottest pixel, degrees Celsius")
    hot_spot_c_at_most: float | None = Field(None, description="The hot spot, degrees Celsius")
    contrast_k_at_most: float | None = Field(None, description="Hot spot above background, kelvin", ge=0)
    hot_fraction_at_most: float | None = Field(None, description="Share of hot pixels, 0..1", ge=0, le=1)

    @model_validator(mode="after")
    def _says_something(self) -> Tolerance:
        limits = {(quantity, side): limit for quantity, side, limit in self.limits()}
        if not limits:
            raise ValueError("a tolerance needs at least one limit, e.g. max_c_at_most = 80 or contrast_k_at_most = 25")
        for (quantity, side), limit in limits.items():
            if side == "below" and limit > limits.get((quantity, "above"), limit):
                raise ValueError(f"{quantity}_at_least {limit:g} lies above {quantity}_at_most")
        return self

    def limits(self) -> Iterator[tuple[str, str, float]]:
        """(column of temperatures, side that breaks it: 'above' or 'below', limit) of every limit stated."""
        for name in type(self).model_fields:
            quantity, found, end = name.partition("_at_")
            limit = getattr(self, name)
            if found and limit is not None:
                yield quantity, "above" if end == "most" else "below", float(limit)


class TemperatureSettings(_Model):
    """``[temperature]`` of the profile."""

    range_c: tuple[float, float] | None = Field(
        None, description=f"{RANGE}. Used where neither the file nor an annotation says"
    )
    grey: Literal["white-hot", "black-hot"] = Field("white-hot", description="Which end of grey pictures is hot")
    ranges: tuple[ClassRange, ...] = Field((), description="Ranges of single classes; the first that fits counts")
    levels: LevelScale | None = Field(None, description="What levels of pictures deeper than 8 bits mean")
    tolerances: tuple[Tolerance, ...] = Field((), description="Limits of classes; all that fit are checked")

    @model_validator(mode="after")
    def _is_a_range(self) -> TemperatureSettings:
        _rising(self.range_c)
        return self

    def range_of(self, class_name: str) -> tuple[float, float] | None:
        """The scale of a class by the profile, or None."""
        own = next((item.range_c for item in self.ranges if item.applies_to(class_name)), None)
        return own or self.range_c

    def limits_of(self, class_name: str) -> list[tuple[str, str, float]]:
        """Limits of a class, each once; see ``Tolerance.limits``."""
        found = [limit for item in self.tolerances if item.applies_to(class_name) for limit in item.limits()]
        return sorted(set(found))
