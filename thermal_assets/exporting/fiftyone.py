"""FiftyOne: FiftyOneImageClassificationDataset, with a manifest of paths instead of copies of the images.

Format: https://docs.voxel51.com/user_guide/import_datasets.html#fiftyoneimageclassificationdataset
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from thermal_assets.manifest.identity import path_of


def write_fiftyone(folder: Path, images: pl.DataFrame, classes: Sequence[str], image_root: Path) -> int:
    """Write data.json (paths) and labels.json (classes, and what is known of each image); returns how many images.

    ``images``: image_id, image_key, class_name, decision, reasons, severity, split. A sample is named by its
    image_key, because FiftyOne takes what follows a dot in a name for an extension.
    """
    folder.mkdir(parents=True)
    numbers = {name: number for number, name in enumerate(classes)}
    with (folder / "data.json").open("w", encoding="utf-8") as data:
        data.write("{\n")
        for count, (key, image_id) in enumerate(images.select("image_key", "image_id").iter_rows()):
            data.write((",\n" if count else "") + f'"{key}": {json.dumps(str(path_of(image_root, image_id)))}')
        data.write("\n}\n")
    with (folder / "labels.json").open("w", encoding="utf-8") as labels:
        labels.write(f'{{"classes": {json.dumps(list(classes), ensure_ascii=False)},\n"labels": {{\n')
        for count, row in enumerate(images.iter_rows(named=True)):
            target = {
                "label": numbers[row["class_name"]],
                "attributes": {
                    "image_id": row["image_id"],
                    "decision": row["decision"],
                    "reasons": row["reasons"],
                    "severity": row["severity"],
                    "split": row["split"],
                },
            }
            text = json.dumps(target, ensure_ascii=False)
            labels.write((",\n" if count else "") + f'"{row["image_key"]}": {text}')
        labels.write("\n}}\n")
    return images.height
