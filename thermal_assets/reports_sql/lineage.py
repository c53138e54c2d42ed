"""Column lineage of the models, read off their SQL by sqlglot."""

from __future__ import annotations

import logging

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify

from thermal_assets.reports_sql.model import Project
from thermal_assets.reports_sql.running import compiled
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.views import VIEWS

Lineage = dict[str, list[tuple[str, str]]]


def column_lineage(project: Project, name: str) -> Lineage:
    """Columns of model ``name``, each with the (table or model, column) it is computed from.

    One step deep: a column of another model is not followed further, since that model has a lineage
    of its own. A column computed from none, such as a constant, has an empty list. A model that
    sqlglot cannot read has an empty dictionary: lineage is a help, not a promise.
    """
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    columns: dict[str, list[str]] = {}
    wanted: Lineage = {}
    for model in _up_to(project, name):
        schema: dict[str, object] = {
            "main": {**_contract_columns(), **{n: dict.fromkeys(c, "VARCHAR") for n, c in columns.items()}}
        }
        try:
            query = qualify(
                parse_one(compiled(project, model), dialect="duckdb"),
                dialect="duckdb",
                schema=schema,
                validate_qualify_columns=False,
            )
            assert isinstance(query, exp.Query)
            columns[model] = query.named_selects
            if model == name:
                nodes = lineage(None, query, schema, dialect="duckdb", validate_qualify_columns=False)
                wanted = {
                    column: sorted(
                        {
                            (leaf.expression.name, leaf.name.rpartition(".")[2].strip('"'))
                            for leaf in node.walk()
                            if not leaf.downstream and isinstance(leaf.expression, exp.Table)
                        }
                    )
                    for column, node in nodes.items()
                }
        except (SqlglotError, AssertionError, ValueError):
            if model == name:
                return {}
            columns[model] = [column.name for column in project.models[model].columns]
    return wanted


def _contract_columns() -> dict[str, dict[str, str]]:
    tables = {table.name: {column.name: column.type for column in table.columns} for table in TABLES.values()}
    return tables | {view.name: {column.name: "VARCHAR" for column in view.columns} for view in VIEWS.values()}


def _up_to(project: Project, name: str) -> list[str]:
    """``name`` and the models it reads, directly or not, in building order."""
    needed, pending = {name}, [name]
    while pending:
        for other in project.models[pending.pop()].refs:
            if other not in needed:
                needed.add(other)
                pending.append(other)
    return [model for model in project.models if model in needed]
