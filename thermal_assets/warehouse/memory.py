"""How much memory DuckDB may take beside the pipeline."""

from __future__ import annotations

import duckdb
import psutil

_SHARE = 16
_LEAST_MB = 1024


def bound_memory(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Let the database of ``connection`` keep a sixteenth of the machine's memory, at least 1 GB; beyond, it uses the disk.

    Its own default is four fifths, taken by a class of 200,000 vectors alone.
    """
    megabytes = max(_LEAST_MB, psutil.virtual_memory().total // _SHARE // 2**20)
    connection.execute(f"SET memory_limit = '{megabytes}MB'")
    return connection
