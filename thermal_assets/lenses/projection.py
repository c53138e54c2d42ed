"""The L3 lens without labels: principal components of the L2 vectors of this data set.

Generic features spread over 1,280 dimensions, most of which say nothing about one domain. The lens keeps the
directions in which these images differ most. One stored projection has two readings: Euclidean as it is (density,
outliers), and divided by ``scales`` with cosine (neighbours' labels, separation).
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thermal_assets.errors import UserError
from thermal_assets.lenses.unit_rows import unit_rows
from thermal_assets.temporary import remove_leftovers, temporary_prefix

PROJECTION_VERSION = "pca-1"
_TEMPORARY = "lens"
_ROWS_AT_ONCE = 4096
_UNIT_FLOAT32 = 2.0**-24


@dataclass(frozen=True)
class ProjectionLens:
    """A fitted projection from d to ``dimensions`` values; axes beyond ``real_dimensions`` are zero.

    mean              float32 [d]
    components        float32 [dimensions, d], orthonormal rows, largest variance first
    scales            float32 [dimensions], standard deviation of each axis (n - 1 in the denominator)
    explained         share of the total variance that the axes keep, 0..1
    image_count       vectors it was fitted on
    fitted_on         version of those vectors, see ``fit_projection``
    source_lens_id    lens of the vectors that go in
    """

    mean: np.ndarray
    components: np.ndarray
    scales: np.ndarray
    real_dimensions: int
    explained: float
    image_count: int
    fitted_on: str
    source_lens_id: str

    @property
    def dimensions(self) -> int:
        return len(self.components)

    @property
    def lens_id(self) -> str:
        """Names what it was fitted on, not the digits that came out: a second fit of the same data has the same id."""
        facts = json.dumps([PROJECTION_VERSION, self.source_lens_id, self.fitted_on, self.dimensions])
        return f"{PROJECTION_VERSION}-{self.dimensions}-{hashlib.blake2b(facts.encode(), digest_size=6).hexdigest()}"

    def project(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [n, dimensions] of ``vectors`` [n, d].

        Computed in float64, so that an image gets the same values alone and inside a large block.
        """
        vectors = _checked(vectors, len(self.mean))
        projected = np.empty((len(vectors), self.dimensions), dtype=np.float32)
        mean, axes = self.mean.astype(np.float64), self.components.T.astype(np.float64)
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            span = slice(start, start + _ROWS_AT_ONCE)
            projected[span] = (vectors[span].astype(np.float64) - mean) @ axes
        return projected

    def whiten(self, projections: np.ndarray) -> np.ndarray:
        """float32 [n, dimensions]: each real axis at standard deviation 1, the others zero."""
        factors = np.zeros(self.dimensions, dtype=np.float32)
        real = slice(0, self.real_dimensions)
        factors[real] = 1 / self.scales[real]
        return np.asarray(projections, dtype=np.float32) * factors

    def save(self, path: Path) -> None:
        """Write as .npz; a reader sees the old file or the whole new one, also after a power cut."""
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent, _TEMPORARY)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=temporary_prefix(_TEMPORARY))
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **_arrays(self))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)  # noqa: PTH105 (named so in the promise above)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @classmethod
    def load(cls, path: Path) -> ProjectionLens:
        """Read what ``save`` wrote; UserError if the file is missing or damaged."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(
                    mean=file["mean"],
                    components=file["components"],
                    scales=file["scales"],
                    real_dimensions=int(file["real_dimensions"]),
                    explained=float(file["explained"]),
                    image_count=int(file["image_count"]),
                    fitted_on=str(file["fitted_on"]),
                    source_lens_id=str(file["source_lens_id"]),
                )
        except FileNotFoundError:
            raise UserError(f"the L3 lens {path} is missing: fit it again (materialize l3_lens)") from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            raise UserError(f"the L3 lens {path} cannot be read: fit it again (materialize l3_lens)") from None


def fit_projection(
    blocks: Iterable[np.ndarray],
    dimensions: int = 120,
    *,
    source_lens_id: str = "",
    fitted_on: str | None = None,
) -> ProjectionLens:
    """Principal components of all vectors of ``blocks``, each float32 [b, d], in one pass and bounded memory.

    The covariance is summed exactly in float64 (no sampling, no incremental approximation) and decomposed once, so
    the order and size of the blocks matter only in the last digits.
    source_lens_id  lens of the vectors
    fitted_on       version of the images, such as a hash of their sorted content hashes; None = a hash of the
                    vectors that does not depend on their order. It decides ``lens_id``
    Signs: the entry of largest magnitude of each axis is positive. Axes without data are zero: fewer than
    ``dimensions`` + 1 images, or vectors that do not vary in as many directions (numerical rank).

    Raises UserError without vectors or for NaN or infinite ones.
    """
    if dimensions < 1:
        raise ValueError(f"dimensions must be 1 or more, not {dimensions}")
    sums = _Sums()
    for block in blocks:
        sums.add(block)
    if sums.count == 0:
        raise UserError("there are no vectors to fit the L3 lens on: compute the L2 embeddings of a class first")
    mean, covariance, mean_square = sums.moments()
    width = len(mean)
    variances, axes = np.linalg.eigh(covariance)
    variances, axes = variances[::-1], axes[:, ::-1].T
    # Below this a variance is rounding: of the sums in float64, or of the float32 vectors themselves.
    floor = max(width * np.finfo(np.float64).eps * max(variances[0], 0.0), 4 * _UNIT_FLOAT32**2 * mean_square)
    real = min(int((variances > floor).sum()), dimensions, max(sums.count - 1, 0))
    kept = axes[:real]
    kept = kept * np.sign(np.take_along_axis(kept, np.abs(kept).argmax(axis=1)[:, None], axis=1))
    components = np.zeros((dimensions, width), dtype=np.float32)
    components[:real] = kept
    scales = np.zeros(dimensions, dtype=np.float32)
    scales[:real] = np.sqrt(variances[:real])
    total = float(np.maximum(variances, 0).sum())
    return ProjectionLens(
        mean=mean.astype(np.float32),
        components=components,
        scales=scales,
        real_dimensions=real,
        explained=float(variances[:real].sum() / total) if real else 0.0,
        image_count=sums.count,
        fitted_on=sums.version() if fitted_on is None else fitted_on,
        source_lens_id=source_lens_id,
    )


class _Sums:
    """Sums of vectors and of their products around a fixed point, and an order-free hash of them."""

    def __init__(self) -> None:
        self.count = 0
        self.digest = np.zeros(2, dtype=np.uint64)

    def add(self, block: np.ndarray) -> None:
        if len(block) == 0:
            return
        if self.count == 0:
            self.width = np.shape(block)[1]
            # Sums around a point near the mean lose fewer digits; any point will do.
            self.point = np.asarray(block[:_ROWS_AT_ONCE], dtype=np.float64).mean(axis=0)
            self.sum = np.zeros(self.width)
            self.products = np.zeros((self.width, self.width))
            self.square = 0.0
            self.multipliers = np.random.default_rng(0x5EED).integers(1, 2**63, (2, self.width), dtype=np.uint64)
        block = _checked(block, self.width)
        for start in range(0, len(block), _ROWS_AT_ONCE):
            rows = block[start : start + _ROWS_AT_ONCE]
            if not np.isfinite(rows).all():
                raise UserError("an L2 vector has a NaN or infinite value: embed the images again")
            moved = rows.astype(np.float64)
            self.square += float(np.einsum("ij,ij->", moved, moved))
            moved -= self.point
            self.sum += moved.sum(axis=0)
            self.products += moved.T @ moved
            self._hash(rows)
        self.count += len(block)

    def _hash(self, rows: np.ndarray) -> None:
        bits = (rows + np.float32(0)).view(np.uint32)  # -0.0 becomes 0.0
        for position, multipliers in enumerate(self.multipliers):
            digest = (bits * multipliers).sum(axis=1, dtype=np.uint64)
            digest = (digest ^ (digest >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
            total = (digest ^ (digest >> np.uint64(32))).sum(dtype=np.uint64)
            self.digest[position : position + 1] += total  # as an array: meant to wrap around

    def moments(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Mean float64 [d], covariance float64 [d, d], mean squared length."""
        shift = self.sum / self.count
        covariance = (self.products - self.count * np.outer(shift, shift)) / max(self.count - 1, 1)
        return self.point + shift, covariance, self.square / self.count

    def version(self) -> str:
        return f"vectors-{self.count}-{self.digest[0]:016x}{self.digest[1]:016x}"


def _checked(vectors: np.ndarray, width: int) -> np.ndarray:
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != width:
        raise ValueError(f"vectors must be [n, {width}], not {list(vectors.shape)}")
    return vectors


def _arrays(lens: ProjectionLens) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in vars(lens).items()}


def whitened_unit(lens: ProjectionLens, projections: np.ndarray) -> np.ndarray:
    """float32 [n, dimensions]: the reading of L3 for labels and separation, whitened and of unit length."""
    return unit_rows(lens.whiten(projections))
