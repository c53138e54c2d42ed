"""The images that lie alone, those in the tightest crowds, and a typical one, at both levels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import IN_FORCE, LEVELS, density_scope, rows

LOWEST = 18
HIGHEST = 12
PER_CLASS = 8
MAX_CLASSES = 40
BASIS = {
    "other sessions": "Judged by density over images of other sessions only.",
    "near copies removed": "Judged by density with near copies left out, because names carry no session.",
}
BOTH = (
    "Judged by density over images of other sessions only; images whose name carries no session, "
    "with their near copies left out."
)
PLAIN = "Judged by plain density: too few sessions to leave an image's own one out."


@dataclass(frozen=True)
class Ranked:
    """An image with its ranks by judged density, 1 = least dense, and that density, both by level."""

    image_id: str
    class_name: str
    ranks: dict[str, int]
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Extremes:
    """The images of both ends and the middle, by level; ``judged`` images have a rank."""

    scope: str
    judged: dict[str, int]
    low: dict[str, list[Ranked]]
    high: dict[str, list[Ranked]]
    typical: dict[str, Ranked]
    basis: str


def extremes(connection: duckdb.DuckDBPyConnection) -> Extremes | None:
    """Ranks over the whole data set by density_xs if most images have it, else by density; None if none is reliable."""
    scope = density_scope(connection)
    if scope is None:
        return None
    # The two measures have different scales: never rank one image by the first and another by the second.
    (share,) = rows(
        connection,
        f"""SELECT count(*) AS judged, count(density_xs) AS across,
                   list(DISTINCT density_xs_basis ORDER BY density_xs_basis) FILTER (density_xs IS NOT NULL) AS bases
            FROM {scope}_densities
            WHERE {IN_FORCE} AND reliable AND density IS NOT NULL""",
    )
    across = share["across"] * 2 > share["judged"]
    measure = "density_xs" if across else "density"
    found = rows(
        connection,
        f"""
        WITH judged AS MATERIALIZED (
            SELECT image_key, level, {measure} AS value,
                   row_number() OVER (PARTITION BY level ORDER BY {measure}, image_key) AS rank,
                   count(*) OVER (PARTITION BY level) AS judged
            FROM {scope}_densities WHERE {IN_FORCE} AND reliable AND {measure} IS NOT NULL),
        keys AS (
            SELECT DISTINCT image_key FROM judged
            WHERE rank <= {LOWEST} OR rank > judged - {HIGHEST} OR rank = (judged + 1) // 2)
        SELECT m.image_id, m.class_name, j.level, j.rank, j.judged, j.value
        FROM judged j SEMI JOIN keys USING (image_key) JOIN file_manifest m USING (image_key)
        ORDER BY j.level, j.rank
        """,
    )
    if not found:
        return None
    images: dict[str, Ranked] = {}
    for row in found:
        image = images.setdefault(row["image_id"], Ranked(row["image_id"], row["class_name"], {}))
        image.ranks[row["level"]] = row["rank"]
        image.values[row["level"]] = row["value"]
    judged = {row["level"]: row["judged"] for row in found}
    low, high, typical = {}, {}, {}
    for level, count in judged.items():
        here = sorted((image for image in images.values() if level in image.ranks), key=lambda i: i.ranks[level])
        low[level] = [image for image in here if image.ranks[level] <= LOWEST]
        high[level] = [image for image in reversed(here) if image.ranks[level] > max(count - HIGHEST, LOWEST)]
        typical[level] = next(image for image in here if image.ranks[level] == (count + 1) // 2)
    basis = PLAIN
    if across:
        basis = (
            BOTH if BASIS.keys() <= set(share["bases"]) else " ".join(BASIS.get(word, word) for word in share["bases"])
        )
    if across and share["across"] < share["judged"]:
        basis += " Images without it are left out here."
    return Extremes(scope, judged, low, high, typical, basis)


def extreme_tiles(found: Extremes, gallery: Gallery) -> dict[str, Any]:
    """Tiles of both ends, by level; an image that both levels rank among these lowest is marked."""
    lowest = [{image.image_id for image in found.low.get(level, [])} for level in LEVELS]
    shared = lowest[0] & lowest[1]

    def tile(image: Ranked, level: str, count_from_top: bool) -> Any:
        ranks = []
        for other in LEVELS:
            if other in image.ranks:
                rank = image.ranks[other]
                place = found.judged[other] - rank + 1 if count_from_top else rank
                ranks.append(f"{other} rank {place:,}: {image.values[other]:.3g}")
        mark = "both levels" if not count_from_top and image.image_id in shared else ""
        return gallery.show(image.image_id, image.class_name, ranks, mark=mark)

    return {
        "low": {level: [tile(image, level, False) for image in found.low.get(level, [])] for level in LEVELS},
        "high": {level: [tile(image, level, True) for image in found.high.get(level, [])] for level in LEVELS},
        "shared": len(shared),
        "shown": LOWEST,
        "basis": found.basis,
        "judged": found.judged,
    }


def lowest_by_class(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any]:
    """The least dense images inside each class, from the outlier budget of the class; L3 where there is one."""
    level = connection.execute("SELECT max(level) FROM outliers WHERE scope = 'class' AND side = 'low'").fetchone()
    found = rows(
        connection,
        f"""
        SELECT class_name, image_id, rank, count(*) OVER (PARTITION BY class_name) AS judged
        FROM outliers WHERE scope = 'class' AND side = 'low' AND level = $level
        QUALIFY row_number() OVER (PARTITION BY class_name ORDER BY rank, image_id) <= {PER_CLASS}
        ORDER BY class_name, rank
        """,
        {"level": level[0] if level else None},
    )
    classes: dict[str, dict[str, Any]] = {}
    for row in found:
        if row["class_name"] not in classes and len(classes) == MAX_CLASSES:
            break
        entry = classes.setdefault(row["class_name"], {"judged": row["judged"], "pictures": []})
        entry["pictures"].append(gallery.show(row["image_id"], None, [f"rank {row['rank']}"]))
    left_out = len({row["class_name"] for row in found}) - len(classes)
    return {"level": level[0] if level else None, "classes": classes, "left_out": left_out}
