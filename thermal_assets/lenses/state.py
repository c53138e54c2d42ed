"""Which lens applies: the one in force for views and the data set, the one a class was measured with.

A new lens (another network, a refitted projection) does not come into force at once: classes are
measured through it one after the other beside their old rows, and when the last one is done
``in_force`` flips in one transaction and the rows of the old lens leave.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import duckdb
import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.home.layout import Home
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.rows import first_row
from thermal_assets.warehouse.transaction import Transaction

LEVELS = ("L2", "L3")


def lens_row(
    *,
    lens_id: str,
    level: str,
    name: str,
    weights_sha256: str | None,
    random_weights: bool,
    input: Any,
    dimensions: int,
    real_dimensions: int,
    metric: Any,
    fitted_on: str,
    parameters: Any,
) -> pl.DataFrame:
    """One row of table lenses, not yet in force."""
    return pl.DataFrame(
        {
            "lens_id": [lens_id],
            "level": [level],
            "name": [name],
            "weights_sha256": pl.Series([weights_sha256], dtype=pl.String),
            "random_weights": [random_weights],
            "input": [json.dumps(input, sort_keys=True)],
            "dimensions": [dimensions],
            "real_dimensions": [real_dimensions],
            "metric": [json.dumps(metric, sort_keys=True)],
            "fitted_on": [fitted_on],
            "parameters": [json.dumps(parameters, sort_keys=True)],
            "in_force": [False],
            "created_at": [datetime.now(UTC)],
        }
    )


def register_lens(transaction: Transaction, row: pl.DataFrame) -> None:
    """Add a lens if it is not known; the first of its level is in force at once."""
    lens_id, level = row["lens_id"][0], row["level"][0]
    if not transaction.one("SELECT count(*) FROM lenses WHERE lens_id = ?", [lens_id]):
        transaction.append("lenses", row)
    if not transaction.one("SELECT count(*) FROM lenses WHERE level = ? AND in_force", [level]):
        transaction.connection.execute("UPDATE lenses SET in_force = true WHERE lens_id = ?", [lens_id])


def has_l3_lens(home: Home, l2_lens_id: str) -> bool:
    """Whether an L3 lens has been fitted on vectors of ``l2_lens_id``."""
    with home.warehouse.read() as connection:
        row = first_row(
            connection,
            "SELECT count(*) FROM lenses WHERE level = 'L3' AND json_extract_string(input, '$.l2_lens_id') = ?",
            [l2_lens_id],
        )
    return bool(row and row[0])


def lenses_in_force(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Level -> lens_id of the lenses in force."""
    return dict(connection.execute("SELECT level, lens_id FROM lenses WHERE in_force").fetchall())


def class_lens(connection: duckdb.DuckDBPyConnection, asset: str, partition: str) -> str:
    """The lens that ``asset`` ('l2_embeddings' or 'l3_projection') of a class was made with.

    Raises:
        UserError: the asset of this class has not been materialized.
    """
    row = first_row(
        connection, "SELECT lens_id FROM asset_versions WHERE asset = ? AND partition = ?", [asset, partition]
    )
    if row is None:
        raise UserError(f"{asset} of {partition} is not there yet: materialize it first")
    return str(row[0])


def newest_l3_lens(connection: duckdb.DuckDBPyConnection, l2_lens_id: str) -> str:
    """The L3 lens to project with: the newest one fitted on vectors of ``l2_lens_id``.

    Raises:
        UserError: none has been fitted on that L2 lens.
    """
    row = first_row(
        connection,
        "SELECT lens_id FROM lenses WHERE level = 'L3' AND json_extract_string(input, '$.l2_lens_id') = ? "
        "ORDER BY created_at DESC LIMIT 1",
        [l2_lens_id],
    )
    if row is None:
        raise UserError(
            f"no L3 lens has been fitted on vectors of {l2_lens_id}: materialize l3_lens (job refit_l3_lens) first"
        )
    return str(row[0])


def put_in_force_when_complete(partition: str, lenses: dict[str, str]) -> Callable[[Transaction], None]:
    """For the last step of a class: flip ``in_force`` to ``lenses`` once every class has been measured with them."""

    def flip(transaction: Transaction) -> None:
        if lenses_in_force(transaction.connection) == lenses:
            return
        behind = transaction.one(
            "SELECT count(*) FROM class_catalog c LEFT JOIN asset_versions v "
            "ON v.asset = 'class_outliers' AND v.partition = c.partition_key "
            "WHERE c.partition_key <> ? AND v.lens_id IS DISTINCT FROM ?",
            [partition, lenses["L3"]],
        )
        if behind:
            return
        chosen = list(lenses.values())
        transaction.connection.execute("UPDATE lenses SET in_force = list_contains(?, lens_id)", [chosen])
        for table in TABLES.values():
            if table.name != "lenses" and "lens_id" in table.column_names and table.name != "asset_versions":
                transaction.connection.execute(
                    f"DELETE FROM {table.name} WHERE NOT list_contains(?, lens_id)", [chosen]
                )

    return flip
