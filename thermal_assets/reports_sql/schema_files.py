"""Reading the YAML files of a dbt folder: model descriptions, sources, and tests as SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from thermal_assets.errors import UserError
from thermal_assets.reports_sql.model import ModelColumn, ModelTest, Source
from thermal_assets.warehouse.ddl import literal, quoted

_TO = re.compile(r"(ref|source)\([^{}]*\)")


@dataclass(frozen=True)
class ModelNotes:
    """What a YAML file says about one model."""

    path: Path
    description: str
    columns: tuple[ModelColumn, ...]
    config: dict[str, Any]
    tests: tuple[ModelTest, ...]


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose top is a mapping; an empty file is an empty mapping.

    Raises:
        UserError: not YAML, or something else at the top; names file and line.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{where}: not valid YAML: {getattr(error, 'problem', None) or error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError(f"{path}: expected keys such as models: or sources: at the top")
    return data


def sources_of(path: Path, data: dict[str, Any]) -> Iterator[Source]:
    """The tables under ``sources:``; the schema is the name of the source unless stated, as in dbt."""
    for source in _entries(path, data, "sources"):
        for table in _entries(path, source, "tables"):
            yield Source(source["name"], table["name"], str(source.get("schema", source["name"])))


def notes_of(path: Path, data: dict[str, Any]) -> Iterator[tuple[str, ModelNotes]]:
    """What is said under ``models:``, by model name."""
    for entry in _entries(path, data, "models"):
        model = entry["name"]
        columns, tests = [], []
        for column in _entries(path, entry, "columns"):
            columns.append(ModelColumn(column["name"], str(column.get("description", "")).strip()))
            tests += [_test(path, model, column["name"], stated) for stated in _stated_tests(path, column)]
        for stated in _stated_tests(path, entry):
            raise UserError(
                f"{path}: test {stated!r} of model {model} belongs to no column: write it as a file of tests/"
            )
        description = str(entry.get("description", "")).strip()
        yield model, ModelNotes(path, description, tuple(columns), entry.get("config") or {}, tuple(tests))


def _entries(path: Path, data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = data.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(item, dict) and "name" in item for item in entries):
        raise UserError(f"{path}: {key}: must be a list of entries that each have a name")
    return entries


def _stated_tests(path: Path, entry: dict[str, Any]) -> list[Any]:
    stated = (entry.get("data_tests") or []) + (entry.get("tests") or [])
    if not isinstance(stated, list):
        raise UserError(f"{path}: the tests of {entry['name']} must be a list")
    return stated


def _test(path: Path, model: str, column: str, stated: Any) -> ModelTest:
    """One generic test as the SQL of its failing rows (templates: ref and source may stand in them)."""
    if isinstance(stated, str):
        stated = {stated: {}}
    if not isinstance(stated, dict) or len(stated) != 1:
        raise UserError(f"{path}: a test of {model}.{column} must be a name, or a name with its arguments")
    kind, given = next(iter(stated.items()))
    given = dict(given or {})
    config = dict(given.pop("config", None) or {})
    label = given.pop("name", None)
    given.pop("description", None)
    arguments = {**given.pop("arguments", {}), **given}
    relation, name = f"{{{{ ref({model!r}) }}}}", quoted(column)
    refs = [model]
    try:
        if kind == "not_null":
            sql = f"SELECT * FROM {relation} WHERE {name} IS NULL"
        elif kind == "unique":
            sql = f"SELECT {name} FROM {relation} WHERE {name} IS NOT NULL GROUP BY {name} HAVING count(*) > 1"
        elif kind == "accepted_values":
            quote = bool(arguments.pop("quote", True))
            values = ", ".join(literal(str(value)) if quote else str(value) for value in arguments.pop("values"))
            sql = f"SELECT * FROM {relation} WHERE {name} IS NOT NULL AND {name} NOT IN ({values})"
        elif kind == "relationships":
            to, target = str(arguments.pop("to")), quoted(str(arguments.pop("field")))
            if not _TO.fullmatch(to.strip()):
                raise UserError(
                    f"{path}: to: of the test of {model}.{column} must be ref('...') or source('...', '...')"
                )
            sql = (
                f"SELECT {name} FROM {relation} WHERE {name} IS NOT NULL "
                f"AND {name} NOT IN (SELECT {target} FROM {{{{ {to} }}}} WHERE {target} IS NOT NULL)"
            )
        else:
            raise UserError(
                f"{path}: {model}.{column} has the test {kind!r}; known are not_null, unique, accepted_values, "
                "relationships, and SQL files in tests/"
            )
    except KeyError as error:
        raise UserError(f"{path}: the test {kind} of {model}.{column} needs {error.args[0]}:") from None
    if arguments:
        raise UserError(f"{path}: the test {kind} of {model}.{column} does not know {', '.join(sorted(arguments))}")
    if "where" in config:
        sql = sql.replace(f"FROM {relation} WHERE", f"FROM {relation} WHERE ({config['where']}) AND", 1)
    severity = str(config.get("severity", "error")).lower()
    return ModelTest(label or f"{kind}_{model}_{column}", kind, model, column, sql, severity, tuple(refs))
