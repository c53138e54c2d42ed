"""Temperatures of the classes; rows of different sources stay apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from markupsafe import Markup

from thermal_assets.reporting.figures import WIDTH
from thermal_assets.reporting.palette import BLUE, GREY, MARKERS, VERMILION
from thermal_assets.reporting.queries import rows
from thermal_assets.reporting.svg import GRID, INK, figure_svg

CHARTED = 24  # rows that a chart can still tell apart

_SQL = """
SELECT t.class_name, t.source, count(*) AS images,
       quantile_cont(min_c, 0.05) AS low, median(min_c) AS min_c, median(mean_c) AS mean_c, median(max_c) AS max_c,
       quantile_cont(max_c, 0.95) AS high,
       quantile_cont(contrast_k, 0.05) AS contrast_low, median(contrast_k) AS contrast_k,
       quantile_cont(contrast_k, 0.95) AS contrast_high,
       median(hot_fraction) AS hot_fraction, median(error_k) AS error_k,
       avg(max_at_range_end::INTEGER) AS at_range_end, any_value(v.images) AS violating
FROM temperatures t
LEFT JOIN (SELECT class_name, source, count(DISTINCT image_id) AS images FROM temperature_violations GROUP BY ALL) v
    USING (class_name, source)
GROUP BY t.class_name, t.source ORDER BY t.class_name, t.source
"""


def temperatures(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """One row per class and source, and charts of the first of them; None where no image has temperatures."""
    found = rows(connection, _SQL)
    if not found:
        return None
    (total,) = rows(connection, "SELECT count(*) AS images FROM channel_stats")
    for place, row in enumerate(found, start=1):
        row["place"] = place
    charted = found[:CHARTED]
    return {
        "rows": found,
        "images": sum(row["images"] for row in found),
        "of": total["images"],
        "source": found[0]["source"] if len({row["source"] for row in found}) == 1 else None,
        "left_out": len(found) - len(charted),
        "spans": _chart(
            charted,
            "spans",
            ("low", "high"),
            ("min_c", "mean_c", "max_c"),
            "degC: 5 % of the coldest to 95 % of the hottest pixels; marks = medians of coldest, mean, hottest",
        ),
        "contrasts": _chart(
            charted,
            "contrasts",
            ("contrast_low", "contrast_high"),
            ("contrast_k",),
            "contrast of hot spot to background, K: 5 % to 95 % of the images, median marked",
        ),
    }


def _chart(
    found: Sequence[dict[str, Any]], name: str, ends: tuple[str, str], marked: Sequence[str], xlabel: str
) -> Markup:
    """A line a row, numbered as in the table: names of classes may be of any length and script."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 0.9 + 0.2 * max(len(found), 3)), layout="constrained")
    figure.patch.set_visible(False)
    axes = figure.add_subplot()
    axes.patch.set_visible(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(GREY)
    axes.tick_params(labelsize=9, color=GREY, labelcolor=INK, left=False)
    axes.grid(True, axis="x", color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    places = [row["place"] for row in found]
    axes.hlines(places, [row[ends[0]] for row in found], [row[ends[1]] for row in found], color=GREY, linewidth=3)
    colours = (BLUE, INK, VERMILION) if len(marked) == 3 else (INK,)
    for column, colour, marker in zip(marked, colours, MARKERS, strict=False):
        axes.plot([row[column] for row in found], places, marker, color=colour, markersize=5)
    axes.set_yticks(places)
    axes.invert_yaxis()
    axes.set_xlabel(xlabel, color=INK, fontsize=8.5)
    label = f"{xlabel}; {len(found)} rows, numbered as in the table"
    return figure_svg(figure, name=f"temperature-{name}", label=label)
