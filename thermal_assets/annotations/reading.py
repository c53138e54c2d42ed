"""From files to stored rows: only what changed is read, only content never seen is parsed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from thermal_assets.annotations.files import AnnotationFile
from thermal_assets.annotations.parsing import parse_annotations
from thermal_assets.annotations.store import AnnotationStore

MAX_FILE_BYTES = 512 * 1024 * 1024
_BATCH, _BATCH_BYTES = 4096, 64 * 1024 * 1024  # files, and their bytes, that are stored together
_LARGE = 1 << 20  # bytes from which on files are read one at a time, so that memory stays bounded
_THREADS = 4

Known = Mapping[str, tuple[int, int, str]]  # source_file -> size, modification time, content hash
Problem = tuple[str, str]


@dataclass
class ReadFiles:
    """``hashes`` by source_file; ``problems`` of files that gave none; how many were read and how many parsed."""

    hashes: dict[str, str] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    read: int = 0
    parsed: int = 0


def read_files(
    files: Sequence[AnnotationFile],
    known: Known,
    store: AnnotationStore,
    progress: Callable[[int, int], None] | None = None,
) -> ReadFiles:
    """Hash what changed since ``known`` and parse into ``store`` what it does not hold."""
    result = ReadFiles()
    due: list[AnnotationFile] = []
    for file in files:
        before = known.get(file.source_file)
        if file.problem is not None:
            result.problems[file.source_file] = file.problem
        elif before is not None and before[:2] == (file.size_bytes, file.mtime_ns):
            result.hashes[file.source_file] = before[2]
        elif file.size_bytes > MAX_FILE_BYTES:
            told = f"{file.size_bytes / 1e6:.0f} MB is more than the limit of {MAX_FILE_BYTES / 1e6:.0f} MB: split it"
            result.problems[file.source_file] = ("too_large_file", told)
        else:
            due.append(file)
    # The store may have been deleted, or be of an older parser: then unchanged files are parsed again.
    lost = store.missing(list(result.hashes.values()))
    due += [file for file in files if result.hashes.get(file.source_file) in lost]
    for batch in _batches(due):
        pending: dict[str, bytes] = {}
        for file, (data, content_hash, problem) in zip(batch, _read(batch), strict=True):
            if problem is not None:
                result.problems[file.source_file] = problem
                result.hashes.pop(file.source_file, None)
            else:
                result.hashes[file.source_file] = content_hash
                pending[content_hash] = data
        missing = store.missing(list(pending))
        store.write_chunk([(name, parse_annotations(data)) for name, data in pending.items() if name in missing])
        result.parsed += len(missing)
        result.read += len(batch)
        if progress:
            progress(result.read, len(due))
    return result


def _batches(due: Sequence[AnnotationFile]) -> Iterator[list[AnnotationFile]]:
    batch: list[AnnotationFile] = []
    size = 0
    for file in due:
        if file.size_bytes >= _LARGE:
            continue
        if len(batch) == _BATCH or size + file.size_bytes > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size_bytes
    if batch:
        yield batch
    yield from ([file] for file in due if file.size_bytes >= _LARGE)


def _read(batch: Sequence[AnnotationFile]) -> list[tuple[bytes, str, Problem | None]]:
    """Threads, because many small files wait for the disk far longer than they are parsed."""
    if len(batch) == 1:
        return [_read_one(batch[0])]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(_read_one, batch, chunksize=64))


def _read_one(file: AnnotationFile) -> tuple[bytes, str, Problem | None]:
    try:
        data = Path(os.fsdecode(file.path)).read_bytes()
    except FileNotFoundError:
        return b"", "", ("vanished", "the file disappeared while the folder was being read: run again")
    except OSError as error:
        return b"", "", ("unreadable", f"cannot be read ({os.strerror(error.errno or 0)}): check its access rights")
    return data, hashlib.blake2b(data, digest_size=16).hexdigest(), None
