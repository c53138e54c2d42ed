"""The pages under docs/ are those of today's code, and say something about everything in it."""

from __future__ import annotations

import re

import pytest

from thermal_assets.documentation.pages import BY_HAND, all_pages
from thermal_assets.reports_sql.folders import checkout_folder
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.views import VIEWS


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return all_pages()


def test_checked_in_pages_are_current(pages: dict[str, str]) -> None:
    docs = checkout_folder("docs")
    stale = [
        name
        for name, text in pages.items()
        if not (docs / name).is_file() or (docs / name).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run make docs"
    generated = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} - set(BY_HAND)
    assert generated == set(pages), "a page of something that is gone: delete it"


def test_every_table_view_and_column_is_explained(pages: dict[str, str]) -> None:
    text = "\n".join(text for name, text in pages.items() if name.startswith("tables/"))
    for item in (*TABLES.values(), *VIEWS.values()):
        assert f"## {item.name}\n\n{item.description}" in text
        assert all(column.comment for column in item.columns), item.name


def test_links_lead_somewhere(pages: dict[str, str]) -> None:
    docs = checkout_folder("docs")
    for target in re.findall(r"\]\(([^)#]+)\)", pages["README.md"]):
        assert target in pages or (docs / target).is_file(), target
