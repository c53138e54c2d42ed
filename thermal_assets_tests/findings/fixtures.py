"""A small warehouse in memory: four clean classes that hold nothing worth a finding."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import numpy as np
import polars as pl

from thermal_assets.findings.engine import detect
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.warehouse.access import empty_frame
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.ddl import create_table_sql
from thermal_assets.warehouse.views import VIEWS

PLAIN = ("pipe_normal", "pipe_anomaly", "valve_normal", "valve_anomaly")
HOSTILE = ("배관 '정상'", '배관 "이상"; DROP TABLE findings; --', "100%% [밸브] {0}", "밸브's_\\이상$x")
IMAGES = 80
SESSIONS = 10
LENSES = {"L2": "mobilenet_v2-abc", "L3": "pca-def"}
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
_FILL = {"VARCHAR": "x", "BIGINT": 0, "INTEGER": 0, "DOUBLE": 0.0, "FLOAT": 0.0, "BOOLEAN": False, "HUGEINT": 0}


@dataclass
class SmallWarehouse:
    """Rows by table. Required columns that a row leaves out are filled, so that rows say what matters only."""

    names: tuple[str, ...] = PLAIN
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def add(self, table: str, **values: Any) -> dict[str, Any]:
        row = {c.name: _filled(c.type) for c in TABLES[table].columns if not c.nullable}
        row.update(values)
        self.tables[table].append(row)
        return row

    def of(self, table: str, class_name: str | None = None, **wanted: Any) -> list[dict[str, Any]]:
        wanted |= {} if class_name is None else {"class_name": class_name}
        return [row for row in self.tables[table] if all(row.get(name) == value for name, value in wanted.items())]

    def drop(self, table: str, image_key: int) -> None:
        self.tables[table] = [row for row in self.tables[table] if row.get("image_key") != image_key]

    def connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        for contract in TABLES.values():
            connection.execute(create_table_sql(contract))  # without the comments, which cost half the time
        for view in VIEWS.values():
            connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
        for table, rows in self.tables.items():
            if rows:
                frame = pl.DataFrame(rows, schema=_schema(table))
                connection.register("incoming", frame)
                connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
                connection.unregister("incoming")
        return connection


def found(connection: duckdb.DuckDBPyConnection, **thresholds: float) -> pl.DataFrame:
    """Findings by the default thresholds, some of them changed."""
    return detect(connection, Thresholds(**thresholds), [], date(2026, 11, 21))


def set_all(rows: list[dict[str, Any]], **values: Any) -> None:
    assert rows, "a plant must find the rows it changes"
    for row in rows:
        row.update(values)


@cache
def _schema(table: str) -> pl.Schema:
    return empty_frame(table).schema


def _filled(type_name: str) -> Any:
    if type_name.endswith("[]"):
        return []
    return NOW if type_name == "TIMESTAMPTZ" else _FILL.get(type_name)


def clean(names: tuple[str, ...] = PLAIN, vectors: bool = False) -> SmallWarehouse:
    """Four classes (two objects, normal and anomaly) of 80 images in ten sessions, without a fault."""
    w = SmallWarehouse(names)
    rng = np.random.default_rng(0)
    for level, lens_id in LENSES.items():
        w.add("lenses", lens_id=lens_id, level=level, name=lens_id, in_force=True, dimensions=1280, parameters="{}")
    for index, name in enumerate(names):
        _clean_class(w, index, name, rng, vectors)
    for normal, anomaly in (names[:2], names[2:]):
        _clean_pair(w, normal, anomaly)
    for scope, name in [("class", n) for n in names] + [("dataset", "*")]:
        w.add("outlier_persistence", class_name=name, scope=scope, n=10, images_compared=80, overlap=8, expected=7.5,
              expected_low=6.0, expected_high=9.0, projections=20, rank_correlation=0.9)  # fmt: skip
    first = next(iter(w.of("file_manifest")))
    for run, day in (("run-1", 0), ("run-2", 1)):
        when = NOW + timedelta(days=day)
        w.add("run_log", run_id=run, asset="file_manifest", partition=names[0], status="written", started_at=when,
              seconds=2.5, rows=IMAGES)  # fmt: skip
        w.add("metric_history", run_id=run, metric="image_count", class_name=names[0], value=79.0 + day,
              measured_at=when)  # fmt: skip
        w.add("image_changes", run_id=run, image_id=first["image_id"], class_name=names[0], change="added",
              seen_at=when)  # fmt: skip
    return w


def _clean_class(w: SmallWarehouse, index: int, name: str, rng: np.random.Generator, vectors: bool) -> None:
    object_code, state = ("PIP", "VLV")[index // 2], ("normal", "anomaly")[index % 2]
    w.add("class_catalog", class_name=name, partition_key=name, object_code=object_code, state=state,
          pair=object_code.lower(), expected=True)  # fmt: skip
    keys = [index * 1000 + i for i in range(IMAGES)]
    for i, key in enumerate(keys):
        session = i % SESSIONS
        day = date(2020, 11 + session % 2, 3 + session)
        session_id = f"{day}|CIC|A{900 + session:04d}-A1110"
        token = f"D{1 + session // 2 % 2}"
        image_id = f"{name}/{object_code}_{key:04d}.png"
        identity = {"image_id": image_id, "class_name": name, "image_key": key, "content_hash": f"{key:032x}"}
        w.add("file_manifest", **identity, file_name=image_id.rpartition("/")[2], extension="png", size_bytes=9000,
              object_code=object_code, state_code={"normal": "NOM", "anomaly": "AON"}[state], captured_on=day,
              site_code="CIC", session_code=session_id.rpartition("|")[2], distance_token=token,
              distance_m=float(token[1:]), frame_number=key, bbox_index=0, session_id=session_id,
              batch_id=f"{session_id}|{token}", frame_id=f"{session_id}|{token}|{key}", tokens_valid=True)  # fmt: skip
        w.add("channel_stats", **identity, format="PNG", width=64, height=48, mode="RGB", bit_depth=8, channel_count=3,
              mean_r=120.0, minimum=3.0, maximum=250.0, entropy=6.5, sharpness=0.01, saturated_fraction=0.0,
              palette="grey", palette_confidence=1.0, pixel_hash=f"{key:032x}", radiometric="none")  # fmt: skip
        if vectors:
            vector = rng.normal(size=1280).astype(np.float32)
            w.add("l2_embeddings", image_key=key, class_name=name, content_hash=f"{key:032x}", lens_id=LENSES["L2"],
                  embedding=vector / np.linalg.norm(vector))  # fmt: skip
    for level, lens_id in LENSES.items():
        _clean_densities(w, name, keys, level, lens_id, rng)
        for month in ("2020-11", "2020-12"):
            w.add("time_drift", class_name=name, level=level, period=month, image_count=40, sessions=5,
                  median_density=2.0, energy_distance=0.01, p_value=0.6, attainable_p=0.004, statement="no change",
                  lens_id=lens_id)  # fmt: skip
        for distance in (1.0, 2.0):
            w.add("distance_drift", class_name=name, level=level, distance_m=distance, image_count=40, sessions=5,
                  median_density=2.0, spearman=0.05, eta_squared=0.01, p_value=0.7, attainable_p=0.004,
                  statement="no change", lens_id=lens_id)  # fmt: skip
    for batch in sorted({row["batch_id"] for row in w.of("file_manifest", name)}):
        w.add("batch_drift", class_name=name, batch_id=batch, object_code=object_code, image_count=8,
              foreign_share=0.04, base_rate=0.04, effect=0.0, lens_id=LENSES["L3"])  # fmt: skip
    for channel in "rgb":
        w.add("pixel_histogram", class_name=name, channel=channel, bin=120, count=IMAGES * 64 * 48)
    w.add("class_pixel_stats", class_name=name, image_count=IMAGES, canvas=64, mean_std=40.0)
    w.add("publication", class_name=name, manifest_version="1", up_to_date=True)


def _clean_densities(
    w: SmallWarehouse, name: str, keys: list[int], level: str, lens_id: str, rng: np.random.Generator
) -> None:
    logs = 0.7 + 0.05 * rng.normal(size=len(keys))
    order = np.argsort(logs)
    median = float(np.median(logs))
    spread = float(np.median(np.abs(logs - median)))
    for scope in ("class", "dataset"):
        w.add(f"{scope}_density_scales", class_name=name, level=level, lens_id=lens_id, image_count=len(keys),
              median_log_density=median, mad_log_density=spread)  # fmt: skip
        for key, log in zip(keys, logs, strict=True):
            density = math.exp(log)
            w.add(f"{scope}_densities", image_key=key, class_name=name, level=level, lens_id=lens_id, density=density,
                  density_xs=density, density_xs_basis="other sessions", mean_distance_1=0.9 / density,
                  mean_distance_10=1 / density, mean_distance_100=1.2 / density, local_ratio=1.0, k_used=10,
                  n_candidates=len(keys) - 1, reliable=True)  # fmt: skip
            others = [k for k in keys if k != key][:10]
            extra = {"metric": "euclidean"} if scope == "dataset" else {}
            w.add(f"{scope}_neighbors", image_key=key, class_name=name, level=level, lens_id=lens_id, method="exact",
                  neighbor_keys=others, distances=[0.4 + 0.01 * i for i in range(10)], candidates=79,
                  **extra)  # fmt: skip
        for side, ranked in (("low", order), ("high", order[::-1])):
            for rank, position in enumerate(ranked[:10], start=1):
                w.add(f"{scope}_outliers", image_key=keys[position], class_name=name, level=level, lens_id=lens_id,
                      side=side, rank=rank, density=math.exp(logs[position]), rule="lowest 10 of density_xs",
                      threshold=1.9)  # fmt: skip


def _clean_pair(w: SmallWarehouse, normal: str, anomaly: str) -> None:
    for level, lens_id in LENSES.items():
        for matched in (False, True):
            w.add("separation", normal_class=normal, anomaly_class=anomaly, level=level, matched=matched,
                  separability_auc=0.95, distance_auc=0.8, compactness_auc=0.55, ci_low=0.9, ci_high=0.98, m=80,
                  interval_note="sessions resampled", n_normal=80, n_anomaly=80, sessions_normal=10,
                  sessions_anomaly=10, median_density_normal=2.0, median_density_anomaly=1.8, lens_id=lens_id,
                  reference_id="r")  # fmt: skip
