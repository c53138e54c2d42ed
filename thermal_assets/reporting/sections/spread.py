"""Where the images of a finding are: a bar a class, counted from the finding's own evidence."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.queries import rows

MAX_BARS = 5
MIN_IMAGES = 8  # fewer are told by the statement and seen in the pictures


def spread(connection: duckdb.DuckDBPyConnection, finding: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of class_name, images, of (files of the class), bar (percent of the longest), most first.

    Beyond ``MAX_BARS`` classes the others are one row without a name, and how many they are in ``classes``. Empty
    where there are few, or the evidence names no images or others than the finding counts (a chart would contradict it).
    """
    if finding["affected_images"] < MIN_IMAGES:
        return []
    try:
        found = _count(connection, finding["evidence_sql"])
    except duckdb.Error:
        return []
    if sum(row["images"] for row in found) != finding["affected_images"]:
        return []
    if len(found) == 1 and found[0]["images"] == found[0]["of"]:
        return []
    shown = found[:MAX_BARS] if len(found) > MAX_BARS + 1 else found
    rest = found[len(shown) :]
    if rest:
        sums = {name: sum(row[name] for row in rest) for name in ("images", "of")}
        shown = [*shown, {"class_name": None, "classes": len(rest), **sums}]
    longest = max((row["images"] for row in shown), default=1)
    return [{**row, "bar": 100 * row["images"] / longest} for row in shown]


def _count(connection: duckdb.DuckDBPyConnection, evidence: str) -> list[dict[str, Any]]:
    query = f"(\n{evidence.rstrip().rstrip(';')}\n)"
    columns = {column[0] for column in connection.execute(f"SELECT * FROM {query} LIMIT 0").description or ()}
    if "image_id" in columns:
        images = f"SELECT DISTINCT image_id FROM {query}"
    elif {"class_name", "batch_id"} <= columns:
        images = f"SELECT DISTINCT f.image_id FROM {query} e JOIN file_manifest f USING (class_name, batch_id)"
    else:
        return []
    return rows(
        connection,
        f"""
        SELECT f.class_name, count(*) AS images, any_value(c.file_count) AS of
        FROM ({images}) i JOIN file_manifest f USING (image_id) JOIN classes c ON c.class_name = f.class_name
        GROUP BY f.class_name ORDER BY images DESC, f.class_name
        """,
    )
