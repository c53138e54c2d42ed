"""One side of a comparison: what a published copy says in figures without a unit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from thermal_assets.errors import UserError
from thermal_assets.reporting.queries import density_scope, rows

LEVELS = ("L2", "L3")

_CLASSES = """
    WITH copies AS (
        SELECT class_name, count(DISTINCT image_id) AS copies
        FROM duplicates WHERE kind IN ('file', 'pixels') AND NOT keeper GROUP BY class_name
    ), sessions AS (
        SELECT class_name, count(DISTINCT session_id) AS sessions FROM file_manifest GROUP BY class_name
    )
    SELECT c.class_name, c.object_code, c.state, c.pair, c.file_count, c.image_count,
           c.image_count / nullif(sum(c.image_count) OVER (), 0) AS share,
           1 - c.image_count / nullif(c.file_count, 0) AS unreadable_share,
           coalesce(k.copies, 0) / nullif(c.image_count, 0) AS copy_share, s.sessions
    FROM classes c LEFT JOIN copies k USING (class_name) LEFT JOIN sessions s USING (class_name)
    ORDER BY c.class_name
    """
# A density has the unit of its lens; over the median of its own data set it has none.
_DENSITIES = """
    WITH known AS (
        SELECT d.class_name, d.level, d.density, median(d.density) OVER (PARTITION BY d.level) AS median_of_all
        FROM {scope}_densities d JOIN lenses l ON l.lens_id = d.lens_id AND l.in_force
        WHERE d.density IS NOT NULL
    )
    SELECT class_name, level, median(density) / any_value(median_of_all) AS relative_median,
           quantile_cont(density, 0.75) / quantile_cont(density, 0.25) AS spread, any_value(median_of_all) AS median_of_all
    FROM known GROUP BY class_name, level
    """
_SEPARATION = """
    SELECT normal_class, anomaly_class, level,
           arg_max(separability_auc, matched) AS auc, arg_max(ci_low, matched) AS ci_low,
           arg_max(ci_high, matched) AS ci_high, max(matched) AS matched
    FROM separation JOIN lenses USING (lens_id, level)
    WHERE in_force AND separability_auc IS NOT NULL
    GROUP BY normal_class, anomaly_class, level
    """
_FINDINGS = """
    SELECT detector, min(severity) AS severity, count(*) AS findings, sum(affected_images)::BIGINT AS images
    FROM findings WHERE status = 'open' GROUP BY detector
    """


@dataclass(frozen=True)
class Side:
    """One home. ``densities`` and ``separation`` are keyed by class (or pair) and level."""

    label: str
    path: Path
    images: int
    lenses: dict[str, dict[str, Any]]
    classes: dict[str, dict[str, Any]]
    densities: dict[tuple[str, str], dict[str, Any]]
    separation: dict[tuple[str, str, str], dict[str, Any]]
    findings: dict[str, dict[str, Any]]
    scorecard: dict[str, dict[str, Any]]


def read_side(label: str, published: Path) -> Side:
    """Everything a comparison needs of a home, from its published copy; the file is only read.

    Raises:
        UserError: there is no published copy, or it was made by an older version; one line that says what to do.
    """
    if not published.is_file():
        raise UserError(f"{published.parent} has no published copy yet ({published.name}): run a diagnosis first")
    try:
        with _opened(published) as connection:
            scope = density_scope(connection)
            lenses = rows(connection, "SELECT level, lens_id, name, random_weights FROM lenses WHERE in_force")
            classes = rows(connection, _CLASSES)
            densities = rows(connection, _DENSITIES.format(scope=scope)) if scope else []
            separation = rows(connection, _SEPARATION)
            findings = rows(connection, _FINDINGS)
            scorecard = rows(connection, "SELECT * FROM scorecard ORDER BY place")
    except (duckdb.CatalogException, duckdb.BinderException):
        raise UserError(
            f"{published} was published by an older version of the program: run the diagnosis of "
            f"{published.parent} again, then compare"
        ) from None
    except duckdb.Error as error:
        raise UserError(f"{published} cannot be read: {str(error).splitlines()[0]}") from None
    return Side(
        label=label,
        path=published.parent,
        images=sum(row["image_count"] for row in classes),
        lenses={row["level"]: row for row in lenses},
        classes={row["class_name"]: row for row in classes},
        densities={(row["class_name"], row["level"]): row for row in densities},
        separation={(row["normal_class"], row["anomaly_class"], row["level"]): row for row in separation},
        findings={row["detector"]: row for row in findings},
        scorecard={row["measure"]: row for row in scorecard},
    )


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(path), read_only=True)
    try:
        yield connection
    finally:
        connection.close()
