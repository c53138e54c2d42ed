"""From the name of a lens to its weights, and from both to a network that makes features."""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thermal_assets.errors import UserError
from thermal_assets.lenses.architectures import (
    empty_features,
    empty_network,
    is_plain,
    load_weights,
    require_architecture,
)
from thermal_assets.lenses.downloads import cached_weights, imagenet_weights
from thermal_assets.lenses.input_settings import (
    PROGRAM_OPTIONS,
    PROGRAM_SETTINGS,
    WEIGHTS_SETTINGS,
    Channels,
    channels,
    settings_beside,
    side,
    whole_number,
)
from thermal_assets.lenses.lens_spec import (
    ARCHITECTURES,
    AUTOMATIC,
    DEFAULT_INPUT_SIZE,
    IMAGENET_MEAN,
    IMAGENET_STD,
    PACKAGED,
    RANDOM_PREFIX,
    LensSpec,
)
from thermal_assets.lenses.packaged import card, packaged_weights
from thermal_assets.lenses.programs import check_output, is_program, load_program

if TYPE_CHECKING:
    import torch

__all__ = ["ARCHITECTURES", "LensSpec", "empty_features", "load_network", "resolve_lens"]

log = logging.getLogger(__name__)

MOST_DIMENSIONS = 16_384


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

    ``name`` is ``thermal_mobilenet`` (inside the package), a classifier of torchvision, ``random-`` and one of them for
    untrained weights, which are never taken unless asked for by that name, or ``auto``: mobilenet_v2 if its ImageNet
    weights are on this machine or ``weights`` are given, thermal_mobilenet otherwise. Without ``weights`` the ImageNet
    weights of torchvision are used: from the torch hub cache, else downloaded once. Where ``weights`` is a TorchScript
    or exported program, ``name`` does not matter, and the TOML file beside it must tell what goes in and comes out.
    ``input_size``, ``mean`` and ``std`` beat the TOML file beside the weights (``<weights>.toml``), which beats the
    ImageNet defaults.

    Raises UserError where the name is unknown, the weights are missing, or they do not fit.
    """
    path = None if weights is None else Path(weights).expanduser().resolve()
    given = {"input_size": input_size, "mean": mean, "std": std}
    if path is not None and is_program(path):
        return _program(path, given)
    if name == AUTOMATIC:
        name = "mobilenet_v2" if path is not None or cached_weights("mobilenet_v2").is_file() else PACKAGED
    if name == PACKAGED:
        if path is not None:
            raise UserError(f"lens '{name}' brings its weights: leave out --lens-weights, or name another --lens")
        return _packaged(given)
    architecture = name.removeprefix(RANDOM_PREFIX)
    require_architecture(architecture)
    random = name.startswith(RANDOM_PREFIX)
    if random and path is not None:
        raise UserError(
            f"lens '{name}' has untrained weights by definition: leave out --lens-weights, or name '{architecture}'"
        )
    beside: dict[str, Any] = {}
    if random:
        source = "random"
    elif path is not None:
        source, beside = "file", settings_beside(path, WEIGHTS_SETTINGS)
    else:
        source, path = "torchvision", imagenet_weights(architecture)
    chosen = _input(given, beside)
    spec = LensSpec(
        name=name,
        source=source,
        weights=None if path is None else str(path),
        weights_sha256=_random_sha256(architecture, seed) if path is None else _sha256(path),
        random_weights=random,
        seed=seed if random else 0,
        **chosen,
    )
    if source == "file" and path is not None and not beside and mean is None and std is None:
        log.warning("no %s.toml beside the weights: taking ImageNet mean and standard deviation", path.name)
    if is_plain(architecture):
        if path is not None:
            _trained(spec, path)
        return spec
    return _with_dimensions(
        spec, empty_network(architecture, spec.input_size) if path is None else _trained(spec, path)
    )


def load_network(spec: LensSpec) -> torch.nn.Module:
    """The network of a lens, without its classifier, in evaluation mode, fp32, without gradients.

    Maps float32[n, 3, S, S], already normalised, to float32[n, d]. Plain networks (`is_plain`) and the packaged one are
    a Sequential of features, mean over space and flattening.

    Raises UserError where the weights file is gone, is not the one the lens was made with, or does not fit.
    """
    import torch

    if spec.random_weights:
        from thermal_assets.lenses.random_weights import random_network

        if _random_sha256(spec.architecture, spec.seed) != spec.weights_sha256:
            raise UserError(f"lens {spec.lens_id}: this torch version draws other random weights; choose the lens anew")
        network = random_network(spec.architecture, spec.seed, spec.input_size)
    else:
        path = packaged_weights() if spec.source == "package" else Path(spec.weights or "")
        if _sha256(path) != spec.weights_sha256:
            raise UserError(
                f"{path}: the weights changed since lens {spec.lens_id} was chosen; "
                "put the old file back or choose the lens anew"
            )
        if spec.source == "program":
            network = torch.nn.Sequential(load_program(path), torch.nn.Flatten(1))
            return network if path.suffix == ".pt2" else network.requires_grad_(False)
        network = _trained(spec, path)
    return network.eval().requires_grad_(False)


def packaged_sha256() -> str:
    """Which packaged lens this version of the program has."""
    return _sha256(packaged_weights())


def _packaged(given: dict[str, Any]) -> LensSpec:
    return LensSpec(
        name=PACKAGED,
        source="package",
        weights=None,
        weights_sha256=packaged_sha256(),
        **_input(given, card()["input"]),
    )


def _program(path: Path, given: dict[str, Any]) -> LensSpec:
    import torch

    beside = settings_beside(path, (*PROGRAM_SETTINGS, *PROGRAM_OPTIONS))
    values = beside | {key: value for key, value in given.items() if value is not None}
    absent = [key for key in PROGRAM_SETTINGS if key not in values]
    if absent:
        raise UserError(
            f"{path}: a program says nothing about its pictures: write {path.name}.toml beside it with "
            f"{', '.join(PROGRAM_SETTINGS)} (missing: {', '.join(absent)})"
        )
    dimension = whole_number("dimension", values["dimension"], 2, MOST_DIMENSIONS, "how many features come out")
    batch = values.get("batch_size")
    if batch is not None:
        batch = whole_number("batch_size", batch, 1, 1024, "the number of images that it was exported for")
    name = re.sub(r"[^A-Za-z0-9._]+", "_", str(values.get("name", path.stem))).strip("._") or "program"
    spec = LensSpec(
        name=name,
        source="program",
        weights=str(path),
        weights_sha256=_sha256(path),
        dimensions=dimension,
        fixed_batch=batch,
        **_input(given, beside),
    )
    for count in (batch,) if batch else (2, 3):  # two sizes: an export for one of them does not take the other
        check_output(path, load_program(path), torch.zeros(count, 3, spec.input_size, spec.input_size), dimension)
    return spec


def _input(given: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    values = beside | {key: value for key, value in given.items() if value is not None}
    return {
        "input_size": side(values.get("input_size", DEFAULT_INPUT_SIZE)),
        "mean": channels("mean", values.get("mean", IMAGENET_MEAN)),
        "std": channels("std", values.get("std", IMAGENET_STD)),
    }


def _trained(spec: LensSpec, path: Path) -> torch.nn.Module:
    from thermal_assets.lenses.weight_files import read_state_dict

    state = read_state_dict(path)
    network = empty_network(spec.architecture, spec.input_size)
    try:
        load_weights(spec.architecture, network, state, spec.input_size)
    except (KeyError, RuntimeError) as error:
        raise UserError(
            f"{path}: these are not weights of {spec.architecture} for an input of {spec.input_size} px: "
            f"name the network they belong to with --lens ({', '.join(ARCHITECTURES)}, or another of torchvision)"
        ) from error
    return network


def _with_dimensions(spec: LensSpec, network: torch.nn.Module) -> LensSpec:
    """The spec with the number of features that come out. Raises UserError where the input is too small for it."""
    import dataclasses

    import torch

    try:
        with torch.inference_mode():
            found = network.eval()(torch.zeros(1, 3, spec.input_size, spec.input_size))
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"lens '{spec.name}' does not take an input of {spec.input_size} px: {reason}") from error
    return dataclasses.replace(spec, dimensions=int(found.shape[1]))


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
