"""What an image pass has to do, and what it can leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thermal_assets.embedding.pass_types import ImageFile, PassSummary

if TYPE_CHECKING:  # a process that only measures images needs neither polars nor the stores
    from thermal_assets.embedding.stats_store import StatsStore
    from thermal_assets.embedding.vector_store import VectorStore


@dataclass(frozen=True, slots=True)
class Task:
    """One content, the files that have it, and what is due for it."""

    content_hash: str
    files: tuple[ImageFile, ...]
    measure: bool
    embed: bool


def plan(
    files: Sequence[ImageFile], stats: StatsStore | None, vectors: VectorStore | None, summary: PassSummary
) -> list[Task]:
    """One task for each different content for which something is due, in the order of the files."""
    by_content: dict[str, list[ImageFile]] = {}
    for file in files:
        by_content.setdefault(file.content_hash, []).append(file)
    hashes = list(by_content)
    measure = stats.missing(hashes) if stats is not None else set()
    embed = vectors.missing(hashes) if vectors is not None else set()
    if stats is not None:
        embed -= stats.unreadable(list(embed))
    due = measure | embed
    summary.contents, summary.cached = len(hashes), len(hashes) - len(due)
    return [Task(key, tuple(by_content[key]), key in measure, key in embed) for key in hashes if key in due]
