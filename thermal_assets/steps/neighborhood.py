"""From vectors to rows of the neighbour and density tables: shared by the class and the data-set scope."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.density.densities import densities
from thermal_assets.density.scales import density_scale
from thermal_assets.neighbors.exact import Neighbors
from thermal_assets.neighbors.grouped import MINIMUM_SESSIONS, Neighborhood, list_widths, neighborhood
from thermal_assets.progress import reporter
from thermal_assets.statistics.groups import codes
from thermal_assets.steps.neighbor_lists import searched_lists
from thermal_assets.steps.versions import fingerprint
from thermal_assets.warehouse.near_copies import DEFAULT_DISTANCE

NEIGHBORS_KEPT = 10
NEIGHBORS_MEASURED = 100
_LISTS_VERSION = "1"
NEAR_COPY_SHARE = DEFAULT_DISTANCE  # of the length of a vector, where it is not 1


@dataclass(frozen=True)
class NeighborhoodRows:
    """Frames of the neighbour, density and scale tables for one level."""

    neighbors: pl.DataFrame
    densities: pl.DataFrame
    scales: pl.DataFrame
    found: Neighborhood


def measure_neighborhood(
    images: pl.DataFrame, vectors: np.ndarray, level: str, lens_id: str, k: int, shown: str, lists: Path
) -> NeighborhoodRows:
    """Neighbours and densities of ``images`` (image_key, class_name, session_id, frame_id) among themselves.

    ``lists`` is the folder of the home in which the lists of this class (or the data set) are kept: where they are
    there, only images that came or went are searched for; the result is the same.
    """
    asked = asked_of(images, vectors, k)
    enough = images["session_id"].drop_nulls().n_unique() >= MINIMUM_SESSIONS
    with searched_lists(
        lists / f"{level}-{lens_id}",
        images,
        fingerprint(_LISTS_VERSION, NEIGHBORS_MEASURED, k, asked["session"] is not None, enough),
        list_widths(NEIGHBORS_MEASURED, k),
    ) as kept:
        found = neighborhood(vectors, files=kept.files, previous=kept.previous, progress=reporter(shown), **asked)
    return neighborhood_rows(images, level, lens_id, found, k)


def means_of(k: int) -> tuple[int, ...]:
    """Numbers of neighbours whose mean distances the tables of densities hold, and that behind the density."""
    return tuple(sorted({1, NEIGHBORS_KEPT, k, NEIGHBORS_MEASURED}))


class Asked(TypedDict):
    """What ``grouped.neighborhood`` and ``grouped_approximate.neighborhood_approximate`` are asked for."""

    session: NDArray[np.int64] | None
    frame: NDArray[np.int64] | None
    k_plain: int
    k_across: int
    near_copy_distance: float
    kept: int
    mean_of: tuple[int, ...]


def asked_of(images: pl.DataFrame, vectors: np.ndarray, k: int) -> Asked:
    """For ``images`` (session_id, frame_id); frames matter only where names carry sessions."""
    has_sessions = bool(images["session_id"].is_not_null().any())
    return {
        "session": codes(images["session_id"]) if has_sessions else None,
        "frame": codes(images["frame_id"]) if has_sessions else None,
        "k_plain": NEIGHBORS_MEASURED,
        "k_across": k,
        "near_copy_distance": near_copy_distance(vectors),
        "kept": max(k, NEIGHBORS_KEPT),
        "mean_of": means_of(k),
    }


def neighborhood_rows(images: pl.DataFrame, level: str, lens_id: str, found: Neighborhood, k: int) -> NeighborhoodRows:
    """Rows of ``images`` (image_key, class_name), in their order, from what was ``found`` for them."""
    keys = images.select("image_key", "class_name").with_columns(
        pl.lit(level).alias("level"), pl.lit(lens_id).alias("lens_id")
    )
    measured = pl.concat([keys, densities(found, k=k)], how="horizontal")
    return NeighborhoodRows(
        neighbor_rows(keys, images["image_key"].to_numpy(), found.plain), measured, density_scales(measured), found
    )


def near_copy_distance(vectors: np.ndarray) -> float:
    """Distance below which two images count as near copies: 5 % of the typical length of a vector.

    That is 0.05 for unit vectors (L2); centred projections (L3) are shorter, and the bound shrinks with them.
    """
    if not len(vectors):
        return NEAR_COPY_SHARE
    sample = vectors[:: max(1, len(vectors) // 2048)]
    return NEAR_COPY_SHARE * float(np.sqrt(np.mean(np.einsum("ij,ij->i", sample, sample, dtype=np.float64))))


def neighbor_rows(keys: pl.DataFrame, image_keys: np.ndarray, found: Neighbors) -> pl.DataFrame:
    """``keys`` with the ten nearest of ``found``, whose indices point into ``image_keys``."""
    indices = found.indices[:, :NEIGHBORS_KEPT]
    distances = found.distances[:, :NEIGHBORS_KEPT].astype(np.float32)
    present = indices >= 0
    counts = present.sum(axis=1)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return keys.with_columns(
        _lists(image_keys[indices[present]].astype(np.int64), offsets).alias("neighbor_keys"),
        _lists(distances[present], offsets).alias("distances"),
        pl.lit(found.method).alias("method"),
        pl.Series("candidates", np.asarray(found.candidates, dtype=np.int64)),
    )


def _lists(values: np.ndarray, offsets: np.ndarray) -> pl.Series:
    import pyarrow as pa

    return pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))))


def density_scales(measured: pl.DataFrame) -> pl.DataFrame:
    """Rows of the scale tables: centre and spread of log density by class, level and lens."""
    rows = []
    for (class_name, level, lens_id), part in measured.group_by("class_name", "level", "lens_id", maintain_order=True):
        scale = density_scale(part["density"].cast(pl.Float64).fill_null(float("nan")).to_numpy())
        rows.append(
            {
                "class_name": class_name,
                "level": level,
                "lens_id": lens_id,
                "image_count": scale.image_count,
                "median_log_density": scale.median_log_density,
                "mad_log_density": scale.mad_log_density,
            }
        )
    schema = {"class_name": pl.String, "level": pl.String, "lens_id": pl.String, "image_count": pl.Int64}
    return pl.DataFrame(
        rows, schema={**schema, "median_log_density": pl.Float64, "mad_log_density": pl.Float64}, orient="row"
    )
