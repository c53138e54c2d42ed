"""The map: where images lie on the first two axes of L3, as dots and as pictures."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np

from thermal_assets.reporting.figures import map_figure
from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.palette import GREY, MARKERS, SERIES
from thermal_assets.reporting.queries import IN_FORCE, rows

SAMPLE = 5_000
COLUMNS, ROWS = 14, 9


def l3_map(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any] | None:
    """Dots coloured by class (few classes) or by state, class means, and a grid of pictures; None without vectors."""
    classes = rows(
        connection,
        f"""SELECT p.class_name, any_value(c.state) AS state, count(*) AS images,
                   avg(p.projection[1]) AS x, avg(p.projection[2]) AS y
            FROM l3_projection p LEFT JOIN class_catalog c USING (class_name)
            WHERE p.{IN_FORCE} GROUP BY p.class_name ORDER BY images DESC, p.class_name""",
    )
    total = sum(row["images"] for row in classes)
    if not total:
        return None
    sample = rows(
        connection,
        f"""SELECT image_key, class_name, projection[1] AS x, projection[2] AS y
            FROM l3_projection WHERE {IN_FORCE} ORDER BY hash(image_key) LIMIT {SAMPLE}""",
    )
    styles = _styles(classes)
    points = np.array([(row["x"], row["y"]) for row in sample], dtype=np.float64)
    labels = np.array([styles["of"][row["class_name"]] for row in sample])
    groups = [(points[labels == index], style["colour"]) for index, style in enumerate(styles["legend"])]
    centres = [
        (row["x"], row["y"], styles["legend"][styles["of"][row["class_name"]]]["colour"],
         styles["legend"][styles["of"][row["class_name"]]]["marker"])
        for row in classes[:60]
    ]  # fmt: skip
    mean = (
        sum(row["x"] * row["images"] for row in classes) / total,
        sum(row["y"] * row["images"] for row in classes) / total,
    )
    return {
        "figure": map_figure(groups, centres, mean),
        "legend": styles["legend"],
        "coloured_by": styles["by"],
        "explained": explained_share(connection),
        "sampled": len(sample),
        "total": total,
        "grid": _picture_grid(connection, gallery, sample, points),
        "columns": COLUMNS,
    }


def explained_share(connection: duckdb.DuckDBPyConnection) -> float | None:
    """Share of the variance of L2 that the axes of L3 keep, if the lens in force says so."""
    found = connection.execute("SELECT parameters FROM lenses WHERE in_force AND level = 'L3'").fetchone()
    try:
        return float(json.loads(found[0])["explained"]) if found else None
    except (KeyError, TypeError, ValueError):
        return None


def _styles(classes: list[dict[str, Any]]) -> dict[str, Any]:
    """Colour and marker of each class: by class if colours suffice, else by state, else the largest classes only."""
    names = [row["class_name"] for row in classes]
    states = sorted({row["state"] for row in classes if row["state"]}, reverse=True)
    if len(names) > len(SERIES) and states:
        order = [*states, "neither"] if any(not row["state"] for row in classes) else states
        of = {row["class_name"]: order.index(row["state"] or "neither") for row in classes}
        by = "state"
    else:
        order = names if len(names) <= len(SERIES) else [*names[: len(SERIES) - 1], "all other classes"]
        of = {name: min(index, len(order) - 1) for index, name in enumerate(names)}
        by = "class"
    legend = [
        {"name": name, "colour": SERIES[index], "style": index, "marker": MARKERS[index]}
        for index, name in enumerate(order)
    ]
    if order[-1] in ("neither", "all other classes"):
        legend[-1] |= {"colour": GREY, "style": 9}
    return {"of": of, "legend": legend, "by": by}


def _picture_grid(
    connection: duckdb.DuckDBPyConnection, gallery: Gallery, sample: list[dict[str, Any]], points: np.ndarray
) -> list[dict[str, Any]]:
    """One picture for each cell of the map that holds an image of the sample, top row first."""
    low, high = np.quantile(points, [0.005, 0.995], axis=0)
    place = (points - low) / np.maximum(high - low, 1e-9)
    inside = ((place >= 0) & (place < 1)).all(axis=1)
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    for index in np.flatnonzero(inside).tolist():
        cell = (int(place[index, 0] * COLUMNS), int(place[index, 1] * ROWS))
        first, count = cells.get(cell, (index, 0))
        cells[cell] = (first, count + 1)
    keys = [sample[index]["image_key"] for index, _ in cells.values()]
    names = dict(
        connection.execute(
            "SELECT image_key, image_id FROM file_manifest WHERE image_key IN (SELECT unnest($keys))", {"keys": keys}
        ).fetchall()
    )
    grid = []
    for (column, row), (index, count) in sorted(cells.items(), key=lambda item: (-item[0][1], item[0][0])):
        image_id = names.get(sample[index]["image_key"])
        if image_id is not None:
            picture = gallery.show(image_id, sample[index]["class_name"])
            grid.append({"column": column + 1, "row": ROWS - row, "picture": picture, "images": count})
    return grid
