"""An export: lists, weights, splits and the formats of other tools, in one folder that is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.exporting import published
from thermal_assets.exporting.coco import write_coco
from thermal_assets.exporting.decisions import DECISIONS, decisions, of_classes, rules
from thermal_assets.exporting.directory import FORMAT, MANIFEST, check_target, replacing_folder
from thermal_assets.exporting.fiftyone import write_fiftyone
from thermal_assets.exporting.groups import independent_groups
from thermal_assets.exporting.image_folder import write_image_folder
from thermal_assets.exporting.label_studio import labeling_config, write_tasks
from thermal_assets.exporting.lists import LIST_FORMATS, write_list
from thermal_assets.exporting.names import with_text_names
from thermal_assets.exporting.readme import readme
from thermal_assets.exporting.splits import split_by_group, split_report
from thermal_assets.exporting.weights import BETA, class_weights
from thermal_assets.home.layout import Home

FORMATS = (*LIST_FORMATS, "coco", "label-studio", "fiftyone", "imagefolder")
_INTERNAL = ("image_key", "content_hash", "pixel_hash")


@dataclass(frozen=True)
class ExportOptions:
    """``classes``: these only, () = all; ``drop_budget``: see ``decisions``; ``shares``: see ``split_by_group``."""

    formats: Sequence[str] = LIST_FORMATS
    classes: Sequence[str] = ()
    shares: Sequence[float] = (0.7, 0.15, 0.15)
    seed: int = 0
    drop_budget: int | None = None
    force: bool = False


@dataclass(frozen=True)
class _Contents:
    images: pl.DataFrame  # every file, with split and independent_group
    kept: pl.DataFrame
    report: pl.DataFrame
    weights: pl.DataFrame
    boxes: pl.DataFrame | None
    facts: dict[str, Any]
    rules: list[dict[str, Any]] = field(default_factory=list)


def export(home: Home, target: Path, options: ExportOptions) -> dict[str, Any]:
    """Write an export of ``home``'s published copy to ``target``; returns what its export.json says.

    Equal copies and options give equal bytes. The user's images are not touched.

    Raises:
        UserError: nothing published, a wrong option, or a target that may not be written (see ``check_target``).
    """
    unknown = sorted(set(options.formats) - set(FORMATS))
    if unknown:
        raise UserError(f"there is no format {', '.join(unknown)}; there are {', '.join(FORMATS)}")
    if not set(options.formats) & set(LIST_FORMATS):
        raise UserError("the lists need a format: give parquet, csv or both in --formats, beside the others")
    path = check_target(target, home.image_root, home.root, options.force)
    contents = _contents(home, options)
    with replacing_folder(path) as folder:
        _write(folder, contents, options, home.image_root)
        files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
        facts = contents.facts | {
            "files": {str(p.relative_to(folder)): {"bytes": p.stat().st_size, "sha256": _sha256(p)} for p in files}
        }
        (folder / MANIFEST).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return facts


def _contents(home: Home, options: ExportOptions) -> _Contents:
    with published.published_copy(home) as connection:
        # Groups are those of all images: two may hang together over one that is not exported.
        images = of_classes(_with_groups(connection, decisions(connection, options.drop_budget)), options.classes)
        reasons = images.select(pl.col("reasons").explode()).drop_nulls().to_series().value_counts()
        found = dict(reasons.iter_rows())
        told = [rule | {"files": int(found.get(rule["reason"], 0))} for rule in rules(connection)]
        boxes = _boxes(connection)
        lens = published.lens_in_force(connection, "L2")
        near = published.near_copy_limits(connection)
        moment = published.published_at(connection)
    kept = images.filter(pl.col("decision") == "keep")
    if kept.is_empty():
        raise UserError("no image is left to keep: nothing to split; look at the review list first")
    names = kept["class_name"].unique().sort()
    groups = np.unique(kept["group"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    codes = kept.select(pl.col("class_name").rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
    split = split_by_group(groups, codes, options.shares, options.seed)
    report = split_report(split, groups, kept["class_name"])
    kept = kept.with_columns(pl.Series("split", np.array(split.names)[split.part], dtype=pl.String))
    images = images.join(kept.select("image_id", "split"), on="image_id", how="left", maintain_order="left")
    sizes = np.bincount(groups)
    facts = {
        "format": FORMAT,
        "version": 1,
        "home": str(home.root),
        "image_root": str(home.image_root),
        "published_at": moment,
        "random_lens": bool(lens and lens[1]),
        "formats": [name for name in FORMATS if name in options.formats],
        "classes": list(options.classes) or "all",
        "drop_budget": options.drop_budget,
        "beta": BETA,
        "coco_boxes": boxes is not None,
        "left_out_not_text": images.height - with_text_names(images).height,
        "counts": {
            "files": images.height,
            "classes": images["class_name"].n_unique(),
            **{name: int((images["decision"] == name).sum()) for name in DECISIONS},
        },
        "split": {
            "wanted": dict(zip(split.names, split.shares, strict=True)),
            "images": {name: int((split.part == number).sum()) for number, name in enumerate(split.names)},
            "seed": options.seed,
            "trials": split.trials,
            **near.parameters(),
            "groups": len(sizes),
            "largest_group": int(sizes.max()),
            "images_without_session": int(kept["session_id"].null_count()),
            "frames": bool(kept["frame_id"].is_not_null().any()),
            "classes_not_divisible": sorted(
                report.filter(pl.col("class_groups") < len(split.names))["class_name"].unique()
            ),
        },
    }
    return _Contents(images, kept, report, _weights(kept, names), boxes, facts, told)


def _with_groups(connection: duckdb.DuckDBPyConnection, images: pl.DataFrame) -> pl.DataFrame:
    """``images`` with group (a number) and independent_group (a hash of the first image_id of the group)."""
    images = images.with_columns(pl.Series("group", independent_groups(connection, images)))
    first = images.group_by("group").agg(pl.col("image_id").min())
    labels = [hashlib.blake2b(text.encode(), digest_size=6).hexdigest() for text in first["image_id"]]
    named = first.select("group", pl.Series("independent_group", labels, dtype=pl.String))
    return images.join(named, on="group", how="left", maintain_order="left")


def _weights(kept: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    parts = []
    for basis, rows in (("kept", kept), ("train", kept.filter(pl.col("split") == "train"))):
        counts = rows.group_by("class_name").agg(pl.len().alias("images"))
        counts = names.to_frame("class_name").join(counts, on="class_name", how="left").fill_null(0)
        parts.append(class_weights(counts).with_columns(pl.lit(basis).alias("basis")))
    return pl.concat(parts).select("basis", "class_name", "images", "share", "inverse_frequency", "effective_number")


def _boxes(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame | None:
    """Boxes of table annotations that lie in the image itself, pixels; None where there are none.

    A box drawn in the frame that a crop was cut from says nothing in the pixels of the crop: its frame has
    another size than the image, and it is left out.
    """
    boxes = connection.sql(
        """SELECT a.image_id, a.category, a.bbox_x AS x, a.bbox_y AS y, a.bbox_width AS width, a.bbox_height AS height
           FROM annotations a JOIN channel_stats s ON s.image_id = a.image_id
           WHERE a.category IS NOT NULL AND a.bbox_width > 0 AND a.bbox_height > 0
             AND a.frame_width = s.width AND a.frame_height = s.height
           ORDER BY a.image_id, a.annotation_index"""
    ).pl()
    return None if boxes.is_empty() else boxes


def _write(folder: Path, contents: _Contents, options: ExportOptions, image_root: Path) -> None:
    images = contents.images.drop(*_INTERNAL, "group")
    write_list(folder, "images", images, options.formats)
    for name in DECISIONS:
        order = "image_id" if name == "keep" else "rank"
        write_list(folder, name, images.filter(pl.col("decision") == name).sort(order), options.formats)
    write_list(folder, "class_weights", contents.weights, options.formats)
    write_list(folder, "class_splits", contents.report, options.formats)
    text = with_text_names(contents.images).filter(pl.col("width").is_not_null())
    classes = sorted(contents.images["class_name"].unique())
    if "coco" in options.formats:
        (folder / "coco").mkdir()
        for part in contents.facts["split"]["wanted"]:
            rows = text.filter(pl.col("split") == part)
            write_coco(folder / "coco" / f"{part}.json", rows, classes, contents.boxes)
    if "label-studio" in options.formats:
        (folder / "label-studio").mkdir()
        asked = text.filter(pl.col("decision") == "review").sort("rank")
        write_tasks(folder / "label-studio" / "tasks.json", asked, image_root)
        (folder / "label-studio" / "config.xml").write_text(labeling_config(classes), encoding="utf-8")
    if "fiftyone" in options.formats:
        write_fiftyone(folder / "fiftyone", text, classes, image_root)
    if "imagefolder" in options.formats:
        write_image_folder(folder / "imagefolder", contents.kept, image_root)
    (folder / "README.md").write_text(readme(contents.facts, contents.rules, contents.report), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
