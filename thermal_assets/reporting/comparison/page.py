"""The comparison as one HTML file in the style of the report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from thermal_assets.reporting.comparison.compare import Comparison
from thermal_assets.reporting.rendering import render
from thermal_assets.reporting.report import write_page


def write_comparison(comparison: Comparison, output: Path, generated_at: datetime) -> int:
    """Write the page, whole or not at all; returns its size in bytes.

    Raises:
        UserError: ``output`` cannot be written.
    """
    page = render(
        template="compare.html.jinja",
        title=f"{comparison.a.label} and {comparison.b.label} side by side",
        c=comparison,
        generated_at=generated_at,
        untrained=any(lens["random_weights"] for side in (comparison.a, comparison.b) for lens in side.lenses.values()),
    ).encode("utf-8", errors="replace")
    write_page(output, page)
    return len(page)
