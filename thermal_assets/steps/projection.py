"""L3: fit the lens on all classes, see one class through it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import polars as pl

from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.errors import UserError
from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import PROJECTION_VERSION, fit_projection
from thermal_assets.lenses.state import class_lens, lens_row, newest_l3_lens, register_lens
from thermal_assets.manifest.identity import class_of
from thermal_assets.progress import reporter
from thermal_assets.steps.images import vector_blocks
from thermal_assets.steps.l3_files import lens_path, load_lens
from thermal_assets.steps.outputs import AssetPlan, Output, StepReport, VectorSlice
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS, fingerprint
from thermal_assets.warehouse.contract import L3_DIMENSIONS
from thermal_assets.warehouse.rows import first_row

_VERSION = "1"
_BLOCK = 4096


def materialize_l3_lens(home: Home, run_id: str) -> StepReport:
    """Fit the L3 lens on the vectors of every embedded class and register it."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            l2_lens_id = _newest_l2_lens(connection)
            rows = connection.sql(
                "SELECT content_hash FROM l2_embeddings WHERE lens_id = $lens ORDER BY ALL", params={"lens": l2_lens_id}
            ).pl()
        hashes = rows["content_hash"].to_list()
        store = VectorStore(home.vectors, l2_lens_id)
        lens = fit_projection(
            _told(store.iter_blocks(hashes, _BLOCK), len(hashes)),
            L3_DIMENSIONS,
            source_lens_id=l2_lens_id,
            fitted_on=fingerprint(hashes),
        )
        lens.save(lens_path(home, lens.lens_id))
        row = lens_row(
            lens_id=lens.lens_id,
            level="L3",
            name=PROJECTION_VERSION,
            weights_sha256=None,
            random_weights=False,
            input={"l2_lens_id": l2_lens_id},
            dimensions=lens.dimensions,
            real_dimensions=lens.real_dimensions,
            metric={"density": "euclidean", "labels": "cosine of whitened axes"},
            fitted_on=f"{lens.image_count} images of all classes",
            parameters={"explained": round(lens.explained, 6), "fitted_on": lens.fitted_on},
        )
        from thermal_assets.reporting.plots import scree

        facts = {
            "images": lens.image_count,
            "real_dimensions": lens.real_dimensions,
            "explained_share": round(lens.explained, 4),
            "plot": scree(lens.scales.astype(np.float64) ** 2, explained=lens.explained),
        }
        return {
            "l3_lens": Output(
                [], lens.lens_id, metadata=facts, also=lambda transaction: register_lens(transaction, row)
            )
        }

    plan = AssetPlan("l3_lens", _VERSION)
    return run_step(home, run_id, [plan], compute, upstream=[("l2_embeddings", ALL_PARTITIONS)])["l3_lens"]


def materialize_l3_projection(home: Home, run_id: str, partition: str) -> StepReport:
    """Write l3_projection of one class, through the newest L3 lens fitted on its L2 lens."""
    class_name = class_of(partition)
    with home.warehouse.read() as connection:
        l2_lens_id = class_lens(connection, "l2_embeddings", partition)
        lens_id = newest_l3_lens(connection, l2_lens_id)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        lens = load_lens(home, lens_id)
        keys = home.warehouse.frame(
            "SELECT image_key, class_name, content_hash FROM l2_embeddings WHERE class_name = ? AND lens_id = ? "
            "ORDER BY image_key",
            [class_name, l2_lens_id],
        ).with_columns(pl.lit(lens_id).alias("lens_id"))
        source = VectorStore(home.vectors, l2_lens_id)
        target = VectorStore(home.vectors, lens_id, L3_DIMENSIONS)
        due_hashes = sorted(target.missing(keys["content_hash"].to_list()))
        report = reporter(f"projecting {class_name}")
        for start in range(0, len(due_hashes), _BLOCK):
            part = due_hashes[start : start + _BLOCK]
            target.write_chunk(part, lens.project(source.gather(part)))
            report(start + len(part), len(due_hashes))
        where = {"class_name": class_name, "lens_id": lens_id}
        vectors = VectorSlice("l3_projection", keys, vector_blocks(target, "projection"), where)
        return {"l3_projection": Output([vectors], lens_id, metadata={"projected_now": len(due_hashes)})}

    plan = AssetPlan("l3_projection", _VERSION, {"lens": lens_id})
    return run_step(home, run_id, [plan], compute, partition=partition, upstream=[("l2_embeddings", partition)])[
        "l3_projection"
    ]


def _newest_l2_lens(connection: duckdb.DuckDBPyConnection) -> str:
    row = first_row(
        connection,
        "SELECT lens_id FROM asset_versions WHERE asset = 'l2_embeddings' AND rows > 0 ORDER BY written_at DESC LIMIT 1",
    )
    if row is None:
        raise UserError("no class has L2 embeddings yet: run embed_class for the classes first")
    return str(row[0])


def _told(blocks: Iterator[np.ndarray], total: int) -> Iterator[np.ndarray]:
    report, done = reporter("fitting the L3 lens"), 0
    for block in blocks:
        yield block
        done += len(block)
        report(done, total)
