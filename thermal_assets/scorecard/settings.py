"""``[scorecard]`` of a profile: what each measure weighs, and its bounds where the data set wants others."""

from __future__ import annotations

from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thermal_assets.scorecard.measures import MEASURES


class ScorecardSettings(BaseModel):
    """Weights and bounds by name of a measure; those left out keep their default (weight 1)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: dict[str, float] = Field(
        default_factory=dict, description="Weight of a measure in the composite; 0: shown, not counted; 1 if left out"
    )
    good: dict[str, float] = Field(default_factory=dict, description="Value from which on a measure is good, 0..1")
    bad: dict[str, float] = Field(default_factory=dict, description="Value down to which a measure is bad, 0..1")

    @model_validator(mode="after")
    def _known(self) -> ScorecardSettings:
        for name in (*self.weights, *self.good, *self.bad):
            if name not in MEASURES:
                near = get_close_matches(name, MEASURES, n=1)
                raise ValueError(f"there is no measure {name!r}{f'; did you mean {near[0]}?' if near else ''}")
        for name, weight in self.weights.items():
            if weight < 0:
                raise ValueError(f"the weight of {name} must not be negative")
        for name in MEASURES:
            good, bad = self.bounds(name)
            if not 0 <= bad < good <= 1:
                raise ValueError(f"the bounds of {name} must be 0 <= bad < good <= 1, not {bad} and {good}")
        return self

    def weight(self, name: str) -> float:
        return self.weights.get(name, 1.0)

    def bounds(self, name: str) -> tuple[float, float]:
        """(good, bad)."""
        return self.good.get(name, MEASURES[name].good), self.bad.get(name, MEASURES[name].bad)
