"""What a folder of SQL models consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ModelColumn:
    """A column as schema.yml describes it."""

    name: str
    description: str


@dataclass(frozen=True)
class ModelTest:
    """A test of a model; it fails with the rows that its SQL returns.

    ``kind`` is not_null, unique, accepted_values, relationships, or 'singular' for a file of tests/.
    ``model`` is None for a singular test that refers to no model or several; ``sql`` is a template.
    ``severity`` is 'error' or 'warn', for whoever turns failures into a verdict.
    """

    name: str
    kind: str
    model: str | None
    column: str | None
    sql: str
    severity: str = "error"
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """One SELECT that becomes a view or a table.

    ``sql`` is the template as written; ``refs`` are models and ``sources`` contract tables or views
    that it reads, each once, in order of appearance.
    """

    name: str
    path: Path
    description: str
    columns: tuple[ModelColumn, ...]
    sql: str
    refs: tuple[str, ...]
    sources: tuple[str, ...]
    materialized: str
    tests: tuple[ModelTest, ...] = ()

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Everything it reads: models first, then contract tables and views."""
        return self.refs + self.sources


@dataclass(frozen=True)
class Source:
    """A table of the warehouse that models may read."""

    source_name: str
    name: str
    schema: str


@dataclass(frozen=True)
class Project:
    """A loaded folder. ``models`` are in an order in which each comes after those it reads."""

    folder: Path
    models: dict[str, Model]
    sources: dict[tuple[str, str], Source]
    singular_tests: tuple[ModelTest, ...] = ()
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def tests(self) -> list[ModelTest]:
        """Every test, those of the models first."""
        return [test for model in self.models.values() for test in model.tests] + list(self.singular_tests)
