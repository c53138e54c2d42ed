"""What a model could learn by mistake, what each lens is worth, and what to shoot next."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import rows

SHORTCUTS = 20
NEXT = 12
GRAY = 12
GRID_COLUMNS = 18
GRID_ROWS = 60


def audits(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any]:
    """Strongest shortcuts, the lenses side by side, images of the gray zone, cells of the collection plan."""
    return {
        "shortcuts": rows(
            connection,
            "SELECT * FROM shortcut_audit WHERE auc > 0.5 ORDER BY target = 'state' DESC, auc DESC LIMIT $limit",
            {"limit": SHORTCUTS},
        ),
        "lenses": rows(connection, "SELECT * FROM lens_evaluation ORDER BY separability_auc DESC NULLS LAST, lens"),
        "gray": [
            gallery.show(row["image_id"], row["class_name"], [f"{row['normal_class']} or {row['anomaly_class']}?"])
            for row in rows(connection, "SELECT * FROM gray_zone ORDER BY rank, image_id LIMIT $limit", {"limit": GRAY})
        ],
        "next": [
            row | {"distance": _distance(row), "why": _why(row)}
            for row in rows(
                connection,
                "SELECT * FROM collection_plan WHERE need <> 'enough' ORDER BY rank LIMIT $limit",
                {"limit": NEXT},
            )
        ],
        "grid": collection_grid(connection),
    }


def collection_grid(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Sessions by object and state (rows) and distance (columns), all places together; None where it is one column.

    A cell says how many sessions there are, in how many places none, and how dark it is drawn (percent; dark: all
    places have enough). A cell where nobody has been in any state is None.
    """
    found = rows(
        connection,
        """
        SELECT object, state, distance_from_m, distance_to_m, sum(sessions) AS sessions, sum(images) AS images,
               count(*) AS places, count(*) FILTER (images = 0) AS missing_places,
               100 * avg(CASE WHEN missing_sessions IS NULL THEN 0
                              ELSE sessions / (sessions + missing_sessions) END) AS filled
        FROM collection_plan WHERE distance_from_m IS NOT NULL GROUP BY ALL ORDER BY ALL
        """,
    )
    columns = sorted({(row["distance_from_m"], row["distance_to_m"]) for row in found})
    if not 1 < len(columns) <= GRID_COLUMNS:
        return None
    cells = {
        (row["object"], row["state"], row["distance_from_m"], row["distance_to_m"]): row | {"why": _cell(row)}
        for row in found
    }
    names = sorted({(row["object"], row["state"]) for row in found})
    return {
        "columns": [_metres(low, high) for low, high in columns],
        "rows": [
            {"object": name, "state": state, "cells": [cells.get((name, state, *column)) for column in columns]}
            for name, state in names[:GRID_ROWS]
        ],
        "left_out": max(0, len(names) - GRID_ROWS),
    }


def _cell(row: dict[str, Any]) -> str:
    places = f"{row['places']} {'place' if row['places'] == 1 else 'places'}"
    missing = f", none in {row['missing_places']} of them" if row["missing_places"] else ""
    return f"{row['images']} images in {places}{missing}"


def _metres(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _distance(row: dict[str, Any]) -> str | None:
    low, high = row["distance_from_m"], row["distance_to_m"]
    return None if low is None else f"{_metres(low, high)} m"


def _why(row: dict[str, Any]) -> str:
    if row["images"] == 0:
        return f"the other state has {row['other_state_images']:,} images here, this one none"
    if row["missing_sessions"] is None:
        return "names carry no session: what is independent cannot be counted"
    return f"{row['sessions']} of {row['sessions'] + row['missing_sessions']} sessions are there"
