"""COCO: one file a part of the split, with its boxes where there are any, else one box around each whole image.

Format: https://cocodataset.org/#format-data (object detection).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from thermal_assets.exporting.names import relative_path


def write_coco(path: Path, images: pl.DataFrame, classes: Sequence[str], boxes: pl.DataFrame | None) -> int:
    """Write ``images`` (image_id, class_name, width, height), in their order; returns the number of annotations.

    file_name is the path below the image root. Categories 1..n are ``classes``, or the categories of ``boxes``
    (image_id, category, x, y, width, height in pixels of the image) where given. Streams: a million images need no
    memory of their own.
    """
    categories = list(classes) if boxes is None else boxes["category"].unique().sort().to_list()
    numbers = {name: number for number, name in enumerate(categories, start=1)}
    annotations = _whole_images(images, numbers) if boxes is None else _boxes(images, boxes, numbers)
    count = 0
    with path.open("w", encoding="utf-8") as file:
        info = {"description": "thermal-assets export; file_name is the path below the image root", "version": "1"}
        file.write(f'{{"info": {json.dumps(info)}, "licenses": [],\n"categories": [\n')
        _stream(file, ({"id": number, "name": name, "supercategory": ""} for name, number in numbers.items()))
        file.write('],\n"images": [\n')
        _stream(
            file,
            (
                {
                    "id": number,
                    "file_name": relative_path(row["image_id"]),
                    "width": row["width"],
                    "height": row["height"],
                    "image_id": row["image_id"],
                    "class_name": row["class_name"],
                }
                for number, row in enumerate(images.iter_rows(named=True), start=1)
            ),
        )
        file.write('],\n"annotations": [\n')
        count = _stream(file, annotations)
        file.write("]}\n")
    return count


def _whole_images(images: pl.DataFrame, numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    rows = images.select("class_name", "width", "height").iter_rows()
    for number, (class_name, width, height) in enumerate(rows, start=1):
        yield _annotation(number, number, numbers[class_name], (0, 0, width, height)) | {"whole_image": True}


def _boxes(images: pl.DataFrame, boxes: pl.DataFrame, numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    places = images.select("image_id", pl.int_range(1, pl.len() + 1).alias("number"))
    placed = boxes.join(places, on="image_id").sort("number", maintain_order=True)
    columns = placed.select("number", "category", "x", "y", "width", "height").iter_rows()
    for index, (number, category, *box) in enumerate(columns, start=1):
        yield _annotation(index, number, numbers[category], box)


def _annotation(index: int, image: int, category: int, box: Sequence[float]) -> dict[str, Any]:
    return {
        "id": index,
        "image_id": image,
        "category_id": category,
        "bbox": list(box),
        "area": box[2] * box[3],
        "iscrowd": 0,
        "segmentation": [],
    }


def _stream(file: Any, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):
        file.write((",\n" if count > 1 else "") + json.dumps(row, ensure_ascii=False))
    return count
