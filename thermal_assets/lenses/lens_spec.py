"""What identifies a generic lens (level L2): the network, its weights and how an image is put into it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

#: Raised when an image is brought to the input size in another way, because every vector changes with it.
PREPROCESSING_VERSION = 1
DIMENSIONS = 1280
DEFAULT_INPUT_SIZE = 224
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
RANDOM_PREFIX = "random-"
#: The lens inside the package.
PACKAGED = "thermal_mobilenet"
#: ImageNet's MobileNetV2 where torchvision's weights are on this machine, the packaged lens otherwise.
AUTOMATIC = "auto"
#: Beginnings of the networks that are convolutions, a mean over space, and a classifier.
PLAIN_ARCHITECTURES = ("mobilenet_v2", "efficientnet_")
#: Those to recommend; any classifier of torchvision will do.
ARCHITECTURES = ("mobilenet_v2", "efficientnet_b0", "efficientnet_v2_s")


@dataclass(frozen=True)
class LensSpec:
    """A network together with its weights and input, by value: two equal specs give equal vectors.

    ``name`` is the architecture, with the prefix ``random-`` for untrained weights, the name of the packaged lens, or
    that of a program; ``source`` is ``torchvision`` (its download), ``file``, ``program`` (TorchScript or exported),
    ``package`` or ``random``; ``weights`` the path of the file, None for the last two.
    ``mean`` and ``std`` are per channel (red, green, blue) of values scaled to 0..1. ``fixed_batch``: the only number
    of images at a time that a program takes, if it was exported for one.
    """

    name: str
    source: str
    weights: str | None
    weights_sha256: str
    input_size: int = DEFAULT_INPUT_SIZE
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    dimensions: int = DIMENSIONS
    random_weights: bool = False
    seed: int = 0
    fixed_batch: int | None = None

    @property
    def architecture(self) -> str:
        """Name of the torchvision network; empty for a program."""
        if self.source == "program":
            return ""
        return "mobilenet_v2" if self.source == "package" else self.name.removeprefix(RANDOM_PREFIX)

    @property
    def is_plain(self) -> bool:
        """True where the network is convolutions and a mean over space, which the engine knows how to speed up."""
        return self.architecture.startswith(PLAIN_ARCHITECTURES)

    @property
    def preprocessing(self) -> dict[str, Any]:
        """Everything between the decoded image and the network, as JSON values."""
        return {
            "input_size": self.input_size,
            "mean": list(self.mean),
            "std": list(self.std),
            "resize": "whole image to a square, antialiased",
            "version": PREPROCESSING_VERSION,
        }

    @property
    def lens_id(self) -> str:
        """``name-sha256[:12]-preprocessing hash[:8]``: stable over machines, safe as a folder name."""
        text = json.dumps(self.preprocessing, sort_keys=True)
        digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
        return f"{self.name}-{self.weights_sha256[:12]}-{digest}"

    def to_dict(self) -> dict[str, Any]:
        """JSON values only; None is left out, so that TOML can keep it too."""
        values = {key: value for key, value in asdict(self).items() if value is not None}
        return values | {"mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LensSpec:
        """The inverse of `to_dict`; unknown keys are ignored."""
        known = {key: values[key] for key in cls.__dataclass_fields__ if key in values}
        known.setdefault("weights", None)
        for key in ("mean", "std"):
            if key in known:
                known[key] = tuple(float(value) for value in known[key])
        return cls(**known)
