"""Copies: equal files, equal pictures in other files, and pictures that are almost equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.statistics.frames import conform, table_frame
from thermal_assets.statistics.hashing import short_id
from thermal_assets.statistics.near_groups import NO_HASH, Pictures, diameter, star_groups
from thermal_assets.warehouse.near_copies import DEFAULT_LIMITS, NearCopyLimits

INPUTS = ("image_id", "class_name", "session_id", "content_hash", "pixel_hash")


def duplicates(
    images: pl.DataFrame,
    vectors: NDArray[np.float32] | None = None,
    pairs: pl.DataFrame | None = None,
    *,
    limits: NearCopyLimits = DEFAULT_LIMITS,
) -> pl.DataFrame:
    """Rows of table ``duplicates``.

    ``images`` has image_id, class_name, session_id, content_hash and pixel_hash (the last three may be NULL; unreadable
    files belong in it too). ``vectors`` float32[n, d] are the L2 vectors by row of ``images``; only rows named in
    ``pairs`` are read. ``pairs`` are near copies (warehouse/near_copies.py): i, j (rows), in either or both orders, and
    hash_bits; where that is not NULL for any pair of an image, its perceptual_hash in ``images`` counts.
    The three kinds are nested. 'file': equal bytes. 'pixels': equal pictures in at least two different files, all
    images of the picture in it. 'near': at least two different pictures that are near the keeper's, by ``limits``
    (see near_groups.py), all images of each in it. Nothing wider is listed where it would only repeat a narrower
    group. The keeper is the first by image_id in every kind, so deleting all that are not keepers of any group they
    are in leaves exactly one image of each widest group.
    """
    frame = images.select(INPUTS).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    # A picture is known by its pixels; a file that could not be decoded only by its bytes; else the image is alone.
    picture = pl.coalesce("pixel_hash", "content_hash", pl.format("row {}", "row"))
    frame = frame.sort("image_id").with_columns(picture=picture, order=pl.int_range(pl.len()))
    readable = frame.drop_nulls(["content_hash", "pixel_hash"])
    parts = [
        _equal(frame.drop_nulls("content_hash"), "file", "content_hash", pl.len()),
        _equal(readable, "pixels", "pixel_hash", pl.col("content_hash").n_unique()),
    ]
    if vectors is not None and pairs is not None and pairs.height:
        parts.append(_near(frame, _pictures(images, vectors, pairs), pairs, limits))
    grouped = pl.concat([part for part in parts if part.height] or [parts[0]])
    if not grouped.height:
        return table_frame("duplicates", [])
    group = ["kind", "group"]
    result = grouped.with_columns(
        keeper=pl.col("order") == pl.col("order").min().over(group),
        keeper_id=pl.col("image_id").get(pl.col("order").arg_min()).over(group),
        group_size=pl.len().over(group),
        same_class=pl.col("class_name").n_unique().over(group) == 1,
        same_session=pl.when(pl.col("session_id").is_null().any().over(group))
        .then(None)
        .otherwise(pl.col("session_id").n_unique().over(group) == 1),
    )
    keepers = result.select("kind", "keeper_id").unique(maintain_order=True)
    keepers = keepers.with_columns(
        group_id=pl.Series([short_id(kind, keeper) for kind, keeper in keepers.iter_rows()], dtype=pl.String)
    )
    result = result.join(keepers, on=["kind", "keeper_id"], how="left", maintain_order="left")
    return conform("duplicates", result.sort("kind", "keeper_id", "order"))


def _equal(frame: pl.DataFrame, kind: str, hash_column: str, different: pl.Expr) -> pl.DataFrame:
    """Images that share ``hash_column`` where ``different`` counts at least two."""
    return frame.filter(different.over(hash_column) > 1).with_columns(
        kind=pl.lit(kind),
        group=pl.col(hash_column),
        distance=pl.lit(0.0),
        hash_bits=pl.lit(None, dtype=pl.Int64),
        diameter=pl.lit(0.0),
    )


def _pictures(images: pl.DataFrame, vectors: NDArray[np.float32], pairs: pl.DataFrame) -> Pictures:
    """Of the rows of ``images`` that have a vector: the first ``len(vectors)``."""
    telling = pairs.drop_nulls("hash_bits")
    hashed = np.zeros(len(vectors), dtype=bool)
    hashed[pl.concat([telling["i"], telling["j"]]).unique().to_numpy()] = True
    hashes = np.zeros((len(vectors), 4), dtype=np.uint64)
    if hashed.any():
        digits = images["perceptual_hash"].gather(np.flatnonzero(hashed))
        hashes[hashed] = np.frombuffer(bytes.fromhex("".join(digits)), dtype=np.uint64).reshape(-1, 4)
    return Pictures(vectors, hashes, hashed)


def _near(frame: pl.DataFrame, pictures: Pictures, pairs: pl.DataFrame, limits: NearCopyLimits) -> pl.DataFrame:
    """Near groups over pictures: each picture stands for all its images, by the first of them that has a vector."""
    near = pairs.select(pl.col("i").cast(pl.Int64), pl.col("j").cast(pl.Int64))
    rows_with_vector = pl.concat([near["i"], near["j"]]).unique()
    # By an image whose hash counts, where one has it: another of its images may lie in a class in which none does.
    telling = pl.Series(np.flatnonzero(pictures.hashed))
    stands = (
        frame.filter(pl.col("row").is_in(rows_with_vector.implode()))
        .sort(pl.col("row").is_in(telling.implode()), descending=True, maintain_order=True)
        .group_by("picture", maintain_order=True)
        .agg(stand_in=pl.col("row").first())
    )
    of_row = frame.select("row", "picture").join(stands, on="picture", how="inner").select("row", "stand_in")
    linked = (
        near.join(of_row, left_on="i", right_on="row")
        .join(of_row, left_on="j", right_on="row", suffix="_j")
        .filter(pl.col("stand_in") != pl.col("stand_in_j"))
        .select("stand_in", "stand_in_j")
        .unique()
    )
    order = np.empty(frame.height, dtype=np.int64)
    # The order of a picture is that of its first image, whether or not that image is the one with the vector.
    first = frame.join(frame.group_by("picture").agg(first=pl.col("order").min()), on="picture", how="left")
    order[first["row"].to_numpy()] = first["first"].to_numpy()
    found: list[dict[str, Any]] = []
    for group in star_groups(linked.to_numpy().astype(np.int64), pictures, order, limits):
        wide = diameter(pictures.vectors, group.rows)
        found += [
            {
                "stand_in": row,
                "group": str(group.rows[0]),
                "distance": apart,
                "hash_bits": None if differing == NO_HASH else differing,
                "diameter": wide,
            }
            for row, apart, differing in zip(*(values.tolist() for values in group), strict=True)
        ]
    schema: dict[str, Any] = {
        "stand_in": pl.Int64, "group": pl.String, "distance": pl.Float64, "hash_bits": pl.Int64, "diameter": pl.Float64,
    }  # fmt: skip
    members = pl.DataFrame(found, schema=schema).join(stands, on="stand_in", how="left")
    listed = frame.join(members.drop("stand_in"), on="picture", how="inner").with_columns(kind=pl.lit("near"))
    return listed.select(*frame.columns, "kind", "group", "distance", "hash_bits", "diameter")
