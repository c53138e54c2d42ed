"""One table for an interactive map: places, pictures, neighbours, and what the diagnosis says of each image.

The columns are those that Embedding Atlas reads (https://apple.github.io/embedding-atlas): x and y, pictures as
{bytes}, neighbours as {ids, distances} with row numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.errors import UserError
from thermal_assets.exporting.decisions import decisions
from thermal_assets.exporting.published import lens_in_force
from thermal_assets.manifest.identity import path_of
from thermal_assets.progress import reporter

LAYOUTS = ("pca", "tsne")
MOST_TSNE = 5_000
SIDE = 96  # pixels of a picture
_BATCH = 512

_PLACES = """
SELECT p.image_key, p.projection[1] AS x, p.projection[2] AS y
FROM l3_projection p WHERE p.lens_id = $lens
ORDER BY hash(p.image_key), p.image_key LIMIT $most
"""
_DENSITIES = """
SELECT image_key,
       max(density) FILTER (WHERE level = 'L2') AS density_l2, max(rank_in_class) FILTER (WHERE level = 'L2') AS rank_l2,
       max(density) FILTER (WHERE level = 'L3') AS density_l3, max(rank_in_class) FILTER (WHERE level = 'L3') AS rank_l3,
       coalesce(max(hubness) FILTER (WHERE level = 'L3'), 0) AS hubness
FROM densities WHERE scope = 'class' GROUP BY image_key
"""
_NEIGHBORS = """
SELECT n.image_key, unnest(n.neighbor_keys) AS neighbor_key, unnest(n.distances) AS distance
FROM dataset_neighbors n JOIN lenses l ON l.lens_id = n.lens_id AND l.in_force
WHERE n.level = 'L3' AND n.metric = 'euclidean'
"""


def atlas_table(
    connection: duckdb.DuckDBPyConnection, image_root: Path, most: int, layout: str = "pca"
) -> pl.DataFrame:
    """One row per image with a place on the map, by image_id; at most ``most``, drawn by a hash of their key.

    layout  'pca': the first two axes of L3, as in the report. 'tsne': scikit-learn's t-SNE of L3, seed 0,
            for at most 5,000 images; near images stay near, distances between clusters mean nothing

    Columns: image_id, class_name, x, y, picture {bytes} (PNG, at most 96 px), decision, look_at (rank, 1 = first),
    reasons, findings, severity, density_l2, density_l3, rank_l2, rank_l3 (in its class, 1 = least dense), hubness (L3), session_id,
    distance_m, width, height (pixels), neighbors {ids, distances} (rows of this table, L3, nearest first).

    Raises:
        UserError: no L3 lens is in force, or too many images for t-SNE.
    """
    lens = lens_in_force(connection, "L3")
    if lens is None:
        raise UserError("there is no map yet: no L3 lens is in force (run thermal-assets diagnose)")
    places = connection.sql(_PLACES, params={"lens": lens[0], "most": most}).pl()
    if layout == "tsne":
        places = _tsne(connection, places, lens[0])
    known = decisions(connection).select(
        "image_id", "class_name", "image_key", "decision", pl.col("rank").alias("look_at"),
        pl.col("reasons").list.join("; "), pl.col("finding_ids").list.join("; ").alias("findings"), "severity",
        "session_id", "distance_m", "width", "height",
    )  # fmt: skip
    table = known.join(places, on="image_key").join(connection.sql(_DENSITIES).pl(), on="image_key", how="left")
    table = table.sort("image_id")
    if table.is_empty():
        raise UserError("there is no map yet: no image has an L3 vector (run thermal-assets diagnose)")
    table = table.join(
        _neighbor_rows(connection.sql(_NEIGHBORS).pl(), table["image_key"]), on="image_key", how="left",
        maintain_order="left",
    )  # fmt: skip
    pictures = _pictures(table["image_id"].to_list(), image_root)
    picture = pl.Series("picture", pictures, dtype=pl.Struct({"bytes": pl.Binary}))
    return table.with_columns(picture).select(
        "image_id", "class_name", "x", "y", "picture", "decision", "look_at", "reasons", "findings", "severity",
        "density_l2", "density_l3", "rank_l2", "rank_l3", "hubness", "session_id", "distance_m", "width", "height", "neighbors",
    )  # fmt: skip


def _tsne(connection: duckdb.DuckDBPyConnection, places: pl.DataFrame, lens_id: str) -> pl.DataFrame:
    if places.height > MOST_TSNE:
        raise UserError(
            f"t-SNE is for at most {MOST_TSNE:,} images, these are {places.height:,}: give --images {MOST_TSNE}"
        )
    from sklearn.manifold import TSNE

    connection.register("placed", places.select("image_key"))
    rows = connection.sql(
        "SELECT p.image_key, p.projection FROM l3_projection p JOIN placed USING (image_key) WHERE p.lens_id = $lens "
        "ORDER BY p.image_key",
        params={"lens": lens_id},
    ).pl()
    connection.unregister("placed")
    vectors: NDArray[np.float32] = rows["projection"].to_numpy().astype(np.float32)
    perplexity = min(30.0, max(1.0, (len(vectors) - 1) / 3))
    tsne = TSNE(init="pca", perplexity=perplexity, random_state=0)
    places_2d = tsne.fit_transform(vectors) if len(vectors) > 3 else vectors[:, :2]
    return rows.select(
        "image_key", pl.Series("x", places_2d[:, 0].astype(float)), pl.Series("y", places_2d[:, 1].astype(float))
    )


def _neighbor_rows(pairs: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """image_key, neighbors {ids, distances}: neighbours as rows of ``keys``; those that are not on the map left out."""
    rows = pl.DataFrame({"neighbor_key": keys, "id": np.arange(len(keys), dtype=np.int64)})
    joined = pairs.join(rows, on="neighbor_key").sort("image_key", "distance", "id")
    grouped = joined.group_by("image_key", maintain_order=True).agg(pl.col("id"), pl.col("distance"))
    return grouped.select("image_key", pl.struct(ids=pl.col("id"), distances=pl.col("distance")).alias("neighbors"))


def _pictures(image_ids: list[str], image_root: Path) -> list[dict[str, bytes] | None]:
    from thermal_assets.imaging.thumbnails import thumbnail_png

    tell: Callable[[int, int], None] = reporter("shrinking pictures")

    def one(image_id: str) -> dict[str, bytes] | None:
        data = thumbnail_png(path_of(image_root, image_id), SIDE)
        return None if data is None else {"bytes": data}

    pictures: list[dict[str, bytes] | None] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(image_ids), _BATCH):
            pictures += pool.map(one, image_ids[start : start + _BATCH])
            tell(len(pictures), len(image_ids))
    return pictures
