"""Keep, review or drop: every file once, with its reasons and the findings that speak of it.

The rules are the report models review_rules and review_reasons; nothing is decided here but the cut of a budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import duckdb
import polars as pl

from thermal_assets.errors import UserError
from thermal_assets.findings.finding import SEVERITIES

DECISIONS = ("keep", "review", "drop")

_FILES = """
SELECT d.image_id, d.class_name, d.decision, d.rank, d.reasons, f.image_key, f.session_id, f.frame_id,
       f.distance_m, f.content_hash, s.pixel_hash, s.width, s.height
FROM image_decisions d
JOIN file_manifest f ON f.image_id = d.image_id
LEFT JOIN channel_stats s ON s.image_id = d.image_id
ORDER BY d.image_id
"""


def decisions(connection: duckdb.DuckDBPyConnection, drop_budget: int | None = None) -> pl.DataFrame:
    """One row per file of file_manifest, by image_id.

    Columns: image_id, class_name, decision, rank (1 = look here first; null = keep), reasons list[str], severity
    (worst open finding that speaks of the image; null = none), finding_ids list[str], image_key, session_id, frame_id,
    distance_m, content_hash, pixel_hash, width, height (pixels; null where the file cannot be read).

    ``drop_budget``: exactly the first so many of the ranking are dropped, whatever their decision was; the
    others of the ranking are for review. None: as the rules say.
    """
    frame = connection.sql(_FILES).pl()
    if drop_budget is not None:
        cut = pl.when(pl.col("rank").is_null()).then(pl.lit("keep"))
        frame = frame.with_columns(
            cut.when(pl.col("rank") <= drop_budget).then(pl.lit("drop")).otherwise(pl.lit("review")).alias("decision")
        )
    frame = frame.join(_finding_images(connection), on="image_id", how="left", maintain_order="left")
    return frame.with_columns(pl.col("finding_ids").fill_null(pl.lit([], dtype=pl.List(pl.String))))


def of_classes(frame: pl.DataFrame, classes: Sequence[str]) -> pl.DataFrame:
    """The rows of ``classes``; all of them if none is named.

    Raises:
        UserError: there is no such class; names the nearest.
    """
    if not classes:
        return frame
    known = set(frame["class_name"].unique())
    for name in classes:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            raise UserError(f"there is no class {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return frame.filter(pl.col("class_name").is_in(list(classes)))


def rules(connection: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    """The rules, surest first: decision, reason, meaning."""
    return connection.sql("SELECT decision, reason, meaning FROM review_rules ORDER BY priority").pl().to_dicts()


def _finding_images(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """image_id, finding_ids (worst first) and severity, of every image that the evidence of an open finding names.

    A finding's evidence is a query; where it returns image_id, or class_name and batch_id, those are its images.
    Findings about whole classes name no image.
    """
    found = connection.execute(
        "SELECT finding_id, severity, evidence_sql FROM findings WHERE status = 'open' ORDER BY rank"
    ).fetchall()
    parts = []
    for position, (finding_id, severity, evidence) in enumerate(found):
        try:
            columns = set(connection.sql(f"SELECT * FROM ({_bare(evidence)}) LIMIT 0").columns)
            if "image_id" in columns:
                images = connection.sql(f"SELECT DISTINCT image_id FROM ({_bare(evidence)})").pl()
            elif {"class_name", "batch_id"} <= columns:
                images = connection.sql(
                    f"SELECT DISTINCT f.image_id FROM ({_bare(evidence)}) e "
                    "JOIN file_manifest f ON f.class_name = e.class_name AND f.batch_id = e.batch_id"
                ).pl()
            else:
                continue
        except duckdb.Error as error:
            raise UserError(
                f"the evidence of finding {finding_id} does not run ({str(error).splitlines()[0]}): "
                "run thermal-assets diagnose again"
            ) from error
        parts.append(
            images.select(
                pl.col("image_id").cast(pl.String),
                pl.lit(finding_id).alias("finding_id"),
                pl.lit(position).alias("position"),
                pl.lit(SEVERITIES.index(severity)).alias("severity"),
            )
        )
    if not parts:
        return pl.DataFrame(schema={"image_id": pl.String, "finding_ids": pl.List(pl.String), "severity": pl.String})
    told = pl.concat(parts).sort("image_id", "position")
    grouped = told.group_by("image_id", maintain_order=True).agg(
        pl.col("finding_id").alias("finding_ids"), pl.col("severity").min()
    )
    return grouped.with_columns(pl.col("severity").replace_strict(dict(enumerate(SEVERITIES)), return_dtype=pl.String))


def _bare(query: str) -> str:
    """``query`` without its final semicolon, on lines of its own so that a comment at its end does no harm."""
    return f"\n{query.rstrip().rstrip(';')}\n"
