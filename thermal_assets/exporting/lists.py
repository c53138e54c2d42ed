"""Lists as Parquet and CSV.

Both say the same. CSV is written for programs (RFC 4180: UTF-8, comma, every text in quotes, quotes doubled, line
breaks kept inside quotes); lists of texts become one text with '; ' between them. Nothing is changed to please a
spreadsheet: a name that begins with '=' would be taken for a formula there, see the README of the export.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

LIST_FORMATS = ("parquet", "csv")


def write_list(folder: Path, name: str, frame: pl.DataFrame, formats: Sequence[str]) -> list[str]:
    """Write ``frame`` as ``name``.parquet and/or ``name``.csv; returns the names of the files."""
    written = []
    if "parquet" in formats:
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd")
        written.append(f"{name}.parquet")
    if "csv" in formats:
        flat = [
            pl.col(column).list.join("; ").alias(column)
            for column, dtype in frame.schema.items()
            if isinstance(dtype, pl.List)
        ]
        frame.with_columns(flat).write_csv(folder / f"{name}.csv", quote_style="non_numeric")
        written.append(f"{name}.csv")
    return written
