"""A split that somebody delivered, audited against what is known of every image."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from thermal_assets.errors import UserError
from thermal_assets.exporting import published
from thermal_assets.exporting.delivered import Delivered, match_contents, match_names, read_delivered
from thermal_assets.exporting.groups import near_pairs
from thermal_assets.exporting.inflation import inflation
from thermal_assets.exporting.leakage import leakage
from thermal_assets.home.layout import Home

MOST_TEST_IMAGES = 10_000  # the scores of more are drawn by hash, and said to be
MOST_TRAIN_IMAGES = 100_000

_IMAGES = """
SELECT f.image_id, f.class_name, f.image_key, f.file_name, f.session_id, f.frame_id, f.content_hash, s.pixel_hash,
       s.image_id IS NOT NULL AS readable
FROM file_manifest f LEFT JOIN channel_stats s ON s.image_id = f.image_id
ORDER BY f.image_id
"""


@dataclass(frozen=True)
class Audit:
    """What an audit found; ``checks`` as ``leakage`` returns it, ``balance`` one row per class and part."""

    source: str
    kind: str
    train: str
    parts: dict[str, int]
    matched: dict[str, int]
    checks: pl.DataFrame
    balance: pl.DataFrame
    scores: dict[str, Any] | None
    scores_note: str
    leaked_images: int
    judged_images: int
    unknown: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    in_no_part: int = 0
    not_in_file: int = 0
    notes: tuple[str, ...] = ()

    @property
    def leaked_share(self) -> float:
        """Share of the images outside the training part that share something with it, 0..1."""
        return self.leaked_images / max(self.judged_images, 1)


def audit_split(
    home: Home, path: Path, file_column: str | None = None, split_column: str | None = None, train: str | None = None
) -> Audit:
    """Audit the split in ``path`` (see ``read_delivered``) against ``home``'s published copy.

    Raises:
        UserError: nothing published, a split that cannot be read, has one part only, or names no known image.
    """
    delivered = read_delivered(path, file_column, split_column)
    with published.published_copy(home, vectors=True) as connection:
        everything = connection.sql(_IMAGES).pl()
        listed, matched, unknown, ambiguous = _resolve(delivered, everything, home.image_root)
        in_no_part = int(listed["part"].null_count())
        listed = listed.drop_nulls("part").unique(maintain_order=True)
        train = _training_part(path, listed, train)
        # An image listed twice counts where it does the harm: in the training part.
        ordered = listed.sort(pl.col("part") != train, "part", "image_id", maintain_order=True)
        images = ordered.unique("image_id", keep="first", maintain_order=True).join(everything, on="image_id")
        images = images.sort("image_id")
        unreadable = images.filter(~pl.col("readable"))["image_id"].to_list()
        pairs = near_pairs(connection, images)
        checks, touched = leakage(images, pairs, listed, train)
        judged = listed.filter(pl.col("part") != train)["image_id"].unique()
        readable = everything.filter("readable")["image_id"]
        scores, note = _scores(connection, images.filter("readable"), train)
    leaked = images.filter(pl.Series(touched))["image_id"].is_in(judged.implode()).sum()
    notes = []
    for link, what in (("session", "session"), ("frame", "camera frame")):
        if not checks.filter(pl.col("kind") == link)["measurable"].any():
            notes.append(f"The names carry no {what}: leakage by {what} cannot be seen here.")
    return Audit(
        source=str(path),
        kind=delivered.kind,
        train=train,
        parts=dict(listed.group_by("part").len().sort("part").iter_rows()),
        matched=matched,
        checks=checks,
        balance=_balance(listed.join(everything.select("image_id", "class_name"), on="image_id")),
        scores=scores,
        scores_note=note,
        leaked_images=int(leaked),
        judged_images=len(judged),
        unknown=unknown,
        ambiguous=ambiguous,
        unreadable=unreadable,
        in_no_part=in_no_part,
        not_in_file=int((~readable.is_in(listed["image_id"].implode())).sum()),
        notes=tuple(notes),
    )


def _resolve(
    delivered: Delivered, everything: pl.DataFrame, image_root: Path
) -> tuple[pl.DataFrame, dict[str, int], list[str], list[str]]:
    """(image_id, part) of the names that mean an image; how they were matched; unknown names; ambiguous names."""
    names = delivered.rows["name"].unique(maintain_order=True).to_list()
    found, matched, ambiguous = match_names(names, everything["image_id"], everything["file_name"], image_root)
    left = [name for name in names if name not in found]
    if left and delivered.folder:
        hashes = dict(everything.drop_nulls("content_hash").select("content_hash", "image_id").reverse().iter_rows())
        by_content = match_contents(delivered.folder, left, hashes)
        found |= by_content
        matched |= {"equal bytes": len(by_content)} if by_content else {}
    ambiguous = [name for name in ambiguous if name not in found]
    doubtful = set(ambiguous)
    unknown = [name for name in names if name not in found and name not in doubtful]
    image_id = pl.col("name").replace_strict(found, default=None, return_dtype=pl.String).alias("image_id")
    return delivered.rows.select(image_id, "part").drop_nulls("image_id"), matched, unknown, ambiguous


def _training_part(path: Path, listed: pl.DataFrame, asked: str | None) -> str:
    parts = dict(listed.group_by("part").len().sort("len", "part", descending=[True, False]).iter_rows())
    if not parts:
        raise UserError(f"{path} names no image of this home: is it the split of another data set?")
    if asked is not None and asked not in parts:
        raise UserError(f"there is no part {asked!r} to train on; there are {', '.join(sorted(parts))}")
    if len(parts) == 1:
        raise UserError(f"{path} has one part only ({next(iter(parts))}): there is nothing to compare")
    return asked or ("train" if "train" in parts else next(iter(parts)))


def _balance(listed: pl.DataFrame) -> pl.DataFrame:
    """One row per class and part: images, share of the part, share of the class, off_by (points against all parts)."""
    counts = listed.group_by("class_name", "part").len("images")
    grid = listed.select("class_name").unique().join(listed.select("part").unique(), how="cross")
    table = grid.join(counts, on=["class_name", "part"], how="left").with_columns(pl.col("images").fill_null(0))
    whole = pl.col("images").sum().over("class_name") / pl.col("images").sum()
    of_part = pl.col("images") / pl.col("images").sum().over("part")
    return table.with_columns(
        of_part.alias("share_of_part"),
        (pl.col("images") / pl.col("images").sum().over("class_name")).alias("share_of_class"),
        (of_part - whole).alias("off_by"),
    ).sort("class_name", "part")


def _scores(
    connection: duckdb.DuckDBPyConnection, images: pl.DataFrame, train: str
) -> tuple[dict[str, Any] | None, str]:
    lens = published.lens_in_force(connection, "L2")
    if lens is None:
        return None, "no lens is in force yet"
    training = _drawn(images.filter(pl.col("part") == train), MOST_TRAIN_IMAGES)
    others = _drawn(images.filter(pl.col("part") != train), MOST_TEST_IMAGES)
    both = pl.concat([others, training])
    stand_in, group = _groups(both)
    vectors, there = _vectors(connection, both["image_key"], lens[0])
    codes = both.select(pl.col("class_name").rank("dense").cast(pl.Int64)).to_series().to_numpy()
    is_test = np.arange(both.height) < others.height
    test, reference = is_test & there, ~is_test & there
    if not test.any() or not reference.any():
        return None, "the vectors of these images are not published"
    scores = inflation(
        vectors[test], vectors[reference], codes[test], codes[reference], group[test], group[reference],
        published.near_copy_limits(connection).distance,
    )  # fmt: skip
    if stand_in != "session":
        bounds = dict.fromkeys(("ratio_low", "ratio_high", "difference_low", "difference_high"))
        scores |= bounds | {"interval_note": "No interval: the names carry no session, and images are not independent"}
    sampled = others.height + training.height < images.height
    drawn = f"{len(vectors[test]):,} of the test images, {int(reference.sum()):,} of the training images"
    note = f"own {stand_in} left out; " + (f"drawn by hash: {drawn}" if sampled else "every image")
    return scores | {"method": "sample" if sampled else "exact"}, note + ("; random lens" if lens[1] else "")


def _groups(images: pl.DataFrame) -> tuple[str, NDArray[np.int64]]:
    """What stands for a session, and its code for each image (-1 = none): frames, then equal pixels, where there is none."""
    ways = {"session_id": "session", "frame_id": "camera frame", "pixel_hash": "copies"}
    column = next(name for name in ways if name == "pixel_hash" or images[name].is_not_null().any())
    ranks = images[column].rank("dense").cast(pl.Int64) - 1
    return ways[column], ranks.fill_null(-1).to_numpy()


def _drawn(images: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most ``most`` rows, by a hash of image_key, so that the same images are drawn every time."""
    if images.height <= most:
        return images
    keys = images["image_key"].to_numpy().view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return images[np.sort(np.argsort(keys, kind="stable")[:most])]


def _vectors(
    connection: duckdb.DuckDBPyConnection, keys: pl.Series, lens_id: str
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """float32 [n, d] L2 vectors of ``keys`` and bool [n]: there was one."""
    connection.register("wanted", pl.DataFrame({"image_key": keys, "row": np.arange(len(keys))}))
    table = connection.sql(
        'SELECT w."row", e.embedding FROM wanted w JOIN l2_embeddings e ON e.image_key = w.image_key AND e.lens_id = ?',
        params=[lens_id],
    ).to_arrow_table()
    connection.unregister("wanted")
    rows = table["row"].to_numpy()
    there = np.zeros(len(keys), dtype=bool)
    there[rows] = True
    if not len(rows):
        return np.zeros((len(keys), 1), dtype=np.float32), there
    values = table["embedding"].combine_chunks()
    flat = np.asarray(values.flatten(), dtype=np.float32).reshape(len(rows), -1)
    vectors = np.zeros((len(keys), flat.shape[1]), dtype=np.float32)
    vectors[rows] = flat
    return vectors, there
