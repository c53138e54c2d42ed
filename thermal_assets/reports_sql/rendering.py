"""Rendering model templates: ref, source, config and var, as dbt has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from thermal_assets.errors import UserError
from thermal_assets.reports_sql.model import Project
from thermal_assets.warehouse.ddl import quoted

_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
_REQUIRED = object()


@dataclass
class Uses:
    """What a template asked for while it was rendered."""

    refs: list[str] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)


def inspect(template: str, path: Path, variables: dict[str, Any]) -> Uses:
    """Render once to see which models and tables a template reads and how it is configured."""
    uses = Uses()

    def ref(*names: str) -> str:
        _append(uses.refs, names[-1])
        return '"x"'

    def source(source_name: str, table: str) -> str:
        _append(uses.sources, (source_name, table))
        return '"x"'

    def config(**values: Any) -> str:
        uses.config.update(values)
        return ""

    _render(template, path, variables, ref, source, config)
    return uses


def compile_sql(project: Project, template: str, path: Path, schema: str = "main") -> str:
    """The SQL of a template: models in ``schema``, source tables where sources.yml says they are."""

    def ref(*names: str) -> str:
        return f"{quoted(schema)}.{quoted(names[-1])}"

    def source(source_name: str, table: str) -> str:
        found = project.sources[(source_name, table)]
        return f"{quoted(found.schema)}.{quoted(found.name)}"

    return _render(template, path, project.variables, ref, source, lambda **_: "").strip()


def _render(
    template: str,
    path: Path,
    variables: dict[str, Any],
    ref: Callable[..., str],
    source: Callable[..., str],
    config: Callable[..., str],
) -> str:
    def var(name: str, default: Any = _REQUIRED) -> Any:
        value = variables.get(name, default)
        if value is _REQUIRED:
            raise UserError(f"{path}: there is no var {name!r} in dbt_project.yml and it has no default")
        return value

    try:
        return _ENVIRONMENT.from_string(template).render(ref=ref, source=source, config=config, var=var)
    except TemplateSyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: {error.message}") from None
    except TemplateError as error:
        raise UserError(f"{path}: {error}; only ref, source, config and var are known here") from None
    except TypeError as error:
        raise UserError(f"{path}: ref, source, config or var was given wrong arguments: {error}") from None


def _append(items: list[Any], item: Any) -> None:
    if item not in items:
        items.append(item)
