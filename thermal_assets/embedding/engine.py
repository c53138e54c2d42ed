"""The embedding engine: images in, unit-length feature vectors out, the same bits every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from thermal_assets.embedding.preparation import PRECISIONS, prepare
from thermal_assets.errors import UserError
from thermal_assets.lenses.lens_spec import LensSpec

if TYPE_CHECKING:
    import torch

#: Largest block that torch asks for at a time, bytes. glibc keeps freed blocks below 32 MB but returns larger ones to
#: the kernel, which then has to clear them again for every layer: that takes half of the time of larger batches.
LARGEST_BLOCK = 30_000_000
MOST_IN_A_BATCH = 32


class Embedder:
    """A lens made ready for this machine.

    ``precision`` is ``mixed`` (most layers in bfloat16, see `fast_network`), ``bf16``, ``fp16``, ``fp32``, or ``auto``:
    mixed where the processor has bfloat16 units (AVX512-BF16 or AMX), fp32 on other processors, sixteen bits on CUDA.
    Before anything but fp32 is used it is compared with fp32 on pseudo-images (`preparation`), and where it is not
    close enough, fp32 it is. ``device`` is ``auto``, ``cpu`` or ``cuda``.

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
        scale = 1.0 / (255.0 * np.asarray(spec.std))
        self._scale = self._channels(scale)
        self._shift = self._channels(-np.asarray(spec.mean) / np.asarray(spec.std))
        with single_threaded(not on_cuda), torch.inference_mode():
            prepared = prepare(spec, precision, self.device, self.normalised)
        self.network, self.precision = prepared.network, prepared.precision
        self.batch_size = spec.fixed_batch or (
            _cuda_batch() if on_cuda else _cpu_batch(spec.input_size, self.precision)
        )
        self.kind = f"{self.precision} {self.device.type}"
        self.description = (
            f"{spec.lens_id} on {self.device.type}, {prepared.how}, {spec.input_size} px, batches of {self.batch_size}"
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
                features = self.network(self.normalised(part)).cpu().numpy()
                result[start : start + size] = unit_length(features)[: len(images) - start]
        return result

    def normalised(self, images: np.ndarray) -> torch.Tensor:
        """uint8[n, S, S, 3] -> float32[n, 3, S, S] on the device, in channels-last order."""
        import torch

        host = torch.from_numpy(images)
        if self.device.type == "cuda":
            host = host.pin_memory()  # so that the copy does not wait for the computation before it
        batch = host.to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        return batch.to(torch.float32).mul_(self._scale).add_(self._shift)

    def _channels(self, values: np.ndarray) -> torch.Tensor:
        import torch

        return torch.from_numpy(values.astype(np.float32)).reshape(1, 3, 1, 1).to(self.device)


@lru_cache(maxsize=1)
def embedder(spec: LensSpec, precision: str = "auto", device: str = "auto") -> Embedder:
    """The engine of a lens, kept for the next class: making one takes about a second."""
    return Embedder(spec, precision, device)


def _cpu_batch(side: int, precision: str) -> int:
    """Images a batch on the CPU: what keeps the largest layer (96 channels at half the side) below `LARGEST_BLOCK`.

    A thread by itself gains nothing from larger ones.
    """
    size = 96 * (side // 2) ** 2 * (4 if precision == "fp32" else 2)
    return next(n for n in (MOST_IN_A_BATCH, 16, 8, 4, 2, 1) if n == 1 or n * size <= LARGEST_BLOCK)


def _cuda_batch() -> int:
    """Images a batch on CUDA, by what the device has in all: what is free just now would make bits depend on it."""
    import torch

    total = torch.cuda.get_device_properties(0).total_memory
    return next(n for n in (256, 128, 64, 32) if n == 32 or total >= n * 60_000_000)


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
