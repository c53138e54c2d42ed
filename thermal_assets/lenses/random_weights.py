"""Untrained networks for trying the pipeline out: seeded, and with activations of a sane scale."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from thermal_assets.lenses.architectures import empty_network, is_plain
from thermal_assets.lenses.lens_spec import DEFAULT_INPUT_SIZE
from thermal_assets.lenses.pseudo_images import pseudo_images

if TYPE_CHECKING:
    import torch

CALIBRATION_IMAGES = 16
CALIBRATION_SIDE = 128
#: Least variance of a channel, as a share of its layer's mean variance.
VARIANCE_FLOOR = 0.1


def random_network(architecture: str, seed: int, input_size: int) -> torch.nn.Module:
    """Network without its last layer, float32[n, 3, S, S] -> float32[n, d], drawn from ``seed``, batch norm calibrated.

    Fresh batch norms carry mean 0 and variance 1, which random filters do not produce: over fifty
    layers the activations would fade away or explode. So one pass over seeded pseudo-images sets them,
    as the first steps of training would.
    """
    import torch

    network = _drawn(architecture, seed, input_size)
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    side = CALIBRATION_SIDE if is_plain(architecture) else input_size  # others may take no other size
    images = torch.from_numpy(pseudo_images(CALIBRATION_IMAGES, side, seed)).permute(0, 3, 1, 2)
    batch = images.to(torch.float32).div(127.5).sub(1)
    network.eval()
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)  # sums in one order, whatever the machine
        with torch.inference_mode():
            if norms:
                network(batch)
    finally:
        torch.set_num_threads(threads)
    for norm in norms:
        norm.eval()
        assert norm.running_mean is not None
        assert norm.running_var is not None
        # Eight bits of mantissa are plenty here and swallow the last-bit differences between processors.
        norm.running_mean = norm.running_mean.to(torch.bfloat16).to(torch.float32).clone()
        # A channel that hardly moved here would blow up whatever moves it later.
        variance = norm.running_var.clamp_min(VARIANCE_FLOOR * float(norm.running_var.mean()))
        norm.running_var = variance.to(torch.bfloat16).to(torch.float32).clone()
    return network


@lru_cache(maxsize=4)
def random_sha256(architecture: str, seed: int) -> str:
    """SHA-256 over the drawn weights, before calibration: names the lens as a weights file would."""
    digest = hashlib.sha256()
    network = _drawn(architecture, seed, DEFAULT_INPUT_SIZE)
    for key, value in network.state_dict().items():
        digest.update(key.removeprefix("0.").encode() if is_plain(architecture) else key.encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _drawn(architecture: str, seed: int, input_size: int) -> torch.nn.Module:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return empty_network(architecture, input_size)
