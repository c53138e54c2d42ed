"""The page that lies beside an export: what each file is, which rules made it, what the split could not do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from thermal_assets.exporting.decisions import DECISIONS

_TEXTS = {
    "lists": """## Lists

- `images`: every file once, with `decision`, `rank` (1 = look here first), `reasons`, the open findings that speak of
  it (`finding_ids`, worst `severity`), `split` (kept images only) and `independent_group`.
- `keep`, `review`, `drop`: the same rows, one file a decision; `review` and `drop` are in the order of `rank`.
- `class_weights`, `class_splits`: see below.

{rules}
An image follows its surest reason, the first in this table. {budget}Nothing was deleted or moved.
""",
    "names": """## From image_id to the file

`image_id` is the path below `{root}`. `%25` in it stands for `%`, and `%XX` for a byte that is not UTF-8, so every
name is text and none is lost. In Python:

    import os, urllib.parse
    path = os.path.join(image_root, os.fsdecode(urllib.parse.unquote_to_bytes(image_id)))

The CSV files are for programs: RFC 4180, UTF-8, every text in quotes, quotes doubled, line breaks kept inside quotes,
lists joined with `; `. Names are written as they are. A spreadsheet would run a name that begins with `=`, `+`, `-` or
`@` as a formula: import the file there with every column as text, or read the Parquet file.
""",
    "weights": """## Class weights

For a weighted loss, from the images of `keep` (`basis` = kept) and of its training part (`basis` = train):
`inverse_frequency` = all images / (classes x images of the class); `effective_number` =
(1 - b) / (1 - b^images) with b = {beta}, mean 1 over the classes (Cui et al., CVPR 2019).
Use one of them, or sampling by class, not both.
""",
    "splits": """## Split

Images of one session, of one camera frame, with equal bytes or pixels, or that are near copies (at most {near:g} apart
at L2, or perceptual hashes that differ in at most {bits} of 256 bits) are never divided, nor are images linked by a
chain of these: {groups:,} independent groups, the largest with {largest:,} images ({largest_share:.1%} of those kept).
{sessions}Wanted: {wanted}; seed {seed}, best of {trials} trials.

{shares}
{notes}`class_splits` has the shares of every class, and how far each is from what was wanted.
""",
}

_FORMATS = {
    "coco": "- `coco/<split>.json`: COCO with {boxes}. `file_name` is the path below the image root.\n",
    "label-studio": """- `label-studio/tasks.json`, `label-studio/config.xml`: the images of `review` as tasks. Start Label Studio with
  `LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT='{parent}'`, make a project
  with `config.xml` as its labeling interface, add `{root}` as its local storage (without importing from it), and
  import `tasks.json`. The present label is shown as the prediction.
""",
    "fiftyone": """- `fiftyone/`: every readable image with label, decision, reasons and split:
  `fiftyone.Dataset.from_dir(dataset_dir="fiftyone", data_path="data.json",
  dataset_type=fiftyone.types.FiftyOneImageClassificationDataset)`
""",
    "imagefolder": """- `imagefolder/<split>/<class>/`: links to the kept images, for `torchvision.datasets.ImageFolder`. It numbers the
  classes of each part on its own: where a class is missing in a part, use the `class_to_idx` of the training part.
  Deleting this folder deletes links only.
