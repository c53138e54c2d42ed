"""The embedding engine: images in, unit-length feature vectors out, the same bits every time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.embedding.hardware import has_native_bf16
from thermal_assets.errors import UserError
from thermal_assets.lenses.lens_spec import LensSpec
from thermal_assets.lenses.networks import load_network
from thermal_assets.lenses.pseudo_images import pseudo_images

if TYPE_CHECKING:
    import torch
    from torch import nn

log = logging.getLogger(__name__)

PRECISIONS = ("auto", "mixed", "fp32")
#: bfloat16 is used only where no probe image falls below this cosine against fp32: half the error that is promised.
PROBE_COSINE = 0.9995
PROBE_IMAGES, CALIBRATION_IMAGES = 8, 16
PROBE_SEED, CALIBRATION_SEED = 1, 2
#: How many leading blocks may stay in fp32 before all do.
PRECISE_BLOCKS = (2, 3, 5)


class Embedder:
    """A lens made ready for this machine.

    ``precision`` is ``mixed`` (most layers in bfloat16, see `fast_network`), ``fp32``, or ``auto``:
    mixed where the processor has bfloat16 units (AVX512-BF16 or AMX), fp32 otherwise and on CUDA, where
    decoding is the slower half anyway. Before mixed is used it is compared with fp32 on pseudo-images; it
    keeps as many leading blocks in fp32 as it takes to stay above `PROBE_COSINE`, and where that does not
    help, fp32 it is. ``device`` is ``auto``, ``cpu`` or ``cuda``.

    ``kind`` names what the bits of a vector depend on besides the lens (``mixed cpu``, ``fp32 cpu``, ...).

    Deterministic: the network always sees batches of exactly ``batch_size`` (padded with black), on one thread
    on the CPU, so that a vector does not depend on the images beside it, on the batch it came in or on the
    number of processors. Use several threads, each calling `embed`, to use several processors.
    """

    def __init__(self, spec: LensSpec, precision: str = "auto", device: str = "auto") -> None:
        import torch

        if precision not in PRECISIONS:
            raise UserError(f"precision '{precision}' is unknown: choose one of {', '.join(PRECISIONS)}")
        if device not in ("auto", "cpu", "cuda"):
            raise UserError(f"device '{device}' is unknown: choose auto, cpu or cuda")
        if device == "cuda" and not torch.cuda.is_available():
            raise UserError("device 'cuda' was asked for but this machine offers no CUDA device: choose auto or cpu")
        if device == "cuda" and precision == "mixed":
            raise UserError("precision 'mixed' is made for processors: choose fp32 (or auto) on cuda")
        self.spec = spec
        on_cuda = device == "cuda" or (device == "auto" and precision != "mixed" and torch.cuda.is_available())
        self.device = torch.device("cuda" if on_cuda else "cpu")
        if on_cuda:  # for the whole process: one algorithm for one shape, and fp32 that is not TF32
            torch.backends.cudnn.benchmark = False
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.allow_tf32 = False
        self.batch_size = 128 if on_cuda else _cpu_batch(spec.input_size)
        scale = 1.0 / (255.0 * np.asarray(spec.std))
        self._scale = self._channels(scale)
        self._shift = self._channels(-np.asarray(spec.mean) / np.asarray(spec.std))
        if precision == "auto":
            precision = "mixed" if not on_cuda and has_native_bf16() else "fp32"
        with single_threaded(not on_cuda), torch.inference_mode():
            self._network, self.precision, how = self._prepare(precision)
        self.kind = f"{self.precision} {self.device.type}"
        self.description = (
            f"{spec.lens_id} on {self.device.type}, {how}, {spec.input_size} px, batches of {self.batch_size}"
        )

    def embed(self, images: np.ndarray) -> np.ndarray:
        """uint8[n, S, S, 3] -> float32[n, d], each row of length 1.

        A row whose features are all zero, or not finite, has no direction: it is returned as zeros.
        """
        import torch

        side, size = self.spec.input_size, self.batch_size
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (side, side, 3):
            raise ValueError(f"expected uint8[n, {side}, {side}, 3], got {images.dtype}{list(images.shape)}")
        result = np.empty((len(images), self.spec.dimensions), np.float32)
        with single_threaded(self.device.type == "cpu"), torch.inference_mode():
            for start in range(0, len(images), size):
                part = images[start : start + size]
                if len(part) < size:
                    part = np.concatenate([part, np.zeros((size - len(part), side, side, 3), np.uint8)])
                features = self._network(self._normalised(part)).cpu().numpy()
                result[start : start + size] = unit_length(features)[: len(images) - start]
        return result

    def _normalised(self, images: np.ndarray) -> torch.Tensor:
        """uint8[n, S, S, 3] -> float32[n, 3, S, S] in channels-last order."""
        import torch

        batch = torch.from_numpy(images).to(self.device).permute(0, 3, 1, 2)
        return batch.to(torch.float32).mul_(self._scale).add_(self._shift)

    def _channels(self, values: np.ndarray) -> torch.Tensor:
        import torch

        return torch.from_numpy(values.astype(np.float32)).reshape(1, 3, 1, 1).to(self.device)

    def _prepare(self, precision: str) -> tuple[nn.Module, str, str]:
        import torch

        from thermal_assets.embedding import fast_network

        base = fast_network.folded(load_network(self.spec).get_submodule("0")).to(self.device)
        exact = fast_network.MixedFeatures(base, None)
        if precision == "fp32":
            return exact, "fp32", "fp32"
        side = self.spec.input_size
        probe = self._normalised(pseudo_images(PROBE_IMAGES, side, PROBE_SEED))
        wanted = exact(probe)
        calibration = self._normalised(pseudo_images(CALIBRATION_IMAGES, side, CALIBRATION_SEED))
        means = fast_network.mean_inputs(base, calibration)
        cosine = 0.0
        for precise in PRECISE_BLOCKS:
            network = fast_network.mixed(base, precise, means)
            try:
                cosine = float(torch.nn.functional.cosine_similarity(network(probe), wanted).min())
            except (AttributeError, RuntimeError, TypeError) as error:  # the kernel is no public interface of torch
                log.warning("bf16 kernels are not usable here (%s); using fp32", str(error).splitlines()[0])
                return exact, "fp32", "fp32"
            if cosine >= PROBE_COSINE:
                return network, "mixed", f"bf16 behind {precise} fp32 blocks (cosine to fp32 at least {cosine:.5f})"
        log.warning("%s: bf16 reaches a cosine of %.5f only; using fp32", self.spec.lens_id, cosine)
        return exact, "fp32", "fp32"


@lru_cache(maxsize=1)
def embedder(spec: LensSpec, precision: str = "auto", device: str = "auto") -> Embedder:
    """The engine of a lens, kept for the next class: making one takes about a second."""
    return Embedder(spec, precision, device)


def _cpu_batch(side: int) -> int:
    """Images a batch on the CPU: 8 at 224 px, fewer for larger inputs.

    glibc keeps freed blocks below 32 MB but returns larger ones to the kernel, which then has to clear
    them again for every layer: that takes half of the time of larger batches. A thread by itself gains
    nothing from them anyway.
    """
    return next(n for n in (8, 4, 2, 1) if n == 1 or n * side * side <= 8 * 256 * 256)


def unit_length(features: np.ndarray) -> np.ndarray:
    """Rows of float32[n, d] scaled to Euclidean length 1; rows without direction become zeros."""
    lengths = np.sqrt(np.einsum("nd,nd->n", features, features, dtype=np.float64))
    usable = np.isfinite(lengths) & (lengths > 0)
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=usable)
    return np.where(usable[:, None], features * scale[:, None], 0).astype(np.float32)


@contextmanager
def single_threaded(wanted: bool) -> Iterator[None]:
    """Run torch on the calling thread alone, so that sums have one order on every machine."""
    import torch

    threads = torch.get_num_threads()
    if not wanted or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
