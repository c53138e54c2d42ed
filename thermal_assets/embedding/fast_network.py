"""The same network for less time: batch norm folded away, activations fused, most layers in bfloat16.

Folding and fusing change nothing but the order of roundings, and take a quarter of the time of fp32 away.

Plain bfloat16 is not good enough here: on faint thermal crops the features of an ImageNet MobileNetV2
fall to a cosine of 0.93 against fp32. Nearly all of that comes from rounded *weights*: a filter whose
weights cancel (an edge filter) stops cancelling once they are rounded, and a flat picture turns the
remainder into a constant shift of its channel. The shift is known, remainder times mean input, so it is
taken back in the bias (bias correction: Nagel et al. 2019, "Data-free quantization through weight
equalization and bias correction"). The first blocks, which the others inherit every error from, stay in fp32.
"""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.Identity: ("none", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
    nn.SiLU: ("swish", []),
}


class FusedConvolution(nn.Module):
    """Convolution in ``dtype`` and its activation as one oneDNN kernel, for the CPU.

    The activation costs no pass over memory of its own, and the bias is added in fp32 before the result
    is rounded, which torch's own bf16 convolution does not offer. ``dtype`` in and out.
    """

    def __init__(self, convolution: nn.Conv2d, activation: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.register_buffer("weight", convolution.weight.detach().to(dtype))
        self.register_buffer("bias", None if convolution.bias is None else convolution.bias.detach().to(torch.float32))
        c = convolution
        self.geometry = (list(c.padding), list(c.stride), list(c.dilation), c.groups)
        self.attribute, self.scalars = _ACTIVATIONS[type(activation)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, *self.geometry, self.attribute, self.scalars, ""
        )


class ResidualBlock(nn.Module):
    """An inverted residual block whose sum is kept in fp32 while its layers work in bfloat16."""

    def __init__(self, layers: nn.Module, residual: bool) -> None:
        super().__init__()
        self.layers = layers
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layers(x.to(torch.bfloat16))
        return torch.add(x, y) if self.residual else y


class MixedFeatures(nn.Module):
    """Blocks in a row, the first ``precise`` in fp32 and the rest in bfloat16, then the mean over space in fp32.

    Maps float32[n, 3, S, S] to float32[n, d].
    """

    def __init__(self, precise: nn.Module, rest: nn.Module | None) -> None:
        super().__init__()
        self.precise = precise
        self.rest = rest

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.precise(x)
        if self.rest is not None:
            x = self.rest(x)
        return x.to(torch.float32).mean((2, 3))


class WholeNetwork(nn.Module):
    """A network as it is, in ``dtype``, with features float32[n, d] of float32[n, 3, S, S]."""

    def __init__(self, network: nn.Module, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.network = network
        self.dtype = dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.network(x.to(self.dtype))
        return features.flatten(1).to(torch.float32)


class ToHalf(nn.Module):
    """The seam between fp32 and sixteen bits."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.to(self.dtype)


def folded(features: nn.Module) -> nn.Sequential:
    """A copy with every batch norm folded into the convolution before it, in channels-last order."""
    features = copy.deepcopy(features).eval().requires_grad_(False)
    for module in features.modules():
        if isinstance(module, nn.Sequential):
            for first, second in pairwise(list(module._modules)):
                convolution, norm = module._modules[first], module._modules[second]
                if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    module._modules[first] = fuse_conv_bn_eval(convolution, norm).requires_grad_(False)
                    module._modules[second] = nn.Identity()
    assert isinstance(features, nn.Sequential)
    return features.to(memory_format=torch.channels_last)


def fused(features: nn.Sequential) -> nn.Sequential:
    """Folded ``features`` in fp32 with every activation fused into the convolution before it, for the CPU."""
    result = copy.deepcopy(features)
    _fuse(result, torch.float32)
    return result


def mean_inputs(features: nn.Sequential, batch: torch.Tensor) -> dict[str, torch.Tensor]:
    """Mean input of every convolution, per channel, over a batch float32[n, 3, S, S]."""
    means: dict[str, torch.Tensor] = {}
    hooks = [
        module.register_forward_pre_hook(
            lambda _, inputs, name=name: means.__setitem__(name, inputs[0].mean((0, 2, 3), dtype=torch.float64))
        )
        for name, module in features.named_modules()
        if isinstance(module, nn.Conv2d)
    ]
    features(batch)
    for hook in hooks:
        hook.remove()
    return means


def mixed(features: nn.Sequential, precise: int, means: dict[str, torch.Tensor]) -> MixedFeatures:
    """Folded ``features`` with the blocks from number ``precise`` on in bfloat16 and their biases corrected.

    ``means`` come from `mean_inputs`. For the CPU only: without `FusedConvolution` the biases would be
    rounded too, which costs more than all else together.
    """
    rest = copy.deepcopy(features)[precise:]
    for name, module in rest.named_modules():
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            module.bias.data += _lost_by_rounding(module, means[name])  # a slice keeps the names of its blocks
    _unwrap_residuals(rest)
    _fuse(rest, torch.bfloat16)
    return MixedFeatures(fused(features[:precise]), nn.Sequential(ToHalf(torch.bfloat16), rest))


def _lost_by_rounding(convolution: nn.Conv2d, mean_input: torch.Tensor) -> torch.Tensor:
    """What rounding the weights to bfloat16 takes from the mean output of every channel."""
    weight = convolution.weight.detach().double()
    lost = (weight - weight.to(torch.bfloat16).double()).sum((2, 3))
    groups = convolution.groups
    shift = torch.einsum("goi,gi->go", lost.reshape(groups, -1, lost.shape[1]), mean_input.reshape(groups, -1))
    return shift.reshape(-1).to(torch.float32)


def _unwrap_residuals(features: nn.Module) -> None:
    """Replace torchvision's residual blocks (MobileNetV2: ``conv``; EfficientNet: ``block``) by `ResidualBlock`."""
    for module in list(features.modules()):
        for name, child in list(module.named_children()):
            if hasattr(child, "use_res_connect"):
                layers = child.get_submodule("conv" if hasattr(child, "conv") else "block")
                setattr(module, name, ResidualBlock(layers, bool(child.use_res_connect)))


def _fuse(features: nn.Module, dtype: torch.dtype) -> None:
    """Replace convolutions, with the activation after them if there is one, by `FusedConvolution`."""
    for module in list(features.modules()):
        children = [(name, child) for name, child in module.named_children() if not isinstance(child, nn.Identity)]
        following = [child for _, child in [*children[1:], ("", nn.Identity())]]
        for (name, child), after in zip(children, following, strict=False):
            if not isinstance(child, nn.Conv2d):
                continue
            in_row = isinstance(module, nn.Sequential) and type(after) in _ACTIVATIONS
            setattr(module, name, FusedConvolution(child, after if in_row else nn.Identity(), dtype))
            if in_row and not isinstance(after, nn.Identity):
                setattr(module, next(n for n, c in children if c is after), nn.Identity())
