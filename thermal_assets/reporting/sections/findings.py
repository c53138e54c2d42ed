"""What to look at first, worst first, with pictures."""

from __future__ import annotations

from typing import Any

import duckdb

from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.queries import rows
from thermal_assets.reporting.sections.spread import spread

OPEN_CARDS = 14
TILES_A_CARD = 6
MAX_FINDINGS = 300
ALIKE_SHOWN = 6


def findings(connection: duckdb.DuckDBPyConnection, gallery: Gallery) -> dict[str, Any]:
    """Open findings by rank, one card a kind with the worst of the kind in full, and waived ones apart."""
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
        finding["kind"] = _kind([finding, *finding["alike"]])
        finding["behind"] = []
    return {
        "cards": cards,
        "more": more,
        "waived": waived,
        "left_out": (total[0] if total else 0) - len(found),
        "tiles": tiles,
    }


def _cards_and_more(opened: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The worst finding of each kind as a card with the others ``alike``; kinds beyond ``OPEN_CARDS`` one by one."""
    cards: dict[str, dict[str, Any]] = {}
    more: list[dict[str, Any]] = []
    for finding in opened:
        finding["anchor"] = f"finding-{finding['rank']}"
        if finding["detector"] in cards:
            cards[finding["detector"]]["alike"].append(finding)
        elif len(cards) < OPEN_CARDS:
            cards[finding["detector"]] = finding | {"alike": []}
        else:
            more.append(finding)
    return list(cards.values()), more


def _kind(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bars of a kind that has several findings: what each is about, its effect (percent of the largest), its images."""
    if len(findings) < 2:
        return []
    shown = [finding for finding in findings if finding["effect_name"] == findings[0]["effect_name"]][:ALIKE_SHOWN]
    if len(shown) < 2:
        return []
    largest = max((abs(finding["effect_size"] or 0.0) for finding in shown), default=0.0)
    return [
        {
            "about": finding["class_name"] or _subject(finding["finding_id"]),
            "effect": finding["effect_size"],
            "bar": 100 * abs(finding["effect_size"] or 0.0) / largest if largest else 0.0,
            "images": finding["affected_images"],
        }
        for finding in shown
    ]


def _subject(finding_id: str) -> str:
    """What a finding on the whole data set is about: it stands in its id only, between words for the machine."""
    parts = [part for part in finding_id.split(":")[1:] if part not in ("dataset", "state", "*")]
    return ": ".join(parts) or "data set"


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
