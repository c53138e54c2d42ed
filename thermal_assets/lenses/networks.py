"""Networks behind the generic lens: torchvision architectures that end in 1,280 features."""

from __future__ import annotations

import hashlib
import logging
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thermal_assets.errors import UserError
from thermal_assets.lenses.lens_spec import (
    ARCHITECTURES,
    DEFAULT_INPUT_SIZE,
    IMAGENET_MEAN,
    IMAGENET_STD,
    RANDOM_PREFIX,
    LensSpec,
)

if TYPE_CHECKING:
    import torch

__all__ = ["ARCHITECTURES", "LensSpec", "load_network", "resolve_lens"]

log = logging.getLogger(__name__)
Channels = Sequence[float] | float


def resolve_lens(
    name: str = "mobilenet_v2",
    weights: Path | str | None = None,
    *,
    input_size: int | None = None,
    mean: Channels | None = None,
    std: Channels | None = None,
    seed: int = 0,
) -> LensSpec:
    """Find the weights of a lens and prove that they fit the network.

    ``name`` is one of `ARCHITECTURES`, or ``random-`` and one of them for untrained weights, which are
    never taken unless asked for by that name. Without ``weights`` the ImageNet weights of torchvision
    are used: from the torch hub cache, else downloaded once. ``input_size``, ``mean`` and ``std`` beat
    the TOML file beside the weights (``<weights>.toml``), which beats the ImageNet defaults.

    Raises UserError where the name is unknown, the weights are missing, or they do not fit.
    """
    architecture = name.removeprefix(RANDOM_PREFIX)
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise UserError(f"lens '{name}' is unknown: choose one of {known} (or {RANDOM_PREFIX}… for untrained weights)")
    random = name.startswith(RANDOM_PREFIX)
    if random and weights is not None:
        raise UserError(
            f"lens '{name}' has untrained weights by definition: leave out --lens-weights, or name '{architecture}'"
        )

    beside: dict[str, Any] = {}
    path: Path | None = None
    if random:
        source = "random"
        digest = _random_sha256(architecture, seed)
    elif weights is not None:
        source, path = "file", Path(weights).expanduser().resolve()
        digest = _sha256(path)
        beside = _normalisation_beside(path)
    else:
        from thermal_assets.lenses.downloads import imagenet_weights

        source, path = "torchvision", imagenet_weights(architecture)
        digest = _sha256(path)

    spec = LensSpec(
        name=name,
        source=source,
        weights=None if path is None else str(path),
        weights_sha256=digest,
        input_size=_side(input_size if input_size is not None else beside.get("input_size", DEFAULT_INPUT_SIZE)),
        mean=_channels("mean", mean if mean is not None else beside.get("mean", IMAGENET_MEAN)),
        std=_channels("std", std if std is not None else beside.get("std", IMAGENET_STD)),
        random_weights=random,
        seed=seed if random else 0,
    )
    if path is not None:
        _load_features(spec)
    if source == "file" and path is not None and not beside and mean is None and std is None:
        log.warning("no %s.toml beside the weights: taking ImageNet mean and standard deviation", path.name)
    return spec


def load_network(spec: LensSpec) -> torch.nn.Module:
    """The network of a lens, without its classifier, in evaluation mode, fp32, without gradients.

    Maps float32[n, 3, S, S], already normalised, to float32[n, 1280].

    Raises UserError where the weights file is gone, is not the one the lens was made with, or does not fit.
    """
    import torch

    if spec.random_weights:
        from thermal_assets.lenses.random_weights import random_features

        if _random_sha256(spec.architecture, spec.seed) != spec.weights_sha256:
            raise UserError(f"lens {spec.lens_id}: this torch version draws other random weights; choose the lens anew")
        features = random_features(spec.architecture, spec.seed)
    else:
        path = Path(spec.weights or "")
        if _sha256(path) != spec.weights_sha256:
            raise UserError(
                f"{path}: the weights changed since lens {spec.lens_id} was chosen; "
                "put the old file back or choose the lens anew"
            )
        features = _load_features(spec)
    network = torch.nn.Sequential(features, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(1))
    return network.eval().requires_grad_(False)


def empty_features(architecture: str) -> torch.nn.Sequential:
    """The feature part of a torchvision network with whatever weights its constructor gives it."""
    import torchvision

    return torchvision.models.get_model(architecture, weights=None).features


def _load_features(spec: LensSpec) -> torch.nn.Sequential:
    from thermal_assets.lenses.weight_files import read_state_dict

    path = Path(spec.weights or "")
    state = read_state_dict(path)
    features = empty_features(spec.architecture)
    prefix = "features."
    ours = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    strangers = [key for key in state if not key.startswith((prefix, "classifier."))]
    known = ", ".join(ARCHITECTURES)
    advice = f"are not weights of {spec.architecture}: name the network they belong to with --lens ({known})"
    if strangers or not ours:
        raise UserError(f"{path}: these {advice}")
    try:
        features.load_state_dict(ours, strict=True)
    except RuntimeError as error:
        raise UserError(f"{path}: these {advice}") from error
    return features


def _random_sha256(architecture: str, seed: int) -> str:
    from thermal_assets.lenses.random_weights import random_sha256

    return random_sha256(architecture, seed)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(
            f"{path}: the weights cannot be read ({error.strerror}); give the file with --lens-weights"
        ) from error


def _normalisation_beside(path: Path) -> dict[str, Any]:
    """``weights.pth.toml`` or ``weights.toml`` beside ``weights.pth``: input_size, mean, std."""
    for candidate in (path.with_name(path.name + ".toml"), path.with_suffix(".toml")):
        if not candidate.is_file():
            continue
        try:
            values = tomllib.loads(candidate.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"{candidate}: not a readable TOML file ({error})") from error
        unknown = sorted(set(values) - {"input_size", "mean", "std"})
        if unknown:
            raise UserError(f"{candidate}: unknown setting '{unknown[0]}'; it may hold input_size, mean and std")
        return values
    return {}


def _side(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 32 <= value <= 1024:
        raise UserError(f"input_size is {value!r}: it is the side of the square input, a whole number from 32 to 1024")
    return value


def _channels(what: str, value: object) -> tuple[float, float, float]:
    """One number for all channels, or three for red, green and blue."""
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
