"""The annotations of one class: rows, contradictions and files, from what the store holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from thermal_assets.annotations.checks import PROBLEM_SCHEMA, check
from thermal_assets.annotations.files import AnnotationFile
from thermal_assets.annotations.matching import Matches, match_images
from thermal_assets.annotations.reading import ReadFiles
from thermal_assets.annotations.store import AnnotationStore
from thermal_assets.profile import Profile
from thermal_assets.warehouse.access import empty_frame

_FILE_SCHEMA = {
    "source_file": pl.String,
    "content_hash": pl.String,
    "shared": pl.Boolean,
    "size_bytes": pl.Int64,
    "mtime_ns": pl.Int64,
}


@dataclass(frozen=True)
class ClassAnnotations:
    """Rows of the three tables for one class."""

    annotations: pl.DataFrame
    problems: pl.DataFrame
    files: pl.DataFrame


def build_annotations(
    images: pl.DataFrame,
    files: Sequence[AnnotationFile],
    read: ReadFiles,
    store: AnnotationStore,
    profile: Profile,
    class_name: str,
) -> ClassAnnotations:
    """Match what the files say to the images of a class, and check it.

    ``images`` has the columns of file_manifest that name an image and its tokens, and width and height (pixels) of
    channel_stats, NULL where the image cannot be decoded.
    """
    listed = pl.DataFrame(
        [(f.source_file, read.hashes.get(f.source_file), f.shared, f.size_bytes, f.mtime_ns) for f in files],
        schema=_FILE_SCHEMA,
        orient="row",
    )
    hashes = listed["content_hash"].drop_nulls().unique(maintain_order=True).to_list()
    listed = listed.join(store.files(hashes), on="content_hash", how="left", maintain_order="left")
    said = store.rows(hashes)
    entries = listed.select("source_file", "content_hash", "shared", "images").join(
        said.group_by("content_hash", "image_number", maintain_order=True).agg(
            pl.col("image_ref").first(), objects=pl.col("object_number").max()
        ),
        on="content_hash",
        how="inner",
    )
    matches = match_images(images, entries, class_name)
    rows = annotated_rows(images, said, matches, listed)
    content = _problems_of_content(store.problems(hashes), rows, listed)
    checked = check(rows, profile, class_name)
    # A field that is there but empty or unclear is told as such, not as missing too.
    missing = checked.filter(pl.col("code") == "missing_field").join(content, on=["image_id", "field"], how="anti")
    problems = [
        checked.filter(pl.col("code") != "missing_field"),
        missing,
        content,
        _problems_of_files(read, listed),
        _unpaired(images, rows, matches),
    ]
    return ClassAnnotations(
        _annotations(rows, class_name),
        _problem_rows(pl.concat(problems), class_name),
        _file_rows(listed, matches, class_name),
    )


def annotated_rows(images: pl.DataFrame, said: pl.DataFrame, matches: Matches, listed: pl.DataFrame) -> pl.DataFrame:
    """One row per image and object: what the annotation says, what the name says, and the size of the picture."""
    rows = matches.pairs.rename({"object_number": "only"}).join(said, on=["content_hash", "image_number"], how="inner")
    # A crop shows one object of its frame; where the frame lists too few, its crop is left with the frame alone.
    alone = pl.col("only").is_null() | (pl.col("object_number") == pl.col("only"))
    lost = ~alone.any().over("image_id") & (pl.col("object_number") == pl.col("object_number").min().over("image_id"))
    objects = [name for name in said.columns if name in ("category", "supercategory") or name.startswith("bbox_")]
    rows = rows.filter(alone | lost).with_columns(pl.when(~lost).then(pl.col(name)).alias(name) for name in objects)
    rows = rows.with_columns(
        pl.when(pl.col("object_number") == 0)
        .then(0)
        .when(pl.col("only").is_not_null())
        .then(1)
        .otherwise(pl.col("object_number"))
        .cast(pl.Int32)
        .alias("annotation_index")
    )
    formats = listed.select("source_file", "format")
    return (
        rows.join(formats, on="source_file", how="left")
        .join(images, on="image_id", how="inner", maintain_order="left")
        .sort("image_id", "annotation_index")
    )


def _problems_of_content(problems: pl.DataFrame, rows: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """What the parser met: told of the image where there is one, else of the file."""
    places = rows.select(
        "content_hash", "image_number", "object_number", "image_id", "annotation_index", "source_file"
    ).unique(["image_id", "annotation_index"], maintain_order=True)
    of_image = places.unique("image_id", keep="first", maintain_order=True).drop("object_number", "annotation_index")
    about = problems.filter(pl.col("image_number") >= 0)
    objects = about.filter(pl.col("object_number") > 0).join(
        places, on=["content_hash", "image_number", "object_number"], how="inner"
    )
    whole = (
        about.filter(pl.col("object_number") == 0)
        .join(of_image, on=["content_hash", "image_number"], how="inner")
        .with_columns(annotation_index=pl.lit(0, pl.Int32))
    )
    files = (
        problems.filter(pl.col("image_number") < 0)
        .join(listed.select("content_hash", "source_file"), on="content_hash", how="inner")
        .with_columns(image_id=pl.lit(None, pl.String), annotation_index=pl.col("object_number").cast(pl.Int32))
    )
    parts = [part.with_columns(expected=pl.lit(None, pl.String)) for part in (objects, whole, files)]
    return pl.concat([part.select(PROBLEM_SCHEMA.names()) for part in parts])


def _problems_of_files(read: ReadFiles, listed: pl.DataFrame) -> pl.DataFrame:
    known = set(listed["source_file"])
    rows = [
        (None, 0, code, "", message, None, None, name)
        for name, (code, message) in sorted(read.problems.items())
        if name in known
    ]
    return pl.DataFrame(rows, schema=PROBLEM_SCHEMA, orient="row")


def _unpaired(images: pl.DataFrame, rows: pl.DataFrame, matches: Matches) -> pl.DataFrame:
    """Images without annotation where others have one, annotations without image, and second annotations."""
    bare = images.filter(pl.col("width").is_not_null()).join(rows, on="image_id", how="anti")
    if rows.is_empty():
        bare = bare.clear()
    orphans = matches.unmatched.filter(~pl.col("shared"))
    twice = matches.repeated.group_by("image_id", maintain_order=True).agg(pl.col("source_file").first())
    none = pl.lit(None, pl.String)
    frames = [
        bare.select("image_id", code=pl.lit("image_without_annotation"), field=pl.lit(""),
                    message=pl.lit("no annotation speaks of this image, though others of the class have one"),
                    expected=none, found=none, source_file=none),
        orphans.select(image_id=none, code=pl.lit("annotation_without_image"), field=pl.lit("file_name"),
                       message=pl.lit("no image of the class has this name"), expected=none,
                       found=pl.col("image_ref"), source_file=pl.col("source_file")),
        twice.select("image_id", code=pl.lit("annotated_twice"), field=pl.lit("file_name"),
                     message=pl.lit("another file annotates this image too, and says something else"), expected=none,
                     found=pl.col("source_file"), source_file=pl.col("source_file")),
    ]  # fmt: skip
    return pl.concat(
        [frame.with_columns(annotation_index=pl.lit(0, pl.Int32)).select(PROBLEM_SCHEMA.names()) for frame in frames]
    )


def _annotations(rows: pl.DataFrame, class_name: str) -> pl.DataFrame:
    template = empty_frame("annotations")
    return rows.with_columns(class_name=pl.lit(class_name)).select(template.columns).cast(template.schema)


def _problem_rows(problems: pl.DataFrame, class_name: str) -> pl.DataFrame:
    template = empty_frame("annotation_problems")
    return (
        problems.with_columns(
            class_name=pl.lit(class_name), subject=pl.coalesce("image_id", "source_file"), field=pl.col("field").fill_null("")
        )
        .unique(["subject", "code", "field", "annotation_index"], keep="first", maintain_order=True)
        .select(template.columns)
        .cast(template.schema)
    )  # fmt: skip


def _file_rows(listed: pl.DataFrame, matches: Matches, class_name: str) -> pl.DataFrame:
    template = empty_frame("annotation_files")
    matched = matches.pairs.group_by("source_file").agg(matched_images=pl.col("image_number").n_unique().cast(pl.Int64))
    return (
        listed.join(matched, on="source_file", how="left", maintain_order="left")
        .with_columns(
            class_name=pl.lit(class_name),
            format=pl.when(pl.col("format") != "").then(pl.col("format")),
            image_entries=pl.col("images").fill_null(0),
            matched_images=pl.col("matched_images").fill_null(0),
        )
        .select(template.columns)
        .cast(template.schema)
    )
