"""The queries of sql/: finding them, and running one with other parameters.

A query is a file of SET VARIABLE statements (its parameters with their defaults) and one SELECT that
reads them by getvariable(). So a person can paste it into a DuckDB shell as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.reports_sql.folders import checkout_folder
from thermal_assets.warehouse.ddl import literal

_PARAMETER_NOTE = re.compile(r"-- param (\w+): (.*)")
_SET_VARIABLE = re.compile(
    r"\s*(?:--[^\n]*\n\s*)*SET\s+VARIABLE\s+(\w+)\s*=\s*(.*?);?\s*(?:--[^\n]*\s*)*$", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class QueryParameter:
    """``default`` is SQL: a literal, or a SELECT in brackets; ``statement`` is the SET VARIABLE as written."""

    name: str
    description: str
    default: str
    statement: str


@dataclass(frozen=True)
class Query:
    """``name`` is the file name without .sql; ``description`` the header comment without the parameters."""

    name: str
    path: Path
    description: str
    parameters: tuple[QueryParameter, ...]
    select: str

    @property
    def title(self) -> str:
        """The first line of the description: the question it answers."""
        return self.description.partition("\n")[0]


def list_queries(folder: Path | None = None) -> list[Query]:
    """Every query, in the order of their numbers.

    Raises:
        UserError: the folder is not there, or a file of it is not such a query.
    """
    return [_read(path) for path in sorted((folder or checkout_folder("sql")).glob("*.sql"))]


def find_query(name: str, folder: Path | None = None) -> Query:
    """A query by its name, its name without the number, or its number.

    Raises:
        UserError: there is none; names the nearest.
    """
    queries = list_queries(folder)
    wanted = name.removesuffix(".sql")
    for query in queries:
        number, _, words = query.name.partition("_")
        if wanted in (query.name, words) or (wanted.isdigit() and number.isdigit() and int(wanted) == int(number)):
            return query
    names = [query.name for query in queries]
    by_words = {query.name.partition("_")[2]: query.name for query in queries}
    near = get_close_matches(wanted, [*names, *by_words], n=1, cutoff=0.5)
    hint = f"; did you mean {by_words.get(near[0], near[0])}?" if near else f"; there are {', '.join(names)}"
    raise UserError(f"there is no query {name!r} in sql/{hint}")


def run_query(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    params: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> pl.DataFrame:
    """Run a query with ``params`` in place of its defaults; text is converted to the type of the default.

    The variables are taken back afterwards; nothing is written.

    Raises:
        UserError: no such query or parameter, a value of the wrong type, or tables that are not in
            this database.
    """
    query = find_query(name, folder)
    given = dict(params or {})
    known = [parameter.name for parameter in query.parameters]
    for unknown in given.keys() - set(known):
        near = get_close_matches(unknown, known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else f"; it has {', '.join(known) or 'none'}"
        raise UserError(f"query {query.name} has no parameter {unknown!r}{hint}")
    try:
        if "l2_embeddings" in query.select:
            _attach_vectors(connection)
        for parameter in query.parameters:
            connection.execute(parameter.statement).fetchall()
            if parameter.name in given:
                _override(connection, query, parameter, given[parameter.name])
        return connection.sql(query.select).pl()
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        text = str(error).strip().splitlines()[0]
        hint = (
            "; it needs the vectors: warehouse.duckdb, or published_vectors.duckdb" if "l2_embeddings" in text else ""
        )
        raise UserError(f"query {query.name} does not run on this database: {text}{hint}") from error
    finally:
        for parameter in query.parameters:
            connection.execute(f"RESET VARIABLE {parameter.name}").fetchall()


def _attach_vectors(connection: duckdb.DuckDBPyConnection) -> None:
    """Beside a published copy without vectors lies the file that has them; show its table under the usual name."""
    if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'l2_embeddings'").fetchall():
        return
    rows = connection.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()").fetchall()
    vectors = Path(rows[0][0]).parent / "published_vectors.duckdb" if rows and rows[0][0] else None
    if vectors is not None and vectors.is_file():
        connection.execute(f"ATTACH {literal(str(vectors))} AS published_vectors (READ_ONLY)").fetchall()
        connection.execute("CREATE TEMP VIEW l2_embeddings AS FROM published_vectors.l2_embeddings").fetchall()


def _override(connection: duckdb.DuckDBPyConnection, query: Query, parameter: QueryParameter, value: Any) -> None:
    ((type_name,),) = connection.execute(f"SELECT typeof(getvariable('{parameter.name}'))").fetchall()
    type_name = "VARCHAR" if type_name.strip('"') == "NULL" else type_name
    try:
        connection.execute(f"SET VARIABLE {parameter.name} = CAST($value AS {type_name})", {"value": value}).fetchall()
    except duckdb.DataError:
        raise UserError(
            f"parameter {parameter.name} of query {query.name} must be of type {type_name}, such as "
            f"{parameter.default}; {value!r} is not"
        ) from None


def _read(path: Path) -> Query:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    header = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        header.append(line)
    notes = {match[1]: match[2] for line in header if (match := _PARAMETER_NOTE.fullmatch(line))}
    description = "\n".join(line.removeprefix("--").strip() for line in header if not _PARAMETER_NOTE.fullmatch(line))
    try:
        statements = [statement.query for statement in duckdb.extract_statements(text)]
    except duckdb.Error as error:
        raise UserError(f"{path}: {str(error).splitlines()[0]}") from None
    if not statements:
        raise UserError(f"{path} holds no query")
    *settings, select = statements
    parameters = []
    for statement in settings:
        match = _SET_VARIABLE.fullmatch(statement)
        if match is None:
            raise UserError(f"{path}: before the query only SET VARIABLE name = default; may stand")
        parameters.append(QueryParameter(match[1], notes.get(match[1], ""), match[2], statement))
    return Query(path.stem, path, description, tuple(parameters), select.strip())
