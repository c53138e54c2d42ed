"""L1: classes with their pictures, channels, pixels, problems and copies."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from thermal_assets.reporting.figures import pixel_figure
from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import rows

OPEN_CLASSES = 24
MAX_PICTURED_CLASSES = 150
SAMPLES = 3
MAX_MODES = 5
DUPLICATE_GROUPS = 12
COPIES_SHOWN = 5
PROBLEM_EXAMPLES = 4


def class_table(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any]:
    """One row per class, largest first: pictures, counts, channel split, pixel levels."""
    classes = rows(
        connection,
        """
        WITH numbers AS (
            SELECT class_name, median(width)::INTEGER AS width, median(height)::INTEGER AS height,
                   arg_min(image_id, hash(image_key), 3) AS samples
            FROM channel_stats GROUP BY class_name)
        SELECT c.class_name, c.state, c.object_code, c.file_count, c.image_count, n.width, n.height, n.samples,
               p.mean_image, p.std_image
        FROM classes c LEFT JOIN numbers n USING (class_name) LEFT JOIN class_pixel_stats p USING (class_name)
        ORDER BY c.image_count DESC, c.class_name
        """,
    )
    modes = rows(
        connection,
        "SELECT class_name, mode, count(*) AS images FROM channel_stats GROUP BY ALL ORDER BY images DESC, mode",
    )
    totals: dict[str, int] = {}
    for row in modes:
        totals[row["mode"]] = totals.get(row["mode"], 0) + row["images"]
    named = [mode for mode, _ in sorted(totals.items(), key=lambda item: -item[1])[:MAX_MODES]]
    levels = _levels_by_class(connection)
    largest = max((row["image_count"] for row in classes), default=0)
    everything = sum(totals.values())
    for index, row in enumerate(classes):
        row["share"] = row["image_count"] / everything if everything else 0.0
        row["bar"] = 100 * row["image_count"] / largest if largest else 0.0
        row["unreadable"] = row["file_count"] - row["image_count"]
        row["modes"] = _split({m["mode"]: m["images"] for m in modes if m["class_name"] == row["class_name"]}, named)
        row["levels"] = levels.get(row["class_name"])
        pictured = index < MAX_PICTURED_CLASSES
        row["pictures"] = (
            [gallery.show(image, row["class_name"]) for image in (row["samples"] or [])[:SAMPLES]] if pictured else []
        )
        row["mean"] = gallery.stored(row.pop("mean_image")) if pictured else None
        row["std"] = gallery.stored(row.pop("std_image")) if pictured else None
    return {
        "rows": classes[:OPEN_CLASSES],
        "more": classes[OPEN_CLASSES:],
        "modes": named + (["other"] if len(totals) > len(named) else []),
        "total_modes": _split(totals, named),
        "smallest": classes[-1] if classes else None,
        "largest": classes[0] if classes else None,
        "pixels": _pixels(connection),
        **balance(connection),
        "restless": restlessness(connection),
    }


def balance(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """'balance': how even the classes are, in one row (None without images); 'weights': class_name -> its weights."""
    summary = rows(connection, "SELECT * FROM class_balance_summary")
    weights = rows(connection, "SELECT * FROM class_weights")
    return {"balance": summary[0] if summary else None, "weights": {row["class_name"]: row for row in weights}}


def restlessness(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Classes of two images or more by the sharpness of their mean image, blurriest (most restless) first.

    ``relative`` is that sharpness over the median of these classes.
    """
    return rows(
        connection,
        """
        SELECT class_name, image_count, mean_image_sharpness / nullif(median(mean_image_sharpness) OVER (), 0) AS relative
        FROM class_pixel_stats
        WHERE image_count > 1 AND mean_image_sharpness IS NOT NULL ORDER BY mean_image_sharpness, class_name
        """,
    )


