"""Label Studio: the images that a person must decide, as tasks with their present label as the prediction.

Formats: https://labelstud.io/guide/tasks (tasks), https://labelstud.io/guide/predictions, and local files at
https://labelstud.io/guide/storage#Local-storage.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import polars as pl

from thermal_assets.exporting.names import url_path

DECISIONS = ("keep", "drop")


def write_tasks(path: Path, images: pl.DataFrame, image_root: Path) -> int:
    """Write ``images`` (image_id, class_name, rank, reasons, severity) as tasks, in their order; returns how many.

    Pictures are served by Label Studio from the parent of ``image_root`` (LOCAL_FILES_DOCUMENT_ROOT).
    """
    below = str(image_root.name).encode("utf-8", "surrogateescape")
    with path.open("w", encoding="utf-8") as file:
        file.write("[\n")
        for number, row in enumerate(images.iter_rows(named=True)):
            task = {
                "data": {
                    "image": f"/data/local-files/?d={url_path(row['image_id'], below)}",
                    "image_id": row["image_id"],
                    "class_name": row["class_name"],
                    "rank": row["rank"],
                    "reasons": "; ".join(row["reasons"]),
                    "severity": row["severity"] or "",
                },
                "predictions": [
                    {
                        "model_version": "label in the data set",
                        "result": [
                            {
                                "id": "label",
                                "from_name": "label",
                                "to_name": "image",
                                "type": "choices",
                                "value": {"choices": [row["class_name"]]},
                            }
                        ],
                    }
                ],
            }
            file.write((",\n" if number else "") + json.dumps(task, ensure_ascii=False))
        file.write("\n]\n")
    return images.height


def labeling_config(classes: Sequence[str]) -> str:
    """The labeling interface: the picture, why it is here, its class, and whether to keep it."""
    labels = "\n".join(f"    <Choice value={quoteattr(name)}/>" for name in classes)
    decisions = "\n".join(f"    <Choice value={quoteattr(name)}/>" for name in DECISIONS)
    return (
        "<View>\n"
        '  <Text name="reasons" value="$reasons"/>\n'
        '  <Image name="image" value="$image" zoom="true"/>\n'
        f'  <Choices name="label" toName="image" choice="single" required="true">\n{labels}\n  </Choices>\n'
        f'  <Choices name="decision" toName="image" choice="single">\n{decisions}\n  </Choices>\n'
        "</View>\n"
    )
