"""Data-set profiles: what the folders and file names of a data set mean, read from a TOML file.

A profile ships with the package (``folders``, ``aihub-235``) or is a file of the user's own.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
import tomllib
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from thermal_assets.errors import UserError
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.findings.waivers import Waiver
from thermal_assets.gates.settings import GateSettings
from thermal_assets.scorecard.settings import ScorecardSettings
from thermal_assets.temperature.settings import TemperatureSettings

SHIPPED = Path(__file__).parent / "profiles"

TokenType = Literal["text", "integer", "number", "date_yy_mm_dd", "session_ap", "distance", "box", "code"]
# Named groups with a column of their own in file_manifest, and the types that fit it.
_FITTING: dict[str, tuple[TokenType, ...]] = {
    "object_code": ("code", "text"),
    "state_code": ("code", "text"),
    "site_code": ("text", "code"),
    "session_code": ("session_ap", "text", "code"),
    "captured_on": ("date_yy_mm_dd",),
    "frame_number": ("integer", "box"),
    "bbox_index": ("box", "integer"),
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClassRule(_Model):
    """What the name of a class folder says. The first rule whose pattern matches counts."""

    folder: str = Field(description="Folder name, or a pattern with * and ?")
    object: str | None = Field(None, description="Object the class shows; classes of one object are siblings")
    code: str | None = Field(None, description="Code of that object in file names")
    state: Literal["normal", "anomaly"] | None = Field(None, description="normal, anomaly, or left out")
    pair: str | None = Field(None, description="Name shared by a normal class and its anomaly classes")


class Grammar(_Model):
    """How file names are built: a regular expression with named groups, matched against the whole stem."""

    pattern: str = Field(description="Regular expression with named groups, matched against the name without extension")
    tokens: dict[str, TokenType] = Field(default_factory=dict, description="Type of each named group; text if left out")
    codes: dict[str, str] = Field(default_factory=dict, description="Object code in names -> object")
    states: dict[str, Literal["normal", "anomaly"]] = Field(
        default_factory=dict, description="State code in names -> state"
    )
    example: str | None = Field(None, description="A name that parses, shown in messages")

    @model_validator(mode="after")
    def _compiles(self) -> Grammar:
        try:
            groups = set(re.compile(self.pattern).groupindex)
        except re.error as error:
            raise ValueError(f"pattern is not a regular expression: {error}") from None
        unknown = sorted(set(self.tokens) - groups)
        if unknown:
            raise ValueError(f"tokens {unknown} are not named groups of the pattern")
        for group in sorted(groups & _FITTING.keys()):
            if self.tokens.get(group, "text") not in _FITTING[group]:
                raise ValueError(
                    f'group {group} needs its type below [grammar.tokens]: {group} = "{_FITTING[group][0]}"'
                )
        if self.example is not None and not re.fullmatch(self.pattern, self.example):
            raise ValueError(f"the example {self.example!r} does not match the pattern")
        return self


class Ranges(_Model):
    """Ranges the data set declares for itself; names outside them are findings."""

    captured_from: date | None = Field(None, description="First day of the collection")
    captured_to: date | None = Field(None, description="Last day of the collection")
    distance_min_m: float | None = Field(None, description="Smallest distance, metres")
    distance_max_m: float | None = Field(None, description="Largest distance, metres")
    temperature_min_c: float | None = Field(None, description="Lowest temperature, degrees Celsius")
    temperature_max_c: float | None = Field(None, description="Highest temperature, degrees Celsius")
    frame_width: int | None = Field(None, description="Width of the camera frame, pixels")
    frame_height: int | None = Field(None, description="Height of the camera frame, pixels")


class Profile(_Model):
    """A whole profile; see the module docstring."""

    name: str
    title: str = ""
    closed: bool = Field(False, description="True: every class is listed, any other folder is unexpected")
    classes: tuple[ClassRule, ...] = ()
    grammar: Grammar | None = None
    ranges: Ranges = Ranges()
    thresholds: Thresholds = Thresholds()
    scorecard: ScorecardSettings = ScorecardSettings()
    temperature: TemperatureSettings = TemperatureSettings()
    gates: GateSettings = GateSettings()
    waivers: tuple[Waiver, ...] = ()

    def rule_for(self, class_name: str) -> ClassRule | None:
        """The first class rule whose pattern matches ``class_name``, or None."""
        for rule in self.classes:
            if rule.folder == class_name or fnmatch.fnmatchcase(class_name, rule.folder):
                return rule
        return None

    @cached_property
    def manifest_fingerprint(self) -> str:
        """Hash of what decides manifest rows: a changed grammar parses every name again."""
        parts = {
            "grammar": self.grammar.model_dump(mode="json") if self.grammar else None,
            "ranges": self.ranges.model_dump(mode="json"),
        }
        return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the whole profile."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def shipped_profiles() -> list[str]:
    """Names of the profiles that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_profile(name_or_path: str | Path) -> Profile:
    """Read a shipped profile by name, or the user's own by path.

    Raises:
        UserError: no such profile, not TOML, or a field that does not fit; the message names file and field.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.exists():
        path = SHIPPED / f"{name_or_path}.toml"
        if not path.is_file():
            raise UserError(
                f"there is no profile {str(name_or_path)!r}: use one of {', '.join(shipped_profiles())}, "
                "or give the path of a .toml file"
            )
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no profile file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"profile {path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"profile {path} is not valid TOML: {error}") from None
    try:
        return Profile.model_validate({"name": path.stem, **data})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg']}" for item in error.errors()
        )
        raise UserError(f"profile {path} does not fit: {problems}") from None
