"""The mean and standard-deviation picture of a class, and its histogram, from sums that never round.

Every total is a whole number, so images can be added and taken away in any order, in any batches and by
any number of workers, and the same images always leave the same bits behind.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from thermal_assets.imaging.channel_stats import laplacian_variance
from thermal_assets.imaging.decoded_image import DecodedImage

CANVAS = 64
_BATCH = 256  # images squared at a time: 6 MB of uint16
_LUMA = np.array([0.299, 0.587, 0.114])


def histogram(image: DecodedImage) -> NDArray[np.uint32]:
    """uint32 [3, 256]: pixels of the picture as displayed at each level of r, g and b."""
    return image.level_counts


def canvas(image: DecodedImage) -> NDArray[np.uint8]:
    """uint8 [CANVAS, CANVAS, 3], of grey pictures [CANVAS, CANVAS, 1]: the picture as displayed, stretched to the canvas.

    An axis that shrinks is averaged over boxes, one that grows is interpolated linearly.
    """
    from thermal_assets.imaging.canvas_kernels import average_boxes, interpolate

    levels = np.ascontiguousarray(image.rgb[:, :, :1] if image.native.ndim == 2 else image.rgb)
    height, width, channels = levels.shape
    if width > CANVAS or height > CANVAS:
        small = np.empty((min(height, CANVAS), min(width, CANVAS), channels), np.uint8)
        average_boxes(levels, small)
        levels = small
    if levels.shape[:2] != (CANVAS, CANVAS):
        canvas = np.empty((CANVAS, CANVAS, channels), np.uint8)
        interpolate(levels, canvas)
        levels = canvas
    return levels


def _zeros(*shape: int) -> NDArray[np.int64]:
    return np.zeros(shape, dtype=np.int64)


@dataclass(eq=False)
class ClassTotals:
    """Exact sums over the images of one class.

    histogram: int64 [3, 256]; sums, squares: int64 [CANVAS, CANVAS, 3] of canvas levels and their
    squares. Exact up to 1.4e14 images.
    """

    image_count: int = 0
    histogram: NDArray[np.int64] = field(default_factory=lambda: _zeros(3, 256))
    sums: NDArray[np.int64] = field(default_factory=lambda: _zeros(CANVAS, CANVAS, 3))
    squares: NDArray[np.int64] = field(default_factory=lambda: _zeros(CANVAS, CANVAS, 3))

    def add(self, histogram: NDArray[np.uint32], canvas: NDArray[np.uint8]) -> None:
        """Add one image: its ``histogram`` [3, 256] and ``canvas`` [CANVAS, CANVAS, 3]."""
        self.add_batch(histogram[None], canvas[None])

    def subtract(self, histogram: NDArray[np.uint32], canvas: NDArray[np.uint8]) -> None:
        """Take away one image that was added before."""
        self.subtract_batch(histogram[None], canvas[None])

    def add_batch(self, histograms: NDArray[np.uint32], canvases: NDArray[np.uint8]) -> None:
        """Add n images: ``histograms`` [n, 3, 256], ``canvases`` [n, CANVAS, CANVAS, 3]."""
        self._accumulate(histograms, canvases, 1)

    def subtract_batch(self, histograms: NDArray[np.uint32], canvases: NDArray[np.uint8]) -> None:
        """Take away n images that were added before; ValueError if there were fewer, and nothing changes."""
        if len(histograms) > self.image_count:
            raise ValueError(f"cannot take {len(histograms)} images from totals over {self.image_count}")
        self._accumulate(histograms, canvases, -1)

    def merge(self, other: ClassTotals) -> None:
        """Add the images of other totals."""
        self.image_count += other.image_count
        self.histogram += other.histogram
        self.sums += other.sums
        self.squares += other.squares

    def _accumulate(self, histograms: NDArray[np.uint32], canvases: NDArray[np.uint8], sign: int) -> None:
        count = len(histograms)
        if histograms.shape != (count, 3, 256) or canvases.shape != (count, CANVAS, CANVAS, 3):
            raise ValueError(
                f"expected [n, 3, 256] and [n, {CANVAS}, {CANVAS}, 3], got {histograms.shape}, {canvases.shape}"
            )
        if canvases.dtype != np.uint8:
            raise ValueError(f"canvases are uint8, got {canvases.dtype}")
        self.image_count += sign * count
        self.histogram += sign * histograms.sum(axis=0, dtype=np.int64)
        for start in range(0, count, _BATCH):
            levels = canvases[start : start + _BATCH].astype(np.uint16)
            self.sums += sign * levels.sum(axis=0, dtype=np.int64)
            self.squares += sign * np.square(levels).sum(axis=0, dtype=np.int64)  # 255 squared fits uint16

    def mean(self) -> NDArray[np.float64] | None:
        """float64 [CANVAS, CANVAS, 3]: the mean picture, levels 0..255; None without images."""
        return self.sums / self.image_count if self.image_count else None

    def deviation(self) -> NDArray[np.float64] | None:
        """float64 [CANVAS, CANVAS, 3]: population standard deviation, levels; None without images."""
        if not self.image_count:
            return None
        n = self.image_count
        # Whole numbers up to here: n * squares - sums ** 2 fits int64 up to eleven million images.
        spread = n * self.squares - self.sums**2 if n < 11_000_000 else _wide_spread(n, self.squares, self.sums)
        return np.sqrt(spread.astype(np.float64)) / n

    def mean_png(self) -> bytes | None:
        """PNG of the mean picture; None without images."""
        mean = self.mean()
        return None if mean is None else _png(np.rint(mean))

    def std_png(self) -> bytes | None:
        """PNG of the standard-deviation picture, scaled so that its maximum is white; None without images."""
        deviation = self.deviation()
        if deviation is None:
            return None
        top = float(deviation.max())
        return _png(np.rint(deviation * (255.0 / top)) if top > 0 else deviation)

    def mean_image_sharpness(self) -> float | None:
        """Variance of the Laplacian of the mean picture, luminance 0..1: blurred means restless."""
        mean = self.mean()
        return None if mean is None else laplacian_variance((mean * _LUMA).sum(axis=2), 255.0)

    def mean_std(self) -> float | None:
        """Mean of the standard-deviation picture, levels 0..255."""
        deviation = self.deviation()
        return None if deviation is None else float(deviation.mean())

    def to_blob(self) -> bytes:
        """zlib of little-endian int64 [2, CANVAS, CANVAS, 3]: sums, squares (column ``canvas_totals``)."""
        return zlib.compress(np.stack([self.sums, self.squares]).astype("<i8").tobytes(), 6)

    @classmethod
    def from_blob(cls, blob: bytes, image_count: int, histogram: NDArray[np.int64]) -> ClassTotals:
        """Totals from ``to_blob`` and the two numbers that have tables of their own.

        Raises ValueError if ``blob`` is not what ``to_blob`` wrote.
        """
        try:
            values = np.frombuffer(zlib.decompress(blob), dtype="<i8").reshape(2, CANVAS, CANVAS, 3).astype(np.int64)
        except (zlib.error, ValueError) as error:
            raise ValueError(f"not canvas totals of side {CANVAS}: {error}") from error
        return cls(image_count, np.array(histogram, dtype=np.int64).reshape(3, 256), values[0], values[1])


def _wide_spread(n: int, squares: NDArray[np.int64], sums: NDArray[np.int64]) -> NDArray[np.object_]:
    wide = sums.astype(object)
    return n * squares.astype(object) - wide * wide


def _png(levels: NDArray[np.float64]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()
