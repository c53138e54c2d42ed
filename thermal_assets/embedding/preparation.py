"""Which form of a network this machine runs: the fastest one that stays close enough to plain fp32."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.embedding.hardware import has_native_bf16
from thermal_assets.lenses.lens_spec import LensSpec
from thermal_assets.lenses.networks import load_network
from thermal_assets.lenses.pseudo_images import faint_images, pseudo_images

if TYPE_CHECKING:
    import torch
    from torch import nn

log = logging.getLogger(__name__)

PRECISIONS = ("auto", "mixed", "bf16", "fp16", "fp32")
#: Lower precision is used only where no probe image falls below this cosine against fp32. The promise is 0.999, and a
#: real picture may lose more than any probe image: of 600 real crops the worst lost up to twice as much through an
#: ImageNet MobileNetV2, up to four times as much through the packaged lens.
PROBE_COSINE = 0.9996
PROBE_IMAGES, CALIBRATION_IMAGES = 32, 16
PROBE_SEED, CALIBRATION_SEED = 1, 2
#: How many leading blocks may stay in fp32 before all do.
PRECISE_BLOCKS = (2, 3, 5, 8)

Normalise = Callable[[np.ndarray], "torch.Tensor"]


@dataclass(frozen=True)
class Prepared:
    """``network``: float32[n, 3, S, S], normalised -> float32[n, d]; its precision in a word and in a phrase."""

    network: nn.Module
    precision: str
    how: str


def prepare(spec: LensSpec, precision: str, device: torch.device, normalise: Normalise) -> Prepared:
    """The network of a lens for ``device``; ``precision`` 'auto' picks what the machine is made for.

    On a processor with bfloat16 units that is ``mixed`` (`fast_network`), on CUDA ``bf16`` or, where that is not
    faithful enough, ``fp16``; fp32 everywhere else, and wherever the probe says so. Networks that are not plain
    convolutions run as they are: in fp32 on the processor.
    """
    import torch

    from thermal_assets.embedding import fast_network

    network = load_network(spec)
    features = network.get_submodule("0") if spec.is_plain else None
    on_cpu = device.type == "cpu"
    base = None if features is None else fast_network.folded(features).to(device)
    exact = _exact(network.to(device), base, on_cpu)
    wanted_precisions = _candidates(precision, on_cpu, plain=base is not None)
    if not wanted_precisions:
        return Prepared(_usable(exact, base, spec, normalise), "fp32", "fp32")
    count = spec.fixed_batch or PROBE_IMAGES
    probe = normalise(_probe_images(count, spec.input_size))
    exact = _usable(exact, base, spec, normalise)
    wanted = exact(probe)
    reached = 0.0
    for name in wanted_precisions:
        for candidate, how in _forms(name, network, base, spec, normalise):
            try:
                reached = float(torch.nn.functional.cosine_similarity(candidate(probe), wanted).min())
            except (AttributeError, RuntimeError, TypeError, NotImplementedError) as error:
                log.warning("%s is not usable here (%s); trying the next", name, str(error).splitlines()[0])
                break
            if reached >= PROBE_COSINE:
                return Prepared(candidate, name, f"{how} (cosine to fp32 at least {reached:.5f})")
    log.warning("%s: %s reaches a cosine of %.5f only; using fp32", spec.lens_id, wanted_precisions[-1], reached)
    return Prepared(exact, "fp32", "fp32")


def _probe_images(count: int, side: int) -> np.ndarray:
    """uint8[count, side, side, 3]: half of them faint, for a network is least faithful there."""
    images = pseudo_images(-(-count // 2), side, PROBE_SEED)
    return np.concatenate([faint_images(images), images])[:count]


def _candidates(precision: str, on_cpu: bool, plain: bool) -> tuple[str, ...]:
    if precision == "fp32":
        return ()
    if precision != "auto":
        return (precision,) if plain or precision != "mixed" else ()
    if on_cpu:
        return ("mixed",) if plain and has_native_bf16() else ()
    return ("bf16", "fp16")


def _exact(network: nn.Module, base: nn.Sequential | None, on_cpu: bool) -> nn.Module:
    from thermal_assets.embedding import fast_network

    if base is None:
        return fast_network.WholeNetwork(network)
    return fast_network.MixedFeatures(fast_network.fused(base) if on_cpu else base, None)


def _usable(exact: nn.Module, base: nn.Sequential | None, spec: LensSpec, normalise: Normalise) -> nn.Module:
    """``exact``, or the same without fused kernels, which are no public interface of torch."""
    from thermal_assets.embedding import fast_network

    if base is None:
        return exact
    try:
        exact(normalise(pseudo_images(1, spec.input_size, PROBE_SEED)))
    except (AttributeError, RuntimeError, TypeError) as error:
        log.warning("fused kernels are not usable here (%s); running without", str(error).splitlines()[0])
        return fast_network.MixedFeatures(base, None)
    return exact


def _forms(
    name: str, network: nn.Module, base: nn.Sequential | None, spec: LensSpec, normalise: Normalise
) -> Iterator[tuple[nn.Module, str]]:
    """The network in precision ``name``, from the fastest form to the most careful one."""
    import torch

    from thermal_assets.embedding import fast_network

    if name == "mixed":
        assert base is not None
        calibration = normalise(pseudo_images(CALIBRATION_IMAGES, spec.input_size, CALIBRATION_SEED))
        means = fast_network.mean_inputs(base, calibration)
        for precise in PRECISE_BLOCKS:
            yield fast_network.mixed(base, precise, means), f"bf16 behind {precise} fp32 blocks"
        return
    dtype = torch.bfloat16 if name == "bf16" else torch.float16
    if base is not None:
        yield fast_network.MixedFeatures(fast_network.ToHalf(dtype), deepcopy(base).to(dtype)), name
    else:
        yield fast_network.WholeNetwork(deepcopy(network).to(dtype), dtype), name
