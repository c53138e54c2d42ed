"""One kind of fault in many classes: told of the few classes where it is serious, and once for all the others.

Twenty classes with one bad file each are one thing to do, not twenty; a class that lost a tenth of its
pictures is a thing of its own. The subject of the finding over the classes does not name them, so its id
is the same tomorrow, when other classes are hit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TypeVar

import duckdb

from thermal_assets.findings.finding import MAX_EXAMPLES, counted, counted_names, fetch, named, text_list
from thermal_assets.findings.thresholds import Thresholds

T = TypeVar("T")

DATASET = "dataset"
WORST = 5  # classes that a sentence names


@dataclass(frozen=True)
class ClassCount:
    """``count`` images (or files) of a class have the fault; ``examples`` are some of their ids."""

    class_name: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """What one finding speaks of: one class (``class_name`` set), or all classes not told on their own.

    ``hit`` are its classes with the fault, most images first; ``total`` is the number of images (or
    files) the share is taken of; ``serious`` says that a class in it reaches the bound for a finding of its own.
    """

    class_name: str | None
    hit: tuple[ClassCount, ...]
    total: int
    serious: bool
    apart: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The end of ``finding_id``."""
        if self.class_name is None:
            return DATASET
        return f"{DATASET}/" if self.class_name == DATASET else self.class_name  # no folder name ends in a slash

    @property
    def words(self) -> str:
        return "the data set" if self.class_name is None else f"class {self.class_name}"

    @property
    def unit(self) -> str:
        return "data set" if self.class_name is None else "class"

    @property
    def count(self) -> int:
        return sum(item.count for item in self.hit)

    @property
    def share(self) -> float:
        return self.count / max(self.total, self.count)

    @property
    def examples(self) -> tuple[str, ...]:
        """One of each class in turn, so that a large class does not crowd out the others."""
        return tuple(in_turn([item.examples for item in self.hit])[:MAX_EXAMPLES])

    @property
    def where(self) -> str:
        """', in 8 classes: a (2), b (1) and 6 more'; nothing where ``words`` says it already."""
        if self.class_name is not None:
            return ""
        if len(self.hit) == 1:
            return f", {'all ' if self.count > 1 else ''}in class {self.hit[0].class_name}"
        worst = counted_names([(item.class_name, item.count) for item in self.hit], WORST)
        return f", in {counted(len(self.hit), 'class', 'classes')}: {worst}"

    @property
    def note(self) -> str:
        """A sentence on the classes that have a finding of their own and are not counted here."""
        if not self.apart:
            return ""
        few = len(self.apart) == 1
        return f" {'Class' if few else 'Classes'} {named(self.apart, WORST)} {'is' if few else 'are'} told separately."

    @property
    def condition(self) -> str:
        """The classes of this scope as an SQL condition on ``class_name``."""
        if self.class_name is not None:
            return f"class_name IN ({text_list([self.class_name])})"
        return f"class_name NOT IN ({text_list(self.apart)})" if self.apart else "class_name IS NOT NULL"


def scopes(
    hit: Iterable[ClassCount], sizes: Mapping[str, int], thresholds: Thresholds, serious_share: float
) -> list[Scope]:
    """The classes where the fault is serious, each on its own, and one scope for the other classes that are hit.

    Serious is a share of the class from ``serious_share`` on, and ``class_alone_files`` images. If more
    than half of the classes (and more than a sentence names) are that bad, the fault is one of the data
    set, and one scope holds them all.

    Args:
        sizes: images (or files) of every class of the data set, with the fault or without.
    """
    ordered = sorted(hit, key=lambda item: (-item.count, item.class_name))
    least = thresholds.class_alone_files
    bad = [item for item in ordered if item.count >= max(least, serious_share * sizes.get(item.class_name, 0))]
    general = len(bad) > max(WORST, len(sizes) / 2)
    alone = [] if general else bad
    apart = tuple(item.class_name for item in alone)
    together = tuple(item for item in ordered if item.class_name not in apart)
    found = [Scope(item.class_name, (item,), sizes.get(item.class_name, 0), True) for item in alone]
    if together:
        found.append(Scope(None, together, sum(sizes.values()), general, apart))
    return found


def file_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Files of every class, readable or not."""
    return _sizes(connection, "file_manifest")


def image_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Readable images of every class that has any."""
    return _sizes(connection, "channel_stats")


def _sizes(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    rows = fetch(connection, f"SELECT class_name, count(*) AS n FROM {table} GROUP BY ALL")
    return {row["class_name"]: row["n"] for row in rows}


def in_turn(lists: Sequence[Sequence[T]]) -> list[T]:
    """The first of each list, then the second of each, and so on."""
    return [item for item in chain.from_iterable(zip_longest(*lists)) if item is not None]
