"""Versions of assets: hashes of what their rows depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import duckdb

from thermal_assets.warehouse.rows import first_row

ALL_PARTITIONS = "*"


def fingerprint(*parts: Any) -> str:
    """Hash of JSON-serialisable ``parts``."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True, default=str).encode(), digest_size=12).hexdigest()


def upstream_versions(connection: duckdb.DuckDBPyConnection, upstream: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Sorted [asset, partition, version] of everything upstream."""
    found: list[list[str]] = []
    for asset, partition in upstream:
        query = "SELECT asset, partition, version FROM asset_versions WHERE asset = ?"
        values = [asset]
        if partition != ALL_PARTITIONS:
            query += " AND partition = ?"
            values.append(partition)
        found += [list(row) for row in connection.execute(query, values).fetchall()]
    return sorted(found)


def manifest_version(connection: duckdb.DuckDBPyConnection, partition: str) -> str:
    if partition:
        row = first_row(
            connection,
            "SELECT version FROM asset_versions WHERE asset = 'file_manifest' AND partition = ?",
            [partition],
        )
        return row[0] if row else ""
    return fingerprint(upstream_versions(connection, [("file_manifest", ALL_PARTITIONS)]))
