"""A split that somebody made, as rows of (name, part): a table, a folder of parts, or COCO files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.manifest.identity import escape, path_of

FILE_COLUMNS = (
    "image_id",
    "file",
    "file_name",
    "filename",
    "filepath",
    "file_path",
    "path",
    "image",
    "image_path",
    "img",
)
SPLIT_COLUMNS = ("split", "subset", "part", "partition", "set", "fold")
_PARTS = {
    "train": "train", "training": "train", "trn": "train", "val": "validation", "valid": "validation",
    "validation": "validation", "dev": "validation", "test": "test", "testing": "test", "tst": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Delivered:
    """``rows``: name (as delivered), part (null = in none). ``folder``: where the names lie, if they are files there;
    they are spelled like an image_id then, because file names are bytes.
    """

    rows: pl.DataFrame
    kind: str
    folder: Path | None = None


def read_delivered(path: Path, file_column: str | None = None, split_column: str | None = None) -> Delivered:
    """Read a CSV, TSV or Parquet table, a folder with one subfolder a part, or a folder of COCO files.

    Parts called train, val, test and the like get one spelling. The columns are found by their usual names.

    Raises:
        UserError: it is none of these, or the columns cannot be told.
    """
    if path.is_dir():
        coco = sorted(path.glob("*.json"))
        parts = {file: name for file in coco if (name := _part_of(file.stem))}
        if len(set(parts.values())) > 1:
            return Delivered(_coco_rows(parts), "COCO files")
        folders = {entry: name for entry in sorted(path.iterdir()) if entry.is_dir() and (name := _part_of(entry.name))}
        if len(set(folders.values())) > 1:
            return Delivered(_folder_rows(path, folders), "folder", path)
        raise UserError(
            f"{path} has neither subfolders nor JSON files named after two parts (train, validation or val, test)"
        )
    if not path.is_file():
        raise UserError(f"{path} is not there")
    frame = _table(path)
    name = _column(path, frame.columns, file_column, FILE_COLUMNS, "file", "--file-column")
    part = _column(path, frame.columns, split_column, SPLIT_COLUMNS, "split", "--split-column")
    rows = frame.select(pl.col(name).cast(pl.String).alias("name"), pl.col(part).cast(pl.String).alias("part"))
    if rows["name"].null_count() or (rows["name"] == "").any():
        raise UserError(f"{path}: column {name} has rows without a file name")
    spelled = {raw: _part_of(raw) or raw for raw in rows["part"].unique() if raw}
    part_of = pl.col("part").replace_strict(spelled, default=None, return_dtype=pl.String)
    return Delivered(rows.with_columns(part_of), "table")


def match_names(
    names: Iterable[str], image_ids: pl.Series, file_names: pl.Series, image_root: Path
) -> tuple[dict[str, str], dict[str, int], list[str]]:
    """Which image each name means: (name -> image_id, how many by each way, names that mean several images).

    Ways, the first that leads to an image counts: 'image_id'; 'path' (absolute, or relative to the image root, also
    with backslashes); 'end of the path' (class folder and what follows); 'file name' if only one image has it.
    Names that mean no image are in none of the three.
    """
    known = set(image_ids)
    by_file: dict[str, str | None] = {}
    for image_id, file_name in zip(image_ids, file_names, strict=True):
        by_file[file_name] = None if file_name in by_file else image_id
    root = os.fspath(image_root).rstrip("/") + "/"
    found: dict[str, str] = {}
    ways: dict[str, int] = {}
    ambiguous: list[str] = []
    for name in names:
        image_id, way = _one(name, known, root)
        if image_id is None:
            last = name.replace("\\", "/").rpartition("/")[2]
            last = last if last in by_file else escape(os.fsencode(last))
            if last in by_file:
                image_id, way = by_file[last], "file name"
                if image_id is None:
                    ambiguous.append(name)
        if image_id is not None:
            found[name] = image_id
            ways[way] = ways.get(way, 0) + 1
    return found, ways, ambiguous


def _one(name: str, known: set[str], root: str) -> tuple[str | None, str]:
    if name in known:
        return name, "image_id"
    for spelling in dict.fromkeys((name, name.replace("\\", "/"))):
        inside = spelling.removeprefix(root) if spelling.startswith(root) else os.path.normpath(spelling)
        for candidate in dict.fromkeys((escape(os.fsencode(inside)), inside)):  # as the file is called; as image_id
            if candidate in known:
                return candidate, "path"
            end = candidate
            while "/" in end:
                end = end.partition("/")[2]
                if "/" in end and end in known:
                    return end, "end of the path"
    return None, ""


def match_contents(folder: Path, names: Iterable[str], hashes: Mapping[str, str]) -> dict[str, str]:
    """name -> image_id by equal bytes, of files in ``folder``; ``hashes``: content_hash of file_manifest -> image_id."""
    found: dict[str, str] = {}
    for name in names:
        try:
            with path_of(folder, name).open("rb") as file:
                content_hash = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        except OSError:
            continue
        if content_hash in hashes:
            found[name] = hashes[content_hash]
    return found


def _part_of(text: str) -> str | None:
    """The usual name of a part in ``text`` ('instances_val2017' -> 'validation'), None if there is none."""
    words = "".join(char if char.isalpha() else " " for char in text.lower()).split()
    named = {_PARTS[word] for word in words if word in _PARTS}
    return named.pop() if len(named) == 1 else None


def _table(path: Path) -> pl.DataFrame:
    try:
        match path.suffix.lower():
            case ".parquet":
                return pl.read_parquet(path)
            case ".csv":
                return pl.read_csv(path, infer_schema=False)
            case ".tsv" | ".txt":
                return pl.read_csv(path, infer_schema=False, separator="\t")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}") from error
    raise UserError(f"{path}: give a .csv, .tsv or .parquet table, a folder of parts, or a folder of COCO files")


def _column(path: Path, columns: list[str], asked: str | None, usual: tuple[str, ...], what: str, option: str) -> str:
    if asked is not None:
        if asked in columns:
            return asked
        raise UserError(f"{path} has no column {asked!r}; it has {', '.join(columns)}")
    by_lower = {column.strip().lower(): column for column in reversed(columns)}
    for candidate in usual:
        if candidate in by_lower:
            return by_lower[candidate]
    raise UserError(f"{path}: which column is the {what}? Give {option}; it has {', '.join(columns)}")


def _coco_rows(parts: dict[Path, str]) -> pl.DataFrame:
    names, splits = [], []
    for file, part in parts.items():
        try:
            images = [str(image["file_name"]) for image in json.loads(file.read_text(encoding="utf-8"))["images"]]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{file} is no COCO file: it has no images with a file_name") from error
        names += images
        splits += [part] * len(images)
    return pl.DataFrame({"name": names, "part": splits}, schema={"name": pl.String, "part": pl.String})


def _folder_rows(path: Path, folders: dict[Path, str]) -> pl.DataFrame:
    names, splits = [], []
    for folder, part in folders.items():
        for parent, directories, files in os.walk(folder, followlinks=False):
            directories.sort()
            for file in sorted(files):
                if not file.startswith("."):
                    names.append(escape(os.fsencode(os.path.relpath(Path(parent) / file, path))))
                    splits.append(part)
    return pl.DataFrame({"name": names, "part": splits}, schema={"name": pl.String, "part": pl.String})
