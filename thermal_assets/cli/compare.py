"""``thermal-assets compare``: two homes side by side, on the terminal and as one HTML file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from thermal_assets.cli.console import out
from thermal_assets.errors import UserError
from thermal_assets.home.layout import open_home
from thermal_assets.reporting.comparison.compare import Comparison, compare
from thermal_assets.reporting.comparison.side import Side, read_side

_SHOWN = 8


def run_compare(home_a: Path, home_b: Path, out_file: Path | None) -> None:
    """Compare the published copies of two homes.

    Raises:
        UserError: a home has no published copy, both are the same home, or the page cannot be written.
    """
    from thermal_assets.reporting.comparison.page import write_comparison

    if home_a.resolve() == home_b.resolve():
        raise UserError(
            f"{home_a} and {home_b} are the same home: to compare two times, keep a copy of the earlier home"
        )
    a, b = (_side(home) for home in (home_a, home_b))
    comparison = compare(a, b)
    target = out_file or Path(f"compare-{home_a.resolve().name}-{home_b.resolve().name}.html")
    size = write_comparison(comparison, target, datetime.now(UTC))
    _print(comparison)
    out.print(f"written: {target} ({size / 1e3:,.0f} kB)", highlight=False, markup=False, soft_wrap=True)


def _side(root: Path) -> Side:
    home = open_home(root)
    return read_side(home.root.name, home.published)


def _print(comparison: Comparison) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "A", "B", "B - A"):
        table.add_column(heading, justify="left" if not heading else "right")
    rows = sorted(comparison.scores, key=lambda row: (row["measure"] != "composite", -abs(row["difference"] or 0.0)))
    for row in rows[:_SHOWN]:
        values = [row["a"]["value"], row["b"]["value"], row["difference"]]
        table.add_row(row["title"], *(Text("-" if value is None else f"{value:.3g}") for value in values))
    out.print(f"A: {comparison.a.path}", highlight=False, markup=False, soft_wrap=True)
    out.print(f"B: {comparison.b.path}", highlight=False, markup=False, soft_wrap=True)
    out.print(table)
    for level, same in comparison.same_lens.items():
        text = (
            "one lens, densities are comparable" if same else "different lenses, densities only relative to their own"
        )
        out.print(f"{level}: {text}", highlight=False)
    matched, only_a, only_b = len(comparison.classes), len(comparison.only_a), len(comparison.only_b)
    out.print(f"{matched} classes matched, {only_a} only in A, {only_b} only in B", highlight=False)
