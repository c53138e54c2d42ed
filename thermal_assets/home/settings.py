"""home.toml: what a home diagnoses and with which lens."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from thermal_assets.errors import UserError


class LensSettings(BaseModel):
    """The L2 lens of a home."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        "auto",
        description="thermal_mobilenet (needs no download), a torchvision classifier, random-..., or auto",
    )
    weights: str | None = Field(
        None, description="File with weights, or a program (.pt, .pt2); left out: the package's or torchvision's own"
    )
    input_size: int | None = Field(None, description="Side of the network's input, pixels")
    mean: tuple[float, float, float] | None = Field(None, description="Normalisation: mean of r, g, b in 0..1")
    std: tuple[float, float, float] | None = Field(None, description="Normalisation: standard deviation of r, g, b")


class HomeSettings(BaseModel):
    """Everything in home.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image_root: str = Field(description="Folder with one folder per class; only read, never written")
    annotations: str | None = Field(
        None, description="Folder of AI Hub or COCO JSON (one folder per class), or one COCO file; only read"
    )
    profile: str = Field("folders", description="Shipped profile by name, or path of a .toml file")
    lens: LensSettings = LensSettings()
    executor: Literal["in_process", "multiprocess"] = Field(
        "in_process", description="in_process: one run is one process; multiprocess: one process a step"
    )
    workers: int | None = Field(None, ge=1, description="Decoding workers; left out: one per core")
    l2_exact_up_to: int = Field(
        60_000,
        ge=1,
        description="Up to this many images, neighbours across the data set are exact at L2 (at L3 always). Twice as many "
        "take four times as long (docs/scale.md)",
    )
    l2_beyond: Literal["reference", "hnsw", "ivf"] = Field(
        "reference",
        description="With more: reference = exact in a sample of so many images; hnsw, ivf = approximate among all, by "
        "faiss (pip install 'thermal-assets[approximate]'), its recall measured and stored",
    )


def read_settings(path: Path) -> HomeSettings:
    """Read home.toml.

    Raises:
        UserError: missing, not TOML, or a field that does not fit.
    """
    try:
        return HomeSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(
            f"{path.parent} is no home (it has no home.toml): run thermal-assets init {path.parent}"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise UserError(f"{path} does not fit: {problems}") from None


def settings_text(settings: HomeSettings) -> str:
    """home.toml for ``settings``, with a comment on every line."""
    lines = ["# A Thermal Assets home. Change what you like; the next diagnosis follows.", ""]
    for name, field in HomeSettings.model_fields.items():
        if name != "lens":
            lines.append(_line(name, getattr(settings, name), field.description))
    lines += ["", "[lens]"]
    lines += [_line(n, getattr(settings.lens, n), f.description) for n, f in LensSettings.model_fields.items()]
    return "\n".join(lines) + "\n"


def _line(name: str, value: object, description: str | None) -> str:
    if value is None:
        return f"# {name} =   # {description}"
    shown = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    return f"{name} = {shown}   # {description}"
