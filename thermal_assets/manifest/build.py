"""The file manifest of one class: every file, its hash, and the tokens of its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
import polars as pl

from thermal_assets.manifest.filenames import Tokens, token_reader
from thermal_assets.manifest.identity import image_keys
from thermal_assets.manifest.scanning import SeenFile, is_annotation, list_files, require_image_root
from thermal_assets.profile import Profile
from thermal_assets.warehouse.access import empty_frame

MAX_FILE_BYTES = 512 * 1024 * 1024
_BATCH = 2048
_TOKEN_COLUMNS = [item.name for item in fields(Tokens)]


@dataclass(frozen=True)
class Manifest:
    """``files`` and ``problems`` have the columns of file_manifest and manifest_problems.

    ``version`` is a hash of which files there are and what their bytes and names say; modification
    times do not count. ``hashed`` is how many files had to be read.
    """

    files: pl.DataFrame
    problems: pl.DataFrame
    version: str
    hashed: int


def build_manifest(
    image_root: Path,
    class_name: str,
    profile: Profile,
    previous: pl.DataFrame | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Manifest:
    """List one class folder and hash what is new.

    ``previous`` (columns image_id, size_bytes, mtime_ns, content_hash) are the rows of the last
    manifest: a file of the same size and modification time keeps its hash and is not read.
    A class folder that is gone gives an empty manifest.
    """
    require_image_root(image_root)
    folder = unquote_to_bytes(class_name)
    seen: list[SeenFile] = []
    if (image_root / os.fsdecode(folder)).is_dir():
        images = (item for item in list_files(image_root, folder) if not is_annotation(item.path))
        seen = sorted(images, key=lambda item: item.image_id)
    hashes, problems, hashed = _hashes(seen, previous, progress)
    files = _frame(seen, hashes, class_name, profile)
    rows = [
        {"image_id": item.image_id, "class_name": class_name, "stage": "manifest", "code": code, "message": message}
        for item in seen
        if (problem := problems.get(item.image_id)) is not None
        for code, message in [problem]
    ]
    problem_frame = empty_frame("manifest_problems")
    if rows:
        keys = dict(zip(files["image_id"], files["image_key"], strict=True))
        problem_frame = pl.DataFrame([{**row, "image_key": keys[row["image_id"]]} for row in rows]).select(
            problem_frame.columns
        )
    digest = hashlib.blake2b(profile.manifest_fingerprint.encode(), digest_size=16)
    for image_id, content_hash in zip(files["image_id"], files["content_hash"], strict=True):
        digest.update(f"{image_id}\0{content_hash}\n".encode())
    for row in rows:
        digest.update(f"{row['image_id']}\0{row['code']}\n".encode())
    return Manifest(files, problem_frame, digest.hexdigest(), hashed)


def changes_between(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """What happened between two manifests of a class: rows (image_id, change).

    Both frames have image_id and content_hash; change is 'added', 'edited' or 'removed'.
    """
    joined = (
        before.select("image_id", pl.col("content_hash").alias("old"), pl.lit(True).alias("was"))
        .join(
            after.select("image_id", pl.col("content_hash").alias("new"), pl.lit(True).alias("is")),
            on="image_id",
            how="full",
            coalesce=True,
        )
        .with_columns(
            pl.when(pl.col("was").is_null())
            .then(pl.lit("added"))
            .when(pl.col("is").is_null())
            .then(pl.lit("removed"))
            .when(pl.col("old").ne_missing(pl.col("new")))
            .then(pl.lit("edited"))
            .alias("change")
        )
    )
    return joined.filter(pl.col("change").is_not_null()).select("image_id", "change").sort("image_id")


def _hashes(
    seen: list[SeenFile], previous: pl.DataFrame | None, progress: Callable[[int, int], None] | None
) -> tuple[dict[str, str], dict[str, tuple[str, str]], int]:
    known: dict[str, tuple[int, int, str]] = {}
    if previous is not None and previous.height:
        known = {
            image_id: (size, mtime, content_hash)
            for image_id, size, mtime, content_hash in previous.select(
                "image_id", "size_bytes", "mtime_ns", "content_hash"
            ).iter_rows()
            if content_hash is not None
        }
    hashes: dict[str, str] = {}
    problems: dict[str, tuple[str, str]] = {}
    due: list[SeenFile] = []
    for item in seen:
        if item.problem is not None:
            problems[item.image_id] = item.problem
            continue
        stored = known.get(item.image_id)
        if stored is not None and stored[:2] == (item.size_bytes, item.mtime_ns):
            hashes[item.image_id] = stored[2]
        elif item.size_bytes > MAX_FILE_BYTES:
            problems[item.image_id] = (
                "too_large_file",
                f"{item.size_bytes / 1e6:.0f} MB is more than the limit of {MAX_FILE_BYTES / 1e6:.0f} MB for one image",
            )
        else:
            due.append(item)
    done = 0
    for batch_items, results in _hash_in_threads(due):
        for item, (content_hash, problem) in zip(batch_items, results, strict=True):
            if content_hash is not None:
                hashes[item.image_id] = content_hash
            if problem is not None:
                problems[item.image_id] = problem
        done += len(batch_items)
        if progress:
            progress(done, len(due))
    return hashes, problems, len(due)


def _hash_in_threads(
    due: list[SeenFile],
) -> Iterator[tuple[list[SeenFile], list[tuple[str | None, tuple[str, str] | None]]]]:
    """Batches of files with their hashes. Threads, because reading and blake2b both release the GIL."""
    if not due:
        return
    with ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as pool:
        for start in range(0, len(due), _BATCH):
            batch_items = due[start : start + _BATCH]
            yield batch_items, list(pool.map(_hash_file, batch_items, chunksize=64))


def _hash_file(item: SeenFile) -> tuple[str | None, tuple[str, str] | None]:
    try:
        with open(item.path, "rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest(), None
    except FileNotFoundError:
        return None, ("vanished", "the file disappeared while the folder was being read: run again")
    except OSError as error:
        return None, ("unreadable", f"cannot be read ({error.strerror}): check its access rights")


def _frame(seen: list[SeenFile], hashes: dict[str, str], class_name: str, profile: Profile) -> pl.DataFrame:
    template = empty_frame("file_manifest")
    if not seen:
        return template
    read = token_reader(profile)
    ids = [item.image_id for item in seen]
    names = [image_id.rsplit("/", 1)[-1] for image_id in ids]
    stems = [name.rpartition(".") if "." in name[1:] else (name, "", "") for name in names]
    tokens = [read(stem) for stem, _, _ in stems]
    columns: dict[str, object] = {
        "image_id": ids,
        "class_name": [class_name] * len(ids),
        "image_key": image_keys(ids),
        "file_name": names,
        "extension": [extension.lower() for _, _, extension in stems],
        "size_bytes": np.fromiter((item.size_bytes for item in seen), dtype=np.int64, count=len(ids)),
        "mtime_ns": np.fromiter((item.mtime_ns for item in seen), dtype=np.int64, count=len(ids)),
        "content_hash": [hashes.get(image_id) for image_id in ids],
    }
    for name in _TOKEN_COLUMNS:
        columns[name] = [getattr(token, name) for token in tokens]
    return pl.DataFrame(columns, schema=template.schema)
