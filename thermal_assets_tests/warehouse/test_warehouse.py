"""The warehouse: only differences are written, a failure leaves it as it was, a holder is named."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from thermal_assets.errors import UserError, WarehouseLocked
from thermal_assets.warehouse.access import Warehouse
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.views import VIEWS


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "warehouse.duckdb", timeout=1.0)
    made.create()
    return made


def _bins(counts: list[int], class_name: str = "a") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "class_name": [class_name] * len(counts),
            "channel": ["r"] * len(counts),
            "bin": range(len(counts)),
            "count": counts,
        }
    )


def test_every_table_view_and_column_explains_itself(warehouse: Warehouse) -> None:
    uncommented = warehouse.frame(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
    )
    assert uncommented.is_empty()
    described = [*TABLES.values(), *VIEWS.values()]
    assert all(item.description.startswith("One row per") for item in described)


def test_a_slice_is_replaced_by_its_differences_only(warehouse: Warehouse) -> None:
    with warehouse.write() as transaction:
        transaction.replace("pixel_histogram", _bins([1, 2, 3]), {"class_name": "a"})
        transaction.replace("pixel_histogram", _bins([7], "b"), {"class_name": "b"})
    with warehouse.write() as transaction:
        written = transaction.replace("pixel_histogram", _bins([1, 5, 3, 4]), {"class_name": "a"})
    assert (written.inserted, written.deleted, written.rows) == (2, 1, 4)
    kept = warehouse.frame("SELECT class_name, bin, count::INT AS n FROM pixel_histogram ORDER BY ALL").rows()
    assert kept == [("a", 0, 1), ("a", 1, 5), ("a", 2, 3), ("a", 3, 4), ("b", 0, 7)]


def test_how_many_were_searched_is_told_without_rewriting_a_row(warehouse: Warehouse) -> None:
    def rows(distances: list[float]) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "image_key": range(len(distances)),
                "class_name": ["a"] * len(distances),
                "level": ["L2"] * len(distances),
                "lens_id": ["l"] * len(distances),
                "neighbor_keys": [[7]] * len(distances),
                "distances": [[value] for value in distances],
                "method": ["exact"] * len(distances),
                "candidates": [len(distances) - 1] * len(distances),
            }
        )

    where = {"class_name": "a", "level": "L2", "lens_id": "l"}
    with warehouse.write() as transaction:
        transaction.replace("class_neighbors", rows([0.5, 0.25, 1.0]), where)
    with warehouse.write() as transaction:
        written = transaction.replace("class_neighbors", rows([0.5, 0.125, 1.0, 2.0]), where)
    assert (written.inserted, written.deleted, written.rows) == (2, 1, 4)
    found = warehouse.frame("FROM class_neighbors ORDER BY image_key")
    assert found["candidates"].to_list() == [3, 3, 3, 3]
    assert found["distances"].to_list() == [[0.5], [0.125], [1.0], [2.0]]


def test_vectors_already_stored_are_not_asked_for_again(warehouse: Warehouse) -> None:
    def rows(numbers: list[int], version: str = "h") -> pl.DataFrame:
        return pl.DataFrame(
            {
                "image_key": numbers,
                "class_name": "a",
                "content_hash": [f"{version}{number}" for number in numbers],
                "lens_id": "l",
            }
        )

    def full(frame: pl.DataFrame) -> pl.DataFrame:
        vectors = pl.Series([[float(key)] * 1280 for key in frame["image_key"]], dtype=pl.Array(pl.Float32, 1280))
        return frame.with_columns(vectors.alias("embedding"))

    where = {"class_name": "a", "lens_id": "l"}
    with warehouse.write() as transaction:
        transaction.replace_vectors("l2_embeddings", rows([1, 2, 3]), [full(rows([1, 2, 3]))], where)
    wanted = pl.concat([rows([2]), rows([3], "edited"), rows([4])])
    with warehouse.write() as transaction:
        written = transaction.replace_vectors("l2_embeddings", wanted, [full(wanted[1:])], where)
    assert (written.inserted, written.deleted, written.rows) == (2, 2, 3)
    with pytest.raises(UserError, match="2 are due"), warehouse.write() as transaction:
        transaction.replace_vectors("l2_embeddings", rows([8, 9]), [full(rows([8]))], where)
    assert warehouse.frame("SELECT image_key FROM l2_embeddings ORDER BY 1")["image_key"].to_list() == [2, 3, 4]


def test_a_failure_inside_a_transaction_leaves_no_trace(warehouse: Warehouse) -> None:
    def write_and_fail() -> None:
        with warehouse.write() as transaction:
            transaction.replace("pixel_histogram", _bins([1]), {"class_name": "a"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert warehouse.frame("FROM pixel_histogram").is_empty()


def test_a_duplicate_key_is_refused(warehouse: Warehouse) -> None:
    twice = pl.concat([_bins([1]), _bins([2])])
    with pytest.raises(ValueError, match="not unique"), warehouse.write() as transaction:
        transaction.replace("pixel_histogram", twice, {"class_name": "a"})


def test_a_shell_that_holds_the_file_is_named(warehouse: Warehouse) -> None:
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(warehouse.path)!r}); print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(WarehouseLocked, match=rf"process {holder.pid} .*close it") as caught, warehouse.write():
            pass
        assert "\n" not in str(caught.value)
    finally:
        holder.communicate()


def test_many_processes_write_one_after_the_other(warehouse: Warehouse, tmp_path: Path) -> None:
    code = f"""
import polars as pl
from pathlib import Path
from thermal_assets.warehouse.access import Warehouse
import sys
name = sys.argv[1]
for count in range(5):
    with Warehouse(Path({str(warehouse.path)!r})).write() as transaction:
        rows = pl.DataFrame({{"class_name": [name], "channel": ["r"], "bin": [0], "count": [count]}})
        transaction.replace("pixel_histogram", rows, {{"class_name": name}})
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, f"class {number}"]) for number in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert warehouse.frame("SELECT count(*) AS n, min(count)::INT AS least FROM pixel_histogram").rows() == [(4, 4)]


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_text("hello, I am text" * 1000)
    with pytest.raises(UserError, match="cannot be opened") as caught, Warehouse(path, timeout=0.2).read():
        pass
    assert "\n" not in str(caught.value)
