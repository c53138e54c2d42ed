"""A warehouse of an older version gets today's tables; what cannot be computed again is kept."""

from pathlib import Path

import duckdb
import pytest

from thermal_assets.warehouse.access import Warehouse
from thermal_assets.warehouse.contract import TABLES


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A warehouse in which two tables miss a column, one of them a book, and one table is not there yet."""
    path = tmp_path / "warehouse.duckdb"
    Warehouse(path).create()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP VIEW IF EXISTS densities")  # views fall with what they read; they are made again
        connection.execute("ALTER TABLE pixel_histogram DROP COLUMN count")
        connection.execute("ALTER TABLE metric_history DROP COLUMN class_name")
        connection.execute("DROP TABLE duplicates")
        connection.execute("INSERT INTO pixel_histogram VALUES ('a', 'r', 1)")
        connection.execute(
            "INSERT INTO metric_history (run_id, metric, value, measured_at) VALUES ('x', 'm', 2, now())"
        )
        for asset in ("class_pixel_stats", "duplicates", "file_manifest"):
            connection.execute(
                "INSERT INTO asset_versions VALUES (?, '', 'v', 'i', 'm', '', 1, 'run', now())",
                [asset],
            )
    (tmp_path / "warehouse.duckdb.schema").write_text("of an older version")
    return path


def test_an_older_warehouse_gets_the_declared_tables(old: Path) -> None:
    warehouse = Warehouse(old)
    warehouse.bring_up_to_date()
    for table in ("pixel_histogram", "metric_history", "duplicates"):
        assert warehouse.frame(f"SELECT * FROM {table}").columns == TABLES[table].column_names
    assert warehouse.frame("SELECT * FROM densities").is_empty()
    # The histogram can be computed again and will be; the history cannot and stays.
    assert warehouse.frame("SELECT * FROM pixel_histogram").is_empty()
    assert warehouse.frame("SELECT run_id, metric, value FROM metric_history").rows() == [("x", "m", 2.0)]
    assert warehouse.frame("SELECT asset FROM asset_versions").rows() == [("file_manifest",)]


def test_a_current_warehouse_is_not_opened(old: Path) -> None:
    warehouse = Warehouse(old, timeout=0.2)
    warehouse.bring_up_to_date()
    with Warehouse(old).write():  # a writer at work would make every other opening wait and fail
        warehouse.bring_up_to_date()
