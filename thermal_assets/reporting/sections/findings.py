"""What to look at first, worst first, with pictures."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import rows
from thermal_assets.reporting.sections.spread import spread

OPEN_CARDS = 12
TILES_A_CARD = 6
MAX_FINDINGS = 200


def findings(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any]:
    """Open findings by rank (the first dozen as full cards, the others as a list) and waived ones apart."""
    found = rows(
        connection,
        """SELECT f.*, c.change, c.first_seen, c.affected_before
           FROM findings f LEFT JOIN finding_changes c ON c.finding_id = f.finding_id ORDER BY f.rank LIMIT $limit""",
        {"limit": MAX_FINDINGS},
    )
    total = connection.execute("SELECT count(*) FROM findings").fetchone()
    opened = [finding for finding in found if finding["status"] == "open"]
    waived = [finding for finding in found if finding["status"] != "open"]
    classes = _classes_of(connection, {image for finding in found for image in finding["example_ids"]})

    def tiles(finding: dict[str, Any], most: int, named: bool = False) -> list[Any]:
        return [
            gallery.show(image, classes.get(image), [image.rpartition("/")[2]] if named else [])
            for image in finding["example_ids"][:most]
        ]

    cards, more = _cards_and_more(opened)
    for finding in cards:
        finding["pictures"] = tiles(finding, TILES_A_CARD)
        finding["spread"] = spread(connection, finding)
        finding["behind"] = []
    for finding in opened:
        finding["anchor"] = f"finding-{finding['rank']}"
    return {
        "cards": cards,
        "more": more,
        "waived": waived,
        "left_out": (total[0] if total else 0) - len(found),
        "tiles": tiles,
    }


def _cards_and_more(opened: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The first dozen as cards; of one kind of LOW finding only the first, so that ten tiny classes are one card."""
    cards: list[dict[str, Any]] = []
    more: list[dict[str, Any]] = []
    seen: set[str] = set()
    for finding in opened:
        again = finding["severity"] == "LOW" and finding["detector"] in seen
        (more if again or len(cards) == OPEN_CARDS else cards).append(finding)
        seen.add(finding["detector"])
    return cards, more


def add_pictures_behind(section: dict[str, Any]) -> None:
    """All example pictures, with their names, of the cards that show only some. Called last: it uses what is left."""
    for finding in section["cards"]:
        if len(finding["example_ids"]) > TILES_A_CARD:
            finding["behind"] = section["tiles"](finding, len(finding["example_ids"]), True)


def _classes_of(connection: duckdb.DuckDBPyConnection, image_ids: set[str]) -> dict[str, str]:
    if not image_ids:
        return {}
    return dict(
        connection.execute(
            "SELECT image_id, class_name FROM file_manifest WHERE image_id IN (SELECT unnest($ids))",
            {"ids": sorted(image_ids)},
        ).fetchall()
    )
