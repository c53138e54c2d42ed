"""What a warehouse table is: columns with types and comments, a key, and the asset that owns it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of a table or view.

    ``type`` is a DuckDB type for tables and empty for views, where DuckDB derives it.
    """

    name: str
    type: str
    comment: str
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """A physical table: the only place from which its DDL, documentation and Dagster schema derive.

    ``key`` columns are unique together; uniqueness is checked before a write instead of by an
    index, because an ART index over a million keys costs memory and makes delete-then-insert of
    one key inside one transaction fail.
    ``compare`` names the columns that decide whether a stored row is still the wanted one; empty
    means all of them. Bulky tables compare by content hash and lens instead of by vector.
    ``restated`` columns do not decide it: they change on every row with every new image, and are updated in place.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    owner: str
    compare: tuple[str, ...] = ()
    append_only: bool = False
    restated: tuple[str, ...] = ()
    vectors: bool = False

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


@dataclass(frozen=True)
class View:
    """A view; ``sql`` is the SELECT behind it, ``reads`` the tables that decide its rows."""

    name: str
    description: str
    columns: tuple[Column, ...]
    sql: str
    reads: tuple[str, ...]


def column(name: str, type: str, comment: str) -> Column:
    """A column that may be NULL."""
    return Column(name, type, comment)


def required(name: str, type: str, comment: str) -> Column:
    """A column that is never NULL."""
    return Column(name, type, comment, nullable=False)
