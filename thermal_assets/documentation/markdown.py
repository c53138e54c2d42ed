"""Small helpers for Markdown pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GENERATED = "<!-- Written by `python -m thermal_assets.documentation` from the code: change it there, not here. -->"


def page(title: str, *parts: str) -> str:
    """A whole page: title, the note that it is generated, then its parts."""
    return "\n\n".join([f"# {title}", GENERATED, *(part.strip() for part in parts if part.strip())]) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars in cells are escaped, line breaks become spaces."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: str) -> str:
    return " ".join(value.split()).replace("|", "\\|")


def code(value: str) -> str:
    return f"`{value}`" if value else ""