def quality(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> list[dict[str, Any]]:
    """One row per measure and side: how many images lie far from their class and distance, the farthest shown."""
    found = rows(
        connection,
        f"""
        SELECT measure, direction, count(*) AS images, count(DISTINCT class_name) AS classes,
               max(abs(robust_z)) AS farthest,
               arg_max({{'image_id': image_id, 'class_name': class_name}}, abs(robust_z), {PROBLEM_EXAMPLES}) AS examples
        FROM image_quality GROUP BY measure, direction ORDER BY measure, direction DESC
        """,
    )
    for row in found:
        row["pictures"] = [gallery.show(example["image_id"], example["class_name"]) for example in row["examples"]]
    return found


def problems(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> list[dict[str, Any]]:
    """One row per problem code, most frequent first, with examples."""
    found = rows(
        connection,
        """
        SELECT stage, code, count(*) AS files, count(DISTINCT class_name) AS classes, any_value(message) AS message,
               arg_min({'image_id': image_id, 'class_name': class_name}, image_id, 4) AS examples
        FROM image_problems GROUP BY stage, code ORDER BY files DESC, stage, code LIMIT 60
        """,
    )
    for row in found:
        row["pictures"] = [
            gallery.show(example["image_id"], example["class_name"]) for example in row["examples"][:PROBLEM_EXAMPLES]
        ]
    return found


def duplicates(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any]:
    """Counts by kind, and the groups to look at first: across classes, then the largest."""
    kinds = rows(
        connection,
        """
        SELECT kind, count(DISTINCT group_id) AS groups, count(*) AS images, count(*) FILTER (NOT keeper) AS copies,
               count(DISTINCT group_id) FILTER (NOT same_class) AS across_classes,
               count(DISTINCT group_id) FILTER (same_class AND same_session) AS in_session,
               count(DISTINCT group_id) FILTER (same_class AND NOT same_session) AS across_sessions
        FROM duplicates GROUP BY kind ORDER BY kind
        """,
    )
    members = rows(
        connection,
        f"""
        WITH picked AS (
            SELECT group_id, any_value(group_size) AS size, bool_and(same_class) AS same_class
            FROM duplicates GROUP BY group_id ORDER BY same_class, size DESC, group_id LIMIT {DUPLICATE_GROUPS})
        SELECT d.*, row_number() OVER (PARTITION BY d.group_id ORDER BY d.keeper DESC, d.distance, d.image_id) AS place
        FROM duplicates d JOIN picked p USING (group_id)
        QUALIFY place <= {COPIES_SHOWN}
        ORDER BY p.same_class, p.size DESC, d.group_id, place
        """,
    )
    groups: dict[str, dict[str, Any]] = {}
    for row in members:
        group = groups.setdefault(row["group_id"], {**row, "pictures": []})
        lines = ["keep" if row["keeper"] else f"distance {row['distance']:.3g}"]
        if row["hash_bits"] is not None and not row["keeper"]:
            lines.append(f"{row['hash_bits']} of 256 bits differ")
        mark = "" if row["class_name"] == group["class_name"] else "other class"
        group["pictures"].append(gallery.show(row["image_id"], row["class_name"], lines, mark=mark))
    return {"kinds": kinds, "groups": list(groups.values())}


def _split(counts: dict[str, int], named: list[str]) -> list[dict[str, Any]]:
    """Shares of the pixel modes in percent of the width, in the order of ``named``, the rest as 'other'."""
    total = sum(counts.values())
    parts = [(mode, counts.get(mode, 0), index) for index, mode in enumerate(named)]
    parts.append(("other", total - sum(count for _, count, _ in parts), len(named)))
    return [
        {"mode": mode, "images": count, "share": count / total, "style": style}
        for mode, count, style in parts
        if count > 0
    ]


def _levels_by_class(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Pixel levels of each class in 32 bins as the points of an SVG outline, 0..100 by 0..24, peak on top."""
    found: dict[str, np.ndarray] = {}
    for name, part, count in connection.execute(
        "SELECT class_name, bin // 8, sum(count)::DOUBLE FROM pixel_histogram GROUP BY ALL"
    ).fetchall():
        found.setdefault(name, np.zeros(32))[int(part)] += count
    outlines = {}
    for name, values in found.items():
        height = 24 - 23 * values / max(values.max(), 1.0)
        points = [f"{index * 100 / 31:.1f},{y:.1f}" for index, y in enumerate(height)]
        outlines[name] = " ".join(["0,24", *points, "100,24"])
    return outlines


def _pixels(connection: duckdb.DuckDBPyConnection) -> Any:
    found: dict[str, np.ndarray] = {}
    for channel, level, count in connection.execute(
        "SELECT channel, bin, sum(count)::DOUBLE FROM pixel_histogram GROUP BY ALL ORDER BY channel"
    ).fetchall():
        found.setdefault(channel, np.zeros(256))[int(level)] = count
    return pixel_figure(found) if found else None
