"""The lens inside the package: `thermal_mobilenet`, which needs no download."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from thermal_assets.lenses.lens_spec import PACKAGED, LensSpec

_SOURCES = {
    "torchvision": "ImageNet photographs (torchvision's weights)",
    "file": "pictures that only the owner of the file of weights knows",
    "program": "pictures that only the owner of the program knows",
    "random": "random weights, not trained",
}
_FOLDER = Path(__file__).parent / "weights"


def packaged_weights() -> Path:
    """Its weights (safetensors, fp16)."""
    return _FOLDER / f"{PACKAGED}.safetensors"


@cache
def card() -> dict[str, Any]:
    """What is known about it: input, training data with their licences, quality on data sets held out."""
    return tomllib.loads((_FOLDER / f"{PACKAGED}.toml").read_text("utf-8"))


def described(lens: LensSpec) -> str:
    """What a lens was trained on and, where that is known, how good it is on pictures that it never saw."""
    if lens.source != "package":
        return _SOURCES[lens.source]
    return f"{card()['trained_on']}. {card()['quality']}"
