"""Tables that the image pass fills beside channel_stats, kept by content in its records."""

from __future__ import annotations

from functools import cache

import polars as pl

from thermal_assets.warehouse.access import empty_frame

#: Tables with at most one row an image (``image_work.by_product_columns``).
TABLES = ("palette_levels", "sensor_temperatures")
# What the image says about itself is not kept by content: two files may have the same.
_IDENTITY = ("image_id", "class_name", "image_key", "palette")


@cache
def record_types() -> dict[str, pl.Struct]:
    """Table -> polars type of what is kept of its row."""
    return {
        table: pl.Struct({name: kind for name, kind in empty_frame(table).schema.items() if name not in _IDENTITY})
        for table in TABLES
    }


def rows_of(table: str, images: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``table`` from images with their identity, palette and records; images without a row are left out."""
    if table not in images.columns:
        return empty_frame(table)
    columns = empty_frame(table).columns
    kept = images.filter(pl.col(table).is_not_null())
    identity = [name for name in _IDENTITY if name in columns]
    return kept.select(*identity, table).unnest(table).select(columns).cast(empty_frame(table).schema)
