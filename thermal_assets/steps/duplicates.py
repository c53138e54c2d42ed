"""Copies of one picture, in all classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.steps.images import missing_classes, require_lenses_in_force, vectors_of
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS
from thermal_assets.warehouse.near_copies import NearCopyLimits, near_copy_pairs, silent_classes

_VERSION = "3"


def materialize_duplicates(home: Home, run_id: str, limits: NearCopyLimits) -> StepReport:
    """Write duplicates: equal files, equal pictures, near copies."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.statistics.duplicates import duplicates

        with home.warehouse.read() as connection:
            lenses = require_lenses_in_force(connection)
            missing = missing_classes(connection)
            # Only pictures count: two empty files have equal bytes and are copies of nothing.
            images = connection.sql(
                "SELECT m.image_id, m.image_key, m.class_name, m.session_id, m.content_hash, s.pixel_hash, "
                "s.perceptual_hash, e.image_key IS NOT NULL AS seen "
                "FROM file_manifest m "
                "JOIN channel_stats s ON s.image_id = m.image_id "
                "LEFT JOIN l2_embeddings e ON e.image_key = m.image_key AND e.content_hash = m.content_hash "
                "AND e.lens_id = $lens "
                "ORDER BY m.image_id",
                params={"lens": lenses["L2"]},
            ).pl()
            silent = silent_classes(connection, limits.bits)
            pairs = near_copy_pairs(connection, lenses["L2"], limits, silent)
        images, vectors, near = _by_row(home, images, pairs, lenses["L2"])
        rows = duplicates(images, vectors, near, limits=limits)
        groups = rows.group_by("kind").agg(pl.col("group_id").n_unique()).sort("kind")
        facts: dict[str, Any] = {f"{row['kind']}_groups": row["group_id"] for row in groups.to_dicts()}
        facts["classes_whose_hashes_say_nothing"] = silent
        return {"duplicates": Output([Slice("duplicates", rows)], metadata={**facts, "missing_classes": missing})}

    sources = ("file_manifest", "channel_stats", "l2_embeddings", "class_neighbors", "dataset_neighbors")
    upstream = [(asset, ALL_PARTITIONS) for asset in sources]
    plan = AssetPlan("duplicates", _VERSION, limits.parameters())
    return run_step(home, run_id, [plan], compute, upstream=upstream)["duplicates"]


def _by_row(
    home: Home, images: pl.DataFrame, pairs: pl.DataFrame, lens_id: str
) -> tuple[pl.DataFrame, np.ndarray, pl.DataFrame]:
    """``images`` with those of a near pair first, the vectors of these, and the pairs as rows (i, j, hash_bits).

    Only the few images of a pair have their vectors read, whatever the size of the data set.
    """
    # A class between two states has lists that name images which changed since, and have no vector yet.
    whole = images.filter("seen")["image_key"].implode()
    pairs = pairs.filter(pl.col("image_key").is_in(whole), pl.col("neighbor_key").is_in(whole))
    paired = pl.concat([pairs["image_key"], pairs["neighbor_key"]]).unique()
    images = images.with_columns(pl.col("image_key").is_in(paired.implode()).alias("paired"))
    images = images.sort(["paired", "image_id"], descending=[True, False])
    rows = images.select("image_key", pl.int_range(pl.len()).alias("row"))
    near = (
        pairs.join(rows.rename({"row": "i"}), on="image_key")
        .join(rows.rename({"row": "j", "image_key": "neighbor_key"}), on="neighbor_key")
        .select("i", "j", "hash_bits")
        .sort("i", "j")
    )
    vectors = vectors_of(home, lens_id, images.filter("paired")["content_hash"])
    return images, vectors, near
