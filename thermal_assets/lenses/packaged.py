"""The lens inside the package: `thermal_mobilenet`, which needs no download."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from thermal_assets.lenses.lens_spec import PACKAGED

ARCHITECTURE = "mobilenet_v2"
_FOLDER = Path(__file__).parent / "weights"


def packaged_weights() -> Path:
    """Its weights (safetensors, fp16)."""
    return _FOLDER / f"{PACKAGED}.safetensors"


@cache
def card() -> dict[str, Any]:
    """What is known about it: input, training data with their licences, quality on data sets held out."""
    return tomllib.loads((_FOLDER / f"{PACKAGED}.toml").read_text("utf-8"))
