"""``[gates]`` of a profile: how severe each gate is, and the bound it must not exceed."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from thermal_assets.gates.catalog import GATES
from thermal_assets.gates.gate import Severity


class GateRule(BaseModel):
    """What a profile may say of one gate; what it leaves out stays as shipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    severity: Severity | None = Field(
        None, description="error: fails diagnose --gate; warn: is told; off: is not judged"
    )
    at_most: float | None = Field(None, ge=0, description="Largest value at which the gate is passed")


class GateSettings(RootModel[dict[str, GateRule]]):
    """Rules by name of a gate."""

    model_config = ConfigDict(frozen=True)
    root: dict[str, GateRule] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> GateSettings:
        for name in self.root:
            if name not in GATES:
                near = get_close_matches(name, GATES, n=1)
                raise ValueError(f"there is no gate {name!r}{f'; did you mean {near[0]}?' if near else ''}")
        return self

    def severity(self, name: str) -> Severity:
        rule = self.root.get(name)
        return rule.severity if rule and rule.severity else GATES[name].severity

    def at_most(self, name: str) -> float:
        rule = self.root.get(name)
        return rule.at_most if rule and rule.at_most is not None else GATES[name].at_most

    def all(self) -> dict[str, Any]:
        """Every gate with the rule that holds."""
        return {name: {"severity": self.severity(name), "at_most": self.at_most(name)} for name in GATES}
