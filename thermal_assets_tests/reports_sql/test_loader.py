"""The folder of report models loads, builds and passes its tests; mistakes in it are told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from thermal_assets.errors import UserError
from thermal_assets.reports_sql.lineage import column_lineage
from thermal_assets.reports_sql.loader import load_project
from thermal_assets.reports_sql.model import Project
from thermal_assets.reports_sql.running import build_model, build_models, compiled, run_tests
from thermal_assets_tests.findings.fixtures import clean
from thermal_assets_tests.reports_sql.full_warehouse import full_warehouse


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project()


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = full_warehouse()
    yield opened
    opened.close()


def folder(root: Path, files: dict[str, str], settings: str = "name: p\nversion: '1'\n") -> Path:
    for name, text in {"dbt_project.yml": settings, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_every_model_builds_with_the_columns_it_documents(
    project: Project, connection: duckdb.DuckDBPyConnection
) -> None:
    built = build_models(connection, project)
    assert [model.name for model in built] == list(project.models)
    for model in built:
        documented = project.models[model.name].columns
        assert [column.name for column in documented] == [name for name, _ in model.columns], model.name
        assert all(column.description for column in documented)
        assert project.models[model.name].description.startswith("One row per")
        assert model.rows > 0, model.name
    again = build_models(connection, project)
    assert again == built


def test_every_test_passes_and_there_are_some_for_each_model(
    project: Project, connection: duckdb.DuckDBPyConnection
) -> None:
    build_models(connection, project)
    checked = run_tests(connection, project)
    assert [result.test.name for result in checked if not result.passed] == []
    assert {result.test.model for result in checked} >= set(project.models)


def test_models_build_on_a_warehouse_without_findings_or_rows(project: Project) -> None:
    empty = clean().connect()
    build_models(empty, project)
    assert all(result.passed for result in run_tests(empty, project))
    overview = empty.execute("SELECT class_name, open_findings FROM class_overview ORDER BY 1").fetchall()
    assert overview[0] == ("pipe_anomaly", 0)


def test_tests_count_the_rows_that_fail(tmp_path: Path) -> None:
    loaded = load_project(
        folder(
            tmp_path,
            {
                "models/a.sql": "select * from (values (1, 'x'), (1, 'y'), (null, 'z')) t(id, kind)",
                "models/b.sql": "select 2 as id",
                "models/s.yml": """
models:
  - name: a
    columns:
      - name: id
        tests:
          - not_null
          - unique: {config: {severity: warn}}
          - relationships: {to: ref('b'), field: id}
      - name: kind
        data_tests:
          - accepted_values: {arguments: {values: [x]}, config: {where: "kind <> 'z'"}}
""",
                "tests/none.sql": "select * from {{ ref('b') }} where id = 2",
            },
        )
    )
    with duckdb.connect() as connection:
        build_models(connection, loaded)
        results = {result.test.kind: result.failing_rows for result in run_tests(connection, loaded)}
    assert results == {"not_null": 1, "unique": 1, "relationships": 2, "accepted_values": 1, "singular": 1}
    assert [test.severity for test in loaded.tests if test.kind == "unique"] == ["warn"]


def test_order_config_and_schema(tmp_path: Path) -> None:
    settings = "name: p\nvars: {least: 2}\nmodels:\n  p:\n    marts:\n      +materialized: table\n"
    files = {
        "models/marts/a.sql": "select * from {{ ref('z') }} where n >= {{ var('least') }}",
        "models/z.sql": "{{ config(materialized='table') }}\nselect unnest([1, 2, 3]) as n;\n",
        "models/marts/v.sql": "{{ config(materialized='view') }} select 1 as n",
    }
    loaded = load_project(folder(tmp_path, files, settings))
    assert list(loaded.models).index("z") < list(loaded.models).index("a")
    assert {name: model.materialized for name, model in loaded.models.items()} == {
        "a": "table", "z": "table", "v": "view"
    }  # fmt: skip
    assert compiled(loaded, "a", "reports") == 'select * from "reports"."z" where n >= 2'
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA reports; CREATE VIEW reports.z AS SELECT 'old' AS n")
        assert [model.rows for model in build_models(connection, loaded, schema="reports") if model.name == "a"] == [2]


def test_column_lineage_names_what_a_column_is_computed_from(project: Project) -> None:
    lineage = column_lineage(project, "stg_images")
    blank = ("maximum", "minimum", "std_b", "std_g", "std_r")
    assert sorted(lineage["is_blank"]) == [("channel_stats", name) for name in blank]
    assert lineage["session_id"] == [("file_manifest", "session_id")]
    assert column_lineage(project, "class_balance")["image_count"] == [("stg_classes", "image_count")]
    for name, model in project.models.items():
        traced = column_lineage(project, name)
        assert list(traced) == [column.name for column in model.columns]
        assert {table for sources in traced.values() for table, _ in sources} <= set(model.depends_on)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"models/a.sql": "select * from {{ ref('b') }}", "models/b.sql": "select * from {{ ref('a') }}"},
            r"\.sql: models refer to each other in a circle: (a -> b -> a|b -> a -> b)$",
        ),
        (
            {"models/abc.sql": "select 1", "models/b.sql": "select * from {{ ref('abd') }}"},
            r"b\.sql: there is no model abd; did you mean abc\?",
        ),
        (
            {"models/a.sql": "select * from {{ source('warehouse', 'findings') }}"},
            r"a\.sql: source warehouse\.findings is not declared in any sources\.yml",
        ),
        ({"models/s.yml": "models: [\n  - name"}, r"s\.yml, line \d: not valid YAML"),
        (
            {"models/s.yml": "sources: [{name: w, tables: [{name: finding}]}]"},
            r"s\.yml: the warehouse has no table finding; did you mean findings\?",
        ),
        ({"models/s.yml": "models: [{name: gone}]"}, r"s\.yml: describes a model gone that has no \.sql file"),
        ({"models/a.sql": "select {{ refs('b') }}"}, r"a\.sql: 'refs' is undefined"),
        ({"models/a.sql": "select 1\n{% if %}"}, r"a\.sql, line 2: "),
        (
            {"models/a.sql": "{{ config(materialized='incremental') }} select 1"},
            r"a\.sql: materialized='incremental' is not known here; use view or table",
        ),
        ({"models/findings.sql": "select 1"}, r"findings\.sql: the warehouse has a table or view findings of its own"),
        (
            {
                "models/a.sql": "select 1 as n",
                "models/s.yml": "models: [{name: a, columns: [{name: n, tests: [odd]}]}]",
            },
            r"s\.yml: a\.n has the test 'odd'; known are not_null",
        ),
        ({"models/a.sql": "select 1", "models/x/a.sql": "select 1"}, r"a\.sql: there is another model a"),
    ],
)
def test_mistakes_are_one_line_with_the_file(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load_project(folder(tmp_path, files))
    assert "\n" not in str(caught.value)


def test_sql_that_duckdb_refuses_names_the_file(tmp_path: Path) -> None:
    loaded = load_project(folder(tmp_path, {"models/a.sql": "select nothing from nowhere"}))
    with duckdb.connect() as connection, pytest.raises(UserError, match=r"a\.sql: Catalog Error: .*nowhere"):
        build_model(connection, loaded, "a")


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no dbt_project\.yml in"):
        load_project(tmp_path)
