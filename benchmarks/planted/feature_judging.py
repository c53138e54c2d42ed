"""The project's own measures and detectors on a data set of feature vectors, in a warehouse in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import duckdb
import numpy as np
import polars as pl

from benchmarks.planted.feature_sets import FeatureSet
from thermal_assets.density.densities import densities
from thermal_assets.density.outliers import OutlierBudget
from thermal_assets.findings.detectors import DETECTORS
from thermal_assets.findings.finding import Finding
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.lenses.projection import ProjectionLens, fit_projection, whitened_unit
from thermal_assets.neighbors.grouped import neighborhood
from thermal_assets.statistics.batch_drift import batch_drift
from thermal_assets.statistics.distance_drift import distance_drift
from thermal_assets.statistics.distance_groups import distance_groups
from thermal_assets.statistics.domain_drift import domain_drift
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.label_conflicts import conflicting_images
from thermal_assets.statistics.label_evidence import LabelEvidence, label_evidence
from thermal_assets.statistics.label_noise import label_noise
from thermal_assets.statistics.label_probe import held_out_probabilities
from thermal_assets.statistics.persistence import outlier_persistence
from thermal_assets.statistics.run_drift import delivery_drift
from thermal_assets.statistics.separation import separation
from thermal_assets.statistics.shortcuts import shortcut_audit
from thermal_assets.statistics.time_drift import time_drift
from thermal_assets.steps.neighborhood import asked_of, neighborhood_rows
from thermal_assets.steps.outliers import judged_outliers
from thermal_assets.warehouse.access import empty_frame
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.ddl import create_table_sql
from thermal_assets.warehouse.views import VIEWS

LENS, LENS_L2 = "benchmark-L3", "benchmark-L2"
_IDENTITY = ("image_id", "class_name", "image_key", "content_hash")
_TOKENS = ("object_code", "captured_on", "site_code", "distance_m", "session_id", "batch_id", "frame_id")
# detector -> the tables that it judges
TABLES_OF: dict[str, tuple[str, ...]] = {
    "label_contamination": ("batch_drift",),
    "label_conflicts": ("label_conflicts", "label_noise"),
    "weak_separation": ("separation",),
    "shortcuts": ("shortcut_audit",),
    "two_normals": ("distance_groups",),
    "place_drift": ("domain_drift",),
    "time_drift": ("domain_drift",),
    "distance_effect": ("distance_drift",),
    "run_drift": ("run_drift",),
    "outliers_shared": ("class_densities", "class_outliers"),
    "session_clump": ("class_densities",),
    "outlier_persistence": ("outlier_persistence",),
}


def judge(
    data: FeatureSet, detectors: tuple[str, ...] = tuple(TABLES_OF)
) -> tuple[list[Finding], duckdb.DuckDBPyConnection]:
    """Findings of ``detectors``, and the warehouse they were judged in (the caller closes it)."""
    connection = _warehouse(data)
    measures = _measures(data)
    for table in sorted({table for detector in detectors for table in TABLES_OF[detector]}):
        _insert(connection, table, measures[table]())
    return [f for detector in detectors for f in DETECTORS[detector](connection, Thresholds())], connection


def _measures(data: FeatureSet) -> dict[str, Callable[[], pl.DataFrame]]:
    images, vectors = data.images, data.vectors

    @cache
    def lens() -> ProjectionLens:
        """Fitted where a measure asks for it, as the readings below."""
        return fit_projection([vectors if data.fitted is None else vectors[data.fitted]])

    @cache
    def projected() -> np.ndarray:
        return lens().project(vectors)

    @cache
    def white() -> np.ndarray:
        return whitened_unit(lens(), projected())

    labels = codes(images["class_name"])
    keys = images["image_key"].to_numpy()
    sessions = codes(images["session_id"])

    @cache
    def evidence() -> LabelEvidence:
        chances = held_out_probabilities(lambda rows: vectors[rows], labels, keys, sessions, salt="planted")
        return label_evidence(images, white(), probabilities=chances)

    objects = dict(images.select("class_name", "pair").unique().iter_rows())
    both = images.group_by("pair").agg(pl.col("state").n_unique()).filter(pl.col("state") == 2)["pair"].sort()
    pairs = [(f"{pair}_normal", f"{pair}_anomaly") for pair in both]

    def of_classes(measure: Callable[[pl.DataFrame, np.ndarray, np.ndarray, np.ndarray], pl.DataFrame]) -> pl.DataFrame:
        points = projected()
        parts = []
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            found = neighborhood(
                points[rows], session=sessions[rows], frame=rows, k_plain=100, k_across=10, near_copy_distance=0.05,
                kept=10, mean_of=(1, 10, 100),
            )  # fmt: skip
            measured = densities(found, k=10)
            parts.append(
                measure(images[rows], points[rows], measured["density"].to_numpy(), measured["density_xs"].to_numpy())
            )
        return pl.concat(parts)

    @cache
    def density_rows() -> pl.DataFrame:
        """Rows of class_densities, both levels."""
        parts = []
        for level, lens, points in (("L2", LENS_L2, vectors.astype(np.float32)), ("L3", LENS, projected())):
            for label in np.unique(labels):
                rows = np.flatnonzero(labels == label)
                found = neighborhood(points[rows], **asked_of(images[rows], points[rows], 10))
                parts.append(neighborhood_rows(images[rows], level, lens, found, 10).densities)
        return pl.concat(parts)

    return {
        "class_densities": density_rows,
        "class_outliers": lambda: judged_outliers(density_rows(), OutlierBudget()),
        "outlier_persistence": lambda: outlier_persistence(
            images, vectors.astype(np.float32), projected(), dimensions=lens().real_dimensions
        ),
        "batch_drift": lambda: batch_drift(
            images, white(), lens_id=LENS, code_objects={name: name for name in objects.values()}, objects=objects
        ),
        "label_conflicts": lambda: conflicting_images(images, evidence(), lens_id=LENS),
        "label_noise": lambda: label_noise(images, evidence(), lens_id=LENS),
        "separation": lambda: separation(images, white(), level="L3", lens_id=LENS, pairs=pairs),
        "shortcut_audit": lambda: shortcut_audit(images),
        "distance_groups": lambda: distance_groups(images, lambda rows: white()[rows], level="L3", lens_id=LENS),
        "domain_drift": lambda: domain_drift(images, lambda rows: white()[rows], level="L3", lens_id=LENS),
        "time_drift": lambda: of_classes(
            lambda part, points, density, xs: time_drift(part, points, density, xs, level="L3", lens_id=LENS)
        ),
        "distance_drift": lambda: of_classes(
            lambda part, points, density, xs: distance_drift(part, density, xs, level="L3", lens_id=LENS)
        ),
        "run_drift": lambda: delivery_drift(images, data.new, lambda rows: white()[rows], lens_id=LENS)
        if data.new.any()
        else empty_frame("run_drift"),
    }  # fmt: skip


def _warehouse(data: FeatureSet) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in TABLES.values():
        connection.execute(create_table_sql(table))
    for view in VIEWS.values():
        connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
    images = data.images
    tokens = images.select(*_IDENTITY, *_TOKENS, distance_token=pl.format("{}m", "distance_m"))
    _fill(connection, "file_manifest", tokens)
    _fill(connection, "channel_stats", images.select(_IDENTITY))
    classes = images.select("class_name", "state", "pair").unique().with_columns(partition_key="class_name")
    _fill(connection, "class_catalog", classes)
    lenses = {"lens_id": [LENS, LENS_L2], "level": ["L3", "L2"], "in_force": [True, True]}
    _fill(connection, "lenses", pl.DataFrame(lenses))
    return connection


def _fill(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Insert with the columns that no detector here reads at an empty value."""
    blank = {"VARCHAR": "", "BIGINT": 0, "INTEGER": 0, "DOUBLE": 0.0, "FLOAT": 0.0, "BOOLEAN": False}
    missing = [c for c in TABLES[table].columns if not c.nullable and c.name not in frame.columns]
    frame = frame.with_columns(
        pl.lit(datetime.now(UTC) if c.type == "TIMESTAMPTZ" else blank[c.type]).alias(c.name)
        for c in missing
        if not c.type.endswith("[]")
    )
    lists = [c.name for c in missing if c.type.endswith("[]")]
    frame = frame.with_columns(pl.Series(name, [[]] * frame.height, dtype=pl.List(pl.String)) for name in lists)
    _insert(connection, table, frame)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    if frame.height:
        connection.register("incoming", frame)
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
        connection.unregister("incoming")
