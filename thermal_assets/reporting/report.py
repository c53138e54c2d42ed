"""The report: the whole diagnosis as one HTML file that opens anywhere, offline."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from pathlib import Path
from typing import Any

import duckdb

from thermal_assets.errors import UserError
from thermal_assets.reporting.context import ReportContext, ReportSummary
from thermal_assets.reporting.definitions import definitions
from thermal_assets.reporting.gallery import Gallery
from thermal_assets.reporting.rendering import render
from thermal_assets.reporting.sections import comparisons, drift, hygiene
from thermal_assets.reporting.sections.audits import audits
from thermal_assets.reporting.sections.changes import changes
from thermal_assets.reporting.sections.decisions import decisions
from thermal_assets.reporting.sections.densities import densities
from thermal_assets.reporting.sections.extremes import extreme_tiles, extremes, lowest_by_class
from thermal_assets.reporting.sections.findings import add_pictures_behind, findings
from thermal_assets.reporting.sections.labels import label_drift
from thermal_assets.reporting.sections.maps import l3_map
from thermal_assets.reporting.sections.overview import overview
from thermal_assets.reporting.sections.pivots import pivots
from thermal_assets.reporting.sections.provenance import provenance
from thermal_assets.reporting.sections.scorecard import scorecard
from thermal_assets.reporting.sections.temperatures import temperatures

__all__ = ["ReportContext", "ReportSummary", "write_page", "write_report"]


def write_report(
    connection: duckdb.DuckDBPyConnection,
    *,
    image_root: Path,
    output: Path,
    title: str,
    context: ReportContext,
) -> ReportSummary:
    """Write the report of the warehouse behind ``connection`` to ``output``.

    The file appears whole or not at all: it is written beside ``output`` and moved over it. Pictures are read from
    ``image_root`` now; a file that is gone leaves a box with its name. Nothing is written to the warehouse.

    Raises:
        UserError: ``output`` cannot be written.
    """
    started = time.monotonic()
    gallery = Gallery(image_root)
    # In the order of reading, because the first sections have the first claim to the budget of pictures.
    found = findings(connection, gallery)
    found_extremes = extremes(connection)
    shown_overview = overview(connection, context)
    l2_dimensions = next((lens["dimensions"] for lens in shown_overview["lenses"] if lens["level"] == "L2"), 1280)
    shown: dict[str, Any] = {
        "overview": shown_overview,
        "definitions": definitions(context.k, l2_dimensions),
        "findings": found,
        "decisions": decisions(connection, gallery),
        "changes": changes(connection),
        "scorecard": scorecard(connection),
        "hygiene": hygiene.class_table(connection, gallery),
        "problems": hygiene.problems(connection, gallery),
        "quality": hygiene.quality(connection, gallery),
        "duplicates": hygiene.duplicates(connection, gallery),
        "temperatures": temperatures(connection),
        "densities": densities(connection),
        "extremes": extreme_tiles(found_extremes, gallery) if found_extremes else None,
        "lowest_by_class": lowest_by_class(connection, gallery),
        "map": l3_map(connection, gallery),
        "pivots": pivots(connection, found_extremes, gallery),
        "separation": comparisons.separation(connection),
        "persistence": comparisons.persistence(connection),
        "distance_drift": drift.distance_drift(connection),
        "time_drift": drift.time_drift(connection),
        "domain_drift": drift.domain_drift(connection, gallery),
        "labels": label_drift(connection, gallery),
        "audits": audits(connection, gallery),
        "runs": provenance(connection),
    }
    add_pictures_behind(found)
    page = render(title=title, context=context, gallery=gallery, **shown).encode("utf-8", errors="replace")
    write_page(output, page)
    return ReportSummary(bytes=len(page), seconds=time.monotonic() - started, thumbnails=gallery.thumbnails)


def write_page(output: Path, page: bytes) -> None:
    """Write ``page`` beside ``output`` and move it over it.

    Raises:
        UserError: it cannot be written there.
    """
    temporary = output.with_name(f".report-{uuid.uuid4().hex}.part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            stream.write(page)
        os.replace(temporary, output)  # noqa: PTH105
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(f"The report cannot be written to {output}: {error.strerror or error}.") from error
