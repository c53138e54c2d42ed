"""Networks of torchvision as lenses: any image classifier, without its last layer."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from thermal_assets.errors import UserError
from thermal_assets.lenses.lens_spec import ARCHITECTURES, PACKAGED, PLAIN_ARCHITECTURES, RANDOM_PREFIX

if TYPE_CHECKING:
    from torch import nn

#: Side branches that only training uses.
_AUXILIARY = ("aux", "AuxLogits.")


def require_architecture(name: str) -> None:
    """Raises UserError where ``name`` is no image classifier of torchvision; near misses are named."""
    import torchvision

    known = torchvision.models.list_models(module=torchvision.models)
    if name in known:
        return
    near = difflib.get_close_matches(name, known, 3)
    meant = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise UserError(
        f"lens '{name}' is unknown{meant}: choose {PACKAGED}, which needs no download, one of {', '.join(ARCHITECTURES)}, "
        f"another classifier of torchvision, {RANDOM_PREFIX}… for untrained weights, or give a program (.pt, .pt2) with "
        "--lens-weights"
    )


def is_plain(architecture: str) -> bool:
    """True where the network is convolutions and a mean over space, which the engine knows how to speed up."""
    return architecture.startswith(PLAIN_ARCHITECTURES)


def empty_features(architecture: str) -> nn.Sequential:
    """The feature part of a plain network with whatever weights its constructor gives it."""
    import torchvision

    features: nn.Sequential = torchvision.models.get_model(architecture, weights=None).features
    return features


def empty_network(architecture: str, input_size: int) -> nn.Module:
    """A network without its last layer: float32[n, 3, S, S] -> float32[n, d]; weights as its constructor gives them.

    Raises UserError where it has no last linear layer to leave out.
    """
    from torch import nn

    if is_plain(architecture):
        return nn.Sequential(empty_features(architecture), nn.AdaptiveAvgPool2d(1), nn.Flatten(1))
    network = _constructed(architecture, input_size)
    name = _last_linear(network, architecture)
    parent, _, child = name.rpartition(".")
    setattr(network.get_submodule(parent), child, nn.Identity())
    return network


def load_weights(architecture: str, network: nn.Module, state: dict[str, Any], input_size: int) -> None:
    """Put a classifier's state dict into what `empty_network` made; its last layer is left out, whatever its size.

    Raises KeyError or RuntimeError where the weights belong to another network.
    """
    if is_plain(architecture):
        strangers = [key for key in state if not key.startswith(("features.", "classifier."))]
        ours = {key.replace("features.", "0.", 1): value for key, value in state.items() if key.startswith("features.")}
        if strangers or not ours:
            raise KeyError(architecture)
    else:
        left_out = (_last_linear(_constructed(architecture, input_size), architecture) + ".", *_AUXILIARY)
        ours = {key: value for key, value in state.items() if not key.startswith(left_out)}
    network.load_state_dict(ours, strict=True)


def _constructed(architecture: str, input_size: int) -> nn.Module:
    import torchvision

    options: dict[str, Any] = {}
    if architecture.startswith("vit_"):
        options["image_size"] = input_size
    if architecture in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False, "transform_input": True}
    try:
        return torchvision.models.get_model(architecture, weights=None, **options)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise UserError(f"lens '{architecture}' does not take an input of {input_size} px: {error}") from error


def _last_linear(network: nn.Module, architecture: str) -> str:
    from torch import nn

    names = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not names:
        raise UserError(
            f"lens '{architecture}' has no last linear layer to take the features before: "
            "export the part you want as a program (.pt2) and give that with --lens-weights"
        )
    return names[-1]
