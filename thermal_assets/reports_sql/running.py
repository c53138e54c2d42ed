"""Building the models in a database and running their tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from thermal_assets.errors import UserError
from thermal_assets.reports_sql.model import Model, ModelTest, Project
from thermal_assets.reports_sql.rendering import compile_sql
from thermal_assets.warehouse.ddl import quoted


@dataclass(frozen=True)
class BuiltModel:
    """A model that was built: ``columns`` are (name, DuckDB type); ``rows`` counts a view's rows too."""

    name: str
    rows: int
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CheckedTest:
    """A test that was run; it passed if no row failed."""

    test: ModelTest
    failing_rows: int

    @property
    def passed(self) -> bool:
        return self.failing_rows == 0


def compiled(project: Project, name: str, schema: str = "main") -> str:
    """The SELECT of model ``name`` with every ref and source filled in."""
    model = project.models[name]
    return compile_sql(project, model.sql, model.path, schema).rstrip("; \n")


def build_model(connection: duckdb.DuckDBPyConnection, project: Project, name: str, schema: str = "main") -> BuiltModel:
    """Create or replace model ``name``; the models it reads must be there. The caller holds the transaction.

    Raises:
        UserError: DuckDB refuses its SQL; names the file.
    """
    model = project.models[name]
    relation = f"{quoted(schema)}.{quoted(name)}"
    try:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
        _drop_other_kind(connection, model, schema)
        connection.execute(
            f"CREATE OR REPLACE {model.materialized.upper()} {relation} AS\n{compiled(project, name, schema)}"
        )
        described = connection.execute(f"DESCRIBE {relation}").fetchall()
        ((rows,),) = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise UserError(f"{model.path}: {_one_line(error)}") from error
    return BuiltModel(name, rows, tuple((row[0], row[1]) for row in described))


def build_models(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    names: Iterable[str] | None = None,
    schema: str = "main",
) -> list[BuiltModel]:
    """Build ``names`` (default: all), each after the models it reads."""
    wanted = set(project.models if names is None else names)
    return [build_model(connection, project, name, schema) for name in project.models if name in wanted]


def run_test(
    connection: duckdb.DuckDBPyConnection, project: Project, test: ModelTest, schema: str = "main"
) -> CheckedTest:
    """Count the rows that fail ``test``.

    Raises:
        UserError: DuckDB refuses its SQL.
    """
    sql = compile_sql(project, test.sql, project.folder / test.name, schema).rstrip("; \n")
    try:
        ((failing,),) = connection.execute(f"SELECT count(*) FROM (\n{sql}\n)").fetchall()
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise UserError(f"test {test.name} of {project.folder}: {_one_line(error)}") from error
    return CheckedTest(test, failing)


def run_tests(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    names: Iterable[str] | None = None,
    schema: str = "main",
) -> list[CheckedTest]:
    """Run every test whose models are all among ``names`` (default: all)."""
    known = set(project.models if names is None else names)
    return [run_test(connection, project, test, schema) for test in project.tests if known.issuperset(test.refs)]


def _drop_other_kind(connection: duckdb.DuckDBPyConnection, model: Model, schema: str) -> None:
    """CREATE OR REPLACE does not turn a table into a view or back."""
    other = "view" if model.materialized == "table" else "table"
    query = (
        f"SELECT 1 FROM duckdb_{other}s() WHERE database_name = current_database() "
        f"AND schema_name = ? AND {other}_name = ?"
    )
    if connection.execute(query, [schema, model.name]).fetchall():
        connection.execute(f"DROP {other.upper()} {quoted(schema)}.{quoted(model.name)}")


def _one_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
