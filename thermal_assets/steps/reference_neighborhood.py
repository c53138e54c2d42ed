"""Neighbours in a declared reference sample, for data sets too large to compare every image with every other at L2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.neighbors.grouped import MINIMUM_SESSIONS, list_widths
from thermal_assets.neighbors.salted_hash import salted_hash
from thermal_assets.neighbors.sample_search import METHOD, neighborhood_in_sample
from thermal_assets.neighbors.sample_update import PreviousSample
from thermal_assets.progress import reporter
from thermal_assets.steps.images import StoredVectors
from thermal_assets.steps.neighbor_lists import searched_lists
from thermal_assets.steps.neighborhood import NEIGHBORS_MEASURED, NeighborhoodRows, asked_of, neighborhood_rows
from thermal_assets.steps.versions import fingerprint

_LISTS_VERSION = "1"


def measure_against_reference(
    home: Home, images: pl.DataFrame, size: int, level: str, lens_id: str, k: int, shown: str, lists: Path
) -> NeighborhoodRows:
    """Like ``measure_neighborhood``, but searched among ``size`` of the images only, drawn by a salted hash.

    Exact inside the sample. A new image displaces at most one other from it, so that of nearly the same images only
    what differs is computed.
    """
    sample = _sample(images["image_key"], size)
    stored = StoredVectors(home, lens_id, images["content_hash"])
    drawn = stored.of(sample)
    asked = asked_of(images, drawn, k)
    enough = images["session_id"].drop_nulls().n_unique() >= MINIMUM_SESSIONS
    with searched_lists(
        lists / f"{level}-{lens_id}",
        images,
        fingerprint(METHOD, _LISTS_VERSION, size, NEIGHBORS_MEASURED, k, asked["session"] is not None, enough),
        list_widths(NEIGHBORS_MEASURED, k),
    ) as kept:
        previous = None
        if kept.previous is not None and kept.images_before is not None:
            before = _sample(kept.images_before["image_key"], size)
            previous = PreviousSample(kept.previous.files, kept.previous.old_of, before)
        found = neighborhood_in_sample(
            stored.of,
            images.height,
            sample,
            files=kept.files,
            previous=previous,
            progress=reporter(shown),
            **asked,
        )
    return neighborhood_rows(images, level, lens_id, found, k)


def _sample(image_keys: pl.Series, size: int) -> np.ndarray:
    """int64 [size], rising: rows of the images with the smallest hashes."""
    return np.sort(np.argsort(salted_hash(image_keys.to_numpy(), salt=0), kind="stable")[:size])