""",
}  # fmt: skip


def readme(facts: dict[str, Any], rules: Sequence[dict[str, Any]], report: pl.DataFrame) -> str:
    """Markdown from the facts of export.json, the rules with their counts, and the report of the split."""
    counts = facts["counts"]
    title = (
        f"# Export of {facts['image_root']}\n\n{counts['files']:,} files of {counts['classes']:,} classes, diagnosed in "
        f"`{facts['home']}`, published {facts['published_at']}: "
        + ", ".join(f"{counts[name]:,} {name}" for name in DECISIONS)
        + ".\n"
    )
    if facts["random_lens"]:
        title += (
            "\n**The lens of this diagnosis has random weights**: near copies, label conflicts and outliers are for "
            "trying out only.\n"
        )
    budget = facts["drop_budget"]
    cut = (
        f"A budget of {budget:,} was given: the first {budget:,} of the ranking are in `drop`, the others of the ranking "
        "in `review`, whatever the table says. "
        if budget is not None
        else ""
    )
    split = facts["split"]
    texts = [
        title,
        _TEXTS["lists"].format(rules=_rules_table(rules), budget=cut),
        _TEXTS["splits"].format(
            near=split["near_copy_distance"],
            bits=split["near_copy_bits"],
            groups=split["groups"],
            largest=split["largest_group"],
            largest_share=split["largest_group"] / max(counts["keep"], 1),
            sessions=_sessions(split, counts["keep"]),
            wanted=", ".join(f"{name} {share:g}" for name, share in split["wanted"].items()),
            seed=split["seed"],
            trials=split["trials"],
            shares=_shares_table(report),
            notes=_notes(report),
        ),
        _TEXTS["weights"].format(beta=facts["beta"]),
        _TEXTS["names"].format(root=facts["image_root"]),
        _formats(facts),
    ]
    return "\n".join(text for text in texts if text)


def _rules_table(rules: Sequence[dict[str, Any]]) -> str:
    lines = ["| decision | reason | files with it | what was found |", "|---|---|---|---|"]
    lines += [f"| {r['decision']} | {r['reason']} | {r['files']:,} | {r['meaning']} |" for r in rules]
    return "\n".join(lines) + "\n"


def _sessions(split: dict[str, Any], kept: int) -> str:
    without = split["images_without_session"]
    if not without:
        return ""
    whom = "The names carry" if without == kept else f"The names of {without:,} kept images carry"
    frames = "by camera frame and " if split["frames"] else ""
    return (
        f"**{whom} no session**: they are divided {frames}by copies only, "
        "so pictures of one recording may lie on both sides. "
    )


def _shares_table(report: pl.DataFrame) -> str:
    whole = report.group_by("split", maintain_order=True).agg(pl.col("images").sum(), pl.col("wanted_share").first())
    total = max(int(whole["images"].sum() or 0), 1)
    lines = ["| part | images | share | wanted | class furthest off |", "|---|---|---|---|---|"]
    for name, images, wanted in whole.iter_rows():
        worst = report.filter(pl.col("split") == name).sort(pl.col("off_by").abs(), descending=True).row(0, named=True)
        lines.append(
            f"| {name} | {images:,} | {images / total:.1%} | {wanted:.1%} | "
            f"{markdown(worst['class_name'])} ({worst['share']:.1%}, {100 * worst['off_by']:+.1f} points) |"
        )
    return "\n".join(lines) + "\n"


def _notes(report: pl.DataFrame) -> str:
    noted = report.filter(pl.col("note").is_not_null())
    lines = []
    for (name,), rows in noted.group_by(["class_name"], maintain_order=True):
        few = rows["note"].str.contains("cannot be divided honestly").any()
        whole = report.filter(pl.col("class_name") == name)
        held = ", ".join(f"{part} {count:,}" for part, count in whole.select("split", "images").iter_rows())
        why = (
            f"has {whole['class_groups'][0]} independent group(s), fewer than parts: it cannot be divided honestly"
            if few
            else "is missing in a part: its groups are too large or tied to other classes"
        )
        lines.append(f"- {markdown(str(name))} {why}; its images lie in: {held}.\n")
    return "".join(lines) + ("\n" if lines else "")


def _formats(facts: dict[str, Any]) -> str:
    chosen = [name for name in facts["formats"] if name in _FORMATS]
    if not chosen:
        return ""
    root = facts["image_root"]
    boxes = (
        "the boxes of table `annotations`"
        if facts["coco_boxes"]
        else "one box around each whole image (no boxes known)"
    )
    text = "## Formats of other tools\n\n" + "".join(
        _FORMATS[name].format(boxes=boxes, parent=root.rpartition("/")[0] or "/", root=root) for name in chosen
    )
    if facts["left_out_not_text"]:
        text += (
            f"\n{facts['left_out_not_text']:,} files have names that are not UTF-8. JSON cannot hold them, so they are "
            "left out of COCO, Label Studio and FiftyOne; the lists and `imagefolder` have them.\n"
        )
    return text


def markdown(text: str) -> str:
    """``text`` as itself in Markdown: nothing in it is taken for markup, a table cell or a new line."""
    plain = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return "".join(f"\\{char}" if char in r"\`*_{}[]<>()#+!|~" else char for char in plain)
