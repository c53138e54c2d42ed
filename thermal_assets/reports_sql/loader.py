"""Loading a folder of SQL models in dbt's conventions.

Covered: dbt_project.yml (model-paths, test-paths, vars, materialization by folder), models with ref,
source, config and var, YAML files with descriptions, sources and generic tests, singular tests.
Not covered: macros, packages, snapshots, seeds, incremental and ephemeral models; these are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from thermal_assets.errors import UserError
from thermal_assets.reports_sql.folders import checkout_folder
from thermal_assets.reports_sql.model import Model, ModelTest, Project, Source
from thermal_assets.reports_sql.rendering import inspect
from thermal_assets.reports_sql.schema_files import ModelNotes, notes_of, read_yaml, sources_of
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.views import VIEWS

MATERIALIZATIONS = ("view", "table")


def load_project(folder: Path | None = None) -> Project:
    """Read the folder (default: dbt_like_reports/ beside the package) and check that it hangs together.

    Raises:
        UserError: a file that cannot be read, an unknown ref or source, a cycle, a test nobody knows;
            one line that names the file.
    """
    folder = folder or checkout_folder("dbt_like_reports")
    settings_path = folder / "dbt_project.yml"
    if not settings_path.is_file():
        raise UserError(f"there is no dbt_project.yml in {folder}")
    settings = read_yaml(settings_path)
    variables = settings.get("vars") or {}
    notes, sources = _yaml_files(_files(folder, settings.get("model-paths", ["models"]), ("*.yml", "*.yaml")))
    models: dict[str, Model] = {}
    for path in _files(folder, settings.get("model-paths", ["models"]), ("*.sql",)):
        model = _model(path, folder, settings, variables, notes.get(path.stem), sources)
        if model.name in models:
            raise UserError(f"{path}: there is another model {model.name} in {models[model.name].path}")
        models[model.name] = model
    for name, note in notes.items():
        if name not in models:
            raise UserError(f"{note.path}: describes a model {name} that has no .sql file{_near(name, models)}")
    _check_refs(models)
    ordered = {name: models[name] for name in _order(models)}
    tests = []
    for path in _files(folder, settings.get("test-paths", ["tests"]), ("*.sql",)):
        tests.append(_singular(path, variables, models, sources))
    for model in models.values():
        for test in model.tests:
            _check_test(notes[model.name].path, test, variables, models, sources)
    return Project(folder, ordered, sources, tuple(tests), variables)


def _files(folder: Path, roots: Iterable[str], patterns: Iterable[str]) -> list[Path]:
    return sorted(path for root in roots for pattern in patterns for path in (folder / root).rglob(pattern))


def _yaml_files(paths: Iterable[Path]) -> tuple[dict[str, ModelNotes], dict[tuple[str, str], Source]]:
    notes: dict[str, ModelNotes] = {}
    sources: dict[tuple[str, str], Source] = {}
    for path in paths:
        data = read_yaml(path)
        for name, note in notes_of(path, data):
            if name in notes:
                raise UserError(f"{path}: model {name} is described in {notes[name].path} already")
            notes[name] = note
        for source in sources_of(path, data):
            if source.name not in TABLES and source.name not in VIEWS:
                near = _near(source.name, [*TABLES, *VIEWS])
                raise UserError(f"{path}: the warehouse has no table {source.name}{near}")
            sources[(source.source_name, source.name)] = source
    return notes, sources


def _model(
    path: Path,
    folder: Path,
    settings: dict[str, Any],
    variables: dict[str, Any],
    note: ModelNotes | None,
    sources: dict[tuple[str, str], Source],
) -> Model:
    sql = _read(path)
    name = path.stem
    if name in TABLES or name in VIEWS:
        raise UserError(f"{path}: the warehouse has a table or view {name} of its own: give the model another name")
    uses = inspect(sql, path, variables)
    config = {**_folder_config(path, folder, settings), **(note.config if note else {}), **uses.config}
    materialized = str(config.get("materialized", "view"))
    if materialized not in MATERIALIZATIONS:
        raise UserError(f"{path}: materialized={materialized!r} is not known here; use view or table")
    _check_sources(path, uses.sources, sources)
    return Model(
        name=name,
        path=path,
        description=note.description if note else "",
        columns=note.columns if note else (),
        sql=sql,
        refs=tuple(uses.refs),
        sources=tuple(table for _, table in uses.sources),
        materialized=materialized,
        tests=note.tests if note else (),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None


def _folder_config(path: Path, folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """``+key`` settings of dbt_project.yml, from the project down to the folder of the model."""
    level = (settings.get("models") or {}).get(settings.get("name")) or {}
    config: dict[str, Any] = {}
    for part in ("", *path.relative_to(folder).parts[1:-1]):
        level = level.get(part) or {} if part else level
        config |= {key[1:]: value for key, value in level.items() if key.startswith("+")}
    return config


def _singular(
    path: Path, variables: dict[str, Any], models: dict[str, Model], sources: dict[tuple[str, str], Source]
) -> ModelTest:
    sql = _read(path)
    uses = inspect(sql, path, variables)
    model = uses.refs[0] if len(uses.refs) == 1 else None
    severity = str(uses.config.get("severity", "error")).lower()
    test = ModelTest(path.stem, "singular", model, None, sql, severity, tuple(uses.refs))
    _check_test(path, test, variables, models, sources)
    return test


def _check_test(
    path: Path,
    test: ModelTest,
    variables: dict[str, Any],
    models: dict[str, Model],
    sources: dict[tuple[str, str], Source],
) -> None:
    uses = inspect(test.sql, path, variables)
    for name in uses.refs:
        if name not in models:
            raise UserError(f"{path}: test {test.name}: there is no model {name}{_near(name, models)}")
    _check_sources(path, uses.sources, sources)


def _check_refs(models: dict[str, Model]) -> None:
    for model in models.values():
        for name in model.refs:
            if name not in models:
                raise UserError(f"{model.path}: there is no model {name}{_near(name, models)}")


def _check_sources(path: Path, used: Iterable[tuple[str, str]], sources: dict[tuple[str, str], Source]) -> None:
    for source_name, table in used:
        if (source_name, table) not in sources:
            near = _near(table, [name for _, name in sources])
            raise UserError(f"{path}: source {source_name}.{table} is not declared in any sources.yml{near}")


def _order(models: dict[str, Model]) -> list[str]:
    try:
        return list(TopologicalSorter({name: model.refs for name, model in models.items()}).static_order())
    except CycleError as error:
        names = error.args[1]
        raise UserError(
            f"{models[names[0]].path}: models refer to each other in a circle: {' -> '.join(names)}"
        ) from None


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
