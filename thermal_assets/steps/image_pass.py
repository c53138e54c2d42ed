"""The image pass of one class: statistics, class pictures and L2 embeddings from one decode."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from thermal_assets.embedding import by_products
from thermal_assets.embedding.image_pass import ImageFile, PassSummary, run_image_pass
from thermal_assets.embedding.stats_store import StatsStore
from thermal_assets.embedding.vector_store import VectorStore
from thermal_assets.home.layout import Home
from thermal_assets.imaging.version import STATS_VERSION
from thermal_assets.lenses.lens_spec import LensSpec
from thermal_assets.lenses.of_home import home_lens
from thermal_assets.lenses.packaged import described
from thermal_assets.lenses.state import lens_row, register_lens
from thermal_assets.manifest.identity import class_of, path_of
from thermal_assets.progress import reporter
from thermal_assets.steps.class_pictures import class_picture_output
from thermal_assets.steps.images import vector_blocks
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport, VectorSlice
from thermal_assets.steps.step import run_step
from thermal_assets.warehouse.access import empty_frame

ASSETS = ("channel_stats", "class_pixel_stats", "l2_embeddings")
_STAGE = "decode"


def materialize_image_pass(
    home: Home,
    run_id: str,
    partition: str,
    selected: frozenset[str],
    *,
    lens_name: str | None = None,
    lens_weights: str | None = None,
    workers: int | None = None,
    log: Callable[[str], None] = lambda line: None,
) -> dict[str, StepReport]:
    """Write those of ``ASSETS`` that are ``selected``, for one class; each image is decoded once for all of them."""
    class_name = class_of(partition)
    lens = home_lens(home, lens_name, lens_weights) if "l2_embeddings" in selected else None
    stats, vectors = StatsStore(home.statistics), None
    if lens is not None:
        vectors = VectorStore(home.vectors, lens.lens_id, lens.dimensions)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        manifest = home.warehouse.frame(
            "SELECT image_id, image_key, class_name, content_hash FROM file_manifest "
            "WHERE class_name = ? AND content_hash IS NOT NULL ORDER BY image_id",
            [class_name],
        )
        embed = "l2_embeddings" in due
        summary = run_image_pass(
            [
                ImageFile(path_of(home.image_root, image_id), image_id, content_hash)
                for image_id, content_hash in manifest.select("image_id", "content_hash").iter_rows()
            ],
            stats=stats,
            vectors=vectors if embed else None,
            lens=lens if embed else None,
            workers=workers or home.settings.workers,
            progress=reporter(f"images of {class_name}"),
        )
        for line in (summary.engine, *summary.warnings):
            if line:
                log(line)
        # Only images with statistics count: those are the ones that could be decoded.
        found = stats.statistics(manifest["content_hash"].to_list())
        readable = manifest.join(found, on="content_hash", how="inner", maintain_order="left")
        outputs: dict[str, Output] = {}
        if "channel_stats" in due:
            outputs["channel_stats"] = _channel_stats(class_name, manifest, readable, stats, summary)
        if "class_pixel_stats" in due:
            outputs["class_pixel_stats"] = class_picture_output(home, class_name, readable["content_hash"], stats)
        if embed and lens is not None and vectors is not None:
            outputs["l2_embeddings"] = _embeddings(class_name, readable, lens, vectors, summary)
        return outputs

    parameters: dict[str, Mapping[str, str]] = {
        "channel_stats": {"statistics": STATS_VERSION},
        "class_pixel_stats": {"statistics": STATS_VERSION},
        "l2_embeddings": {"lens": lens.lens_id if lens else ""},
    }
    plans = [AssetPlan(asset, "1", parameters[asset]) for asset in ASSETS if asset in selected]
    return run_step(home, run_id, plans, compute, partition=partition, upstream=[("file_manifest", partition)])


def _channel_stats(
    class_name: str, manifest: pl.DataFrame, readable: pl.DataFrame, stats: StatsStore, summary: PassSummary
) -> Output:
    where = {"class_name": class_name}
    rows = empty_frame("channel_stats")
    if readable.height:
        rows = readable.select(rows.columns).cast(rows.schema)
    kept = manifest.join(stats.problems(manifest["content_hash"].to_list()), on="content_hash", how="inner")
    passing = pl.DataFrame(
        [(problem.image_id, problem.code, problem.message) for problem in summary.problems],
        schema={"image_id": pl.String, "code": pl.String, "message": pl.String},
        orient="row",
    ).join(manifest, on="image_id")
    columns = ["image_id", "class_name", "image_key", "code", "message"]
    problems = (
        pl.concat([kept.select(columns), passing.select(columns)])
        .unique(["image_id", "code"], keep="first", maintain_order=True)
        .with_columns(pl.lit(_STAGE).alias("stage"))
        .select(empty_frame("decode_problems").columns)
    )
    return Output(
        [
            Slice("channel_stats", rows, where),
            Slice("decode_problems", problems, where),
            *(Slice(table, by_products.rows_of(table, readable), where) for table in by_products.TABLES),
        ],
        # What vanished or changed while it was read may be whole by now: the next run looks again.
        incomplete=bool(summary.problems),
        metadata={
            "decoded_now": summary.decoded,
            "images_per_second": round(summary.images_per_second, 1),
            "undecodable": manifest.height - readable.height,
            "seconds_by_stage": summary.seconds,
            "modes": _counts(rows, "mode"),
            "palettes": _counts(rows, "palette"),
            "radiometric": _counts(rows, "radiometric"),
        },
    )


def _embeddings(
    class_name: str, readable: pl.DataFrame, lens: LensSpec, vectors: VectorStore, summary: PassSummary
) -> Output:
    missing = vectors.missing(readable["content_hash"].to_list())
    wanted = (
        readable.select("image_key", "class_name", "content_hash")
        .filter(~pl.col("content_hash").is_in(list(missing)))
        .with_columns(pl.lit(lens.lens_id).alias("lens_id"))
    )
    row = lens_row(
        lens_id=lens.lens_id,
        level="L2",
        name=lens.name,
        weights_sha256=lens.weights_sha256,
        random_weights=lens.random_weights,
        input=lens.preprocessing,
        dimensions=lens.dimensions,
        real_dimensions=lens.dimensions,
        metric={"density": "euclidean", "neighbours": "euclidean of unit vectors"},
        fitted_on=described(lens),
        parameters={"seed": lens.seed} if lens.random_weights else {},
    )
    where = {"class_name": class_name, "lens_id": lens.lens_id}
    return Output(
        [VectorSlice("l2_embeddings", wanted, vector_blocks(vectors, "embedding"), where)],
        lens.lens_id,
        incomplete=bool(missing),
        metadata={
            "embedded_now": summary.embedded,
            "images_per_second": round(summary.images_per_second, 1),
            "engine": summary.engine or "nothing was due",
            "without_direction": summary.without_direction,
            "random_weights": lens.random_weights,
            "warnings": summary.warnings,
        },
        also=lambda transaction: register_lens(transaction, row),
    )


def _counts(rows: pl.DataFrame, column: str) -> dict[str, int]:
    counted = rows.group_by(column).len().sort("len", descending=True)
    return {str(value): count for value, count in counted.iter_rows()}
