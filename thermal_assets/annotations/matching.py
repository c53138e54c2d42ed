"""Which image an annotation belongs to.

A file for one image belongs to the image of the same path below the class folder ('a/b.json' to 'a/b.png'),
else to the image that it names, else to the only image of that name in the class. A file for one frame belongs
to every crop of the frame ('..._003078.json' to '..._003078_bbox2.png'): crop n shows object n, counted from 0.
A file for many images names them.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

# Cuts the box token off a stem: a_003078_bbox2 -> a_003078
_BOX_TOKEN = r"[_-][A-Za-z]*\d+$"


@dataclass(frozen=True)
class Matches:
    """``pairs``: image_id, source_file, image_number, object_number (the only object of the image that counts,
    NULL: all), one row per image; ``repeated``: image_id and source_file of further files on the same image;
    ``unmatched``: source_file, image_number and image_ref that belong to no image of the class.
    """

    pairs: pl.DataFrame
    repeated: pl.DataFrame
    unmatched: pl.DataFrame


def match_images(images: pl.DataFrame, entries: pl.DataFrame, class_name: str) -> Matches:
    """Pair ``entries`` of annotation files with ``images`` of one class.

    Args:
        images: image_id, file_name, bbox_index; one row per file of the class.
        entries: source_file, content_hash, shared (bool), images (in the file), image_number, image_ref, objects;
            one row per image that a file speaks of.
    """
    prefix = class_name + "/"
    known = images.select(
        "image_id",
        "bbox_index",
        name=pl.col("file_name"),
        below=pl.col("image_id").str.strip_prefix(prefix),
        tail=_last_two(pl.col("image_id")),
        depth=pl.col("image_id").str.count_matches("/", literal=True),
    ).with_columns(stem=_stem(pl.col("below")), name_stem=_stem(pl.col("name")))
    known = known.with_columns(
        frame=pl.when(pl.col("bbox_index").is_not_null()).then(pl.col("name_stem").str.replace(_BOX_TOKEN, ""))
    )
    place = pl.col("source_file").str.replace(r"^(images|annotations)/", "").str.strip_prefix(prefix)
    ref = pl.col("image_ref").str.replace_all("\\", "/", literal=True).str.replace(r"^(\./|/)+", "")
    told = (
        entries.with_columns(own=~pl.col("shared") & (pl.col("images") == 1), place=_stem(place), ref=ref)
        .with_columns(ref_name=_name(pl.col("ref")), place_name=_name(pl.col("place")), tail=_last_two(pl.col("ref")))
        .with_columns(ref_stem=_stem(pl.col("ref_name")))
        .with_row_index("entry")
    )
    own = pl.col("own")
    bare = ~pl.col("shared") | ~pl.col("ref").str.contains("/", literal=True)
    of_class = pl.concat_str(pl.lit("/"), pl.col("ref")).str.contains(f"/{prefix}", literal=True)
    once = known.filter(pl.col("name_stem").is_unique())
    single_name = known.filter(pl.col("name").is_unique())
    ways = [
        (told.filter(own), "place", known, "stem"),
        (told.filter(own), "place", known, "below"),
        (told, "ref", known, "image_id"),
        (told.filter(~pl.col("shared")), "ref", known, "below"),
        (told.filter(of_class), "tail", known, "tail"),
        (told.filter(~of_class & pl.col("ref").str.contains("/", literal=True)), "tail", known.filter(pl.col("depth") == 1), "tail"),
        (told.filter(bare), "ref_name", single_name, "name"),
        (told.filter(own), "place_name", once, "name_stem"),
    ]  # fmt: skip
    found: list[pl.DataFrame] = []
    taken = pl.DataFrame(schema={"entry": pl.UInt32})
    for way, (left, key, right, other) in enumerate(ways):
        pairs = (
            left.join(taken, on="entry", how="anti")
            .filter(pl.col(key).is_not_null() & (pl.col(key) != ""))
            .join(right.select("image_id", pl.col(other).alias(key)), on=key, how="inner")
            .select("entry", "image_id", way=pl.lit(way), object_number=pl.lit(None, pl.Int64))
        )
        found.append(pairs)
        taken = pl.concat([taken, pairs.select("entry")]).unique()
    frames = told.join(taken, on="entry", how="anti")
    for way, key in ((len(ways), "place_name"), (len(ways) + 1, "ref_stem")):
        pairs = (
            frames.filter(pl.col("own") if key == "place_name" else pl.lit(True))
            .join(taken, on="entry", how="anti")
            .join(known.select("image_id", "bbox_index", pl.col("frame").alias(key)), on=key, how="inner")
            .select("entry", "image_id", way=pl.lit(way), object_number=pl.col("bbox_index") + 1)
        )
        found.append(pairs)
        taken = pl.concat([taken, pairs.select("entry")]).unique()
    together = (
        pl.concat(found)
        .join(told.select("entry", "source_file", "content_hash", "image_number", "image_ref"), on="entry")
        .sort("image_id", "way", "source_file", "image_number")
    )
    pairs = together.unique("image_id", keep="first", maintain_order=True)
    # A copy of the same file in another place says nothing new.
    repeated = together.join(pairs.select("image_id", "entry"), on=["image_id", "entry"], how="anti").join(
        pairs.select("image_id", "content_hash", "image_number"),
        on=["image_id", "content_hash", "image_number"],
        how="anti",
    )
    unmatched = told.join(taken, on="entry", how="anti")
    return Matches(
        pairs.select("image_id", "source_file", "content_hash", "image_number", "object_number"),
        repeated.select("image_id", "source_file").unique(maintain_order=True),
        unmatched.select("source_file", "shared", "image_number", "image_ref"),
    )


def _name(path: pl.Expr) -> pl.Expr:
    return path.str.split("/").list.last()


def _last_two(path: pl.Expr) -> pl.Expr:
    return path.str.split("/").list.tail(2).list.join("/")


def _stem(path: pl.Expr) -> pl.Expr:
    """Without the extension; a name that is only an extension stays."""
    return path.str.replace(r"([^/])\.[^./]*$", "$1")
