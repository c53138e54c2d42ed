"""Every file of sql/ runs as it is, takes parameters, and refuses what it does not know in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from thermal_assets.errors import UserError
from thermal_assets.reports_sql import folders
from thermal_assets.reports_sql.loader import load_project
from thermal_assets.reports_sql.queries import find_query, list_queries, run_query
from thermal_assets.reports_sql.running import build_models
from thermal_assets_tests.findings.fixtures import HOSTILE
from thermal_assets_tests.reports_sql.full_warehouse import full_warehouse

NAMES = [path.stem for path in sorted((folders.ROOT / "sql").glob("*.sql"))]
NORMAL, ANOMALY = HOSTILE[:2]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = full_warehouse(vectors=True)
    build_models(opened, load_project())
    yield opened
    opened.close()


@pytest.mark.parametrize("name", NAMES)
def test_query_runs_with_its_defaults(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    assert run_query(connection, name).height > 0


@pytest.mark.parametrize("name", NAMES)
def test_query_can_be_pasted_into_a_shell(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    query = find_query(name)
    pasted = connection.cursor()
    assert pasted.execute(query.path.read_text(encoding="utf-8")).fetchall()
    assert query.title, f"{name}: the first line says nothing"
    for parameter in query.parameters:
        assert parameter.description, f"{name}: -- param {parameter.name}: says nothing"
    notes = query.path.read_text(encoding="utf-8").count("-- param ")
    assert notes == len(query.parameters)


def test_numbers_are_unique_and_consecutive() -> None:
    assert [int(query.name[:2]) for query in list_queries()] == list(range(1, len(NAMES) + 1))


def test_parameters_replace_defaults_and_take_text(connection: duckdb.DuckDBPyConnection) -> None:
    image_id = f"{NORMAL}/PIP_0007.png"
    frame = run_query(connection, "3", {"image_id": image_id, "scope": "class"})
    assert frame["image_id"].unique().to_list() == [image_id]
    assert frame["rank"].to_list() == list(range(1, 11))
    assert frame["same_class"].all()
    assert run_query(connection, "nearest_by_vector", {"n": "4"}).height == 4


def test_later_defaults_follow_earlier_parameters(connection: duckdb.DuckDBPyConnection) -> None:
    frame = run_query(connection, "compare_two_classes", {"first": HOSTILE[2]})
    assert frame["class_name"].to_list() == [HOSTILE[2], HOSTILE[3]]


def test_variables_do_not_outlive_the_query(connection: duckdb.DuckDBPyConnection) -> None:
    run_query(connection, "21", {"n": 1})
    assert connection.execute("SELECT getvariable('n')").fetchall() == [(None,)]


def test_vector_query_agrees_with_numpy(connection: duckdb.DuckDBPyConnection) -> None:
    import numpy as np

    rows = connection.execute(
        "SELECT image_id, embedding FROM l2_embeddings JOIN file_manifest USING (image_key) ORDER BY image_id"
    ).fetchall()
    vectors = np.array([row[1] for row in rows], dtype=np.float32)
    distances = np.linalg.norm(vectors - vectors[5], axis=1)
    expected = [rows[i][0] for i in np.argsort(distances)[1:6]]
    frame = run_query(connection, "04", {"image_id": rows[5][0], "n": 5})
    assert frame["neighbor_id"].to_list() == expected


def test_review_list_and_training_list_divide_the_readable_images(connection: duckdb.DuckDBPyConnection) -> None:
    review = run_query(connection, "review_list")
    assert review["rank"].to_list() == list(range(1, review.height + 1))
    train = set(run_query(connection, "training_list")["image_id"])
    images = {row[0] for row in connection.execute("SELECT image_id FROM channel_stats").fetchall()}
    assert train == images - set(review["image_id"])
    first = set(run_query(connection, "review_list", {"n": 3})["image_id"])
    assert set(run_query(connection, "training_list", {"leave_out": 3})["image_id"]) == images - first


def test_published_copy_finds_its_vectors(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for file, tables in (("published", "file_manifest outliers lenses"), ("published_vectors", "l2_embeddings")):
        connection.execute(f"ATTACH '{tmp_path / file}.duckdb' AS target")
        for table in tables.split():
            connection.execute(f"CREATE TABLE target.{table} AS FROM memory.{table}")
        connection.execute("DETACH target")
    with duckdb.connect(tmp_path / "published.duckdb", read_only=True) as published:
        for _ in range(2):  # the second call finds the file attached already
            assert run_query(published, "04").height == 10


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("chanel_mix", {}, r"there is no query 'chanel_mix' in sql/; did you mean 09_channel_mix\?"),
        ("99", {}, "there is no query '99' in sql/; there are 01_findings"),
        ("findings", {"severty": "HIGH"}, r"has no parameter 'severty'; did you mean severity\?"),
        ("08", {"n": 1}, "has no parameter 'n'; it has none"),
        (
            "run_log",
            {"n": "many"},
            "parameter n of query 21_run_log must be of type INTEGER, such as 100; 'many'",
        ),
    ],
)
def test_mistakes_are_one_line(
    connection: duckdb.DuckDBPyConnection, name: str, params: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        run_query(connection, name, params)
    assert "\n" not in str(caught.value)


def test_a_database_without_the_tables_is_told() -> None:
    with (
        duckdb.connect() as empty,
        pytest.raises(UserError, match="04_nearest_by_vector does not run on"),
    ):
        run_query(empty, "04")


def test_missing_folder_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(folders, "ROOT", tmp_path)
    with pytest.raises(UserError, match="sql/ is not beside the package"):
        list_queries()


def test_a_file_that_does_more_than_set_and_select_is_refused(tmp_path: Path) -> None:
    (tmp_path / "01_bad.sql").write_text("-- Drops?\nDROP TABLE findings;\nSELECT 1")
    with pytest.raises(UserError, match=r"01_bad\.sql: before the query only SET VARIABLE"):
        list_queries(tmp_path)
