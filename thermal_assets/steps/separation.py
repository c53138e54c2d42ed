"""Normal against anomaly, at L2 and L3."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import whitened_unit
from thermal_assets.mapped_files import release_pages
from thermal_assets.progress import reporter
from thermal_assets.statistics.hashing import short_id
from thermal_assets.steps.images import aligned, normal_anomaly_pairs, vectors_of, whole_dataset
from thermal_assets.steps.l3_files import load_lens
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS
from thermal_assets.warehouse.access import empty_frame

_VERSION = "4"


def materialize_separation(home: Home, run_id: str, max_reference: int) -> StepReport:
    """Write separation: every normal class against every anomaly class of its pair."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.statistics.separation import separation

        with home.warehouse.read() as connection:
            lenses, images, copies, missing = whole_dataset(connection)
            measured = connection.sql(
                "SELECT image_key, level, density FROM class_densities "
                "JOIN (SELECT lens_id FROM lenses WHERE in_force) USING (lens_id)"
            ).pl()
            before = connection.sql("SELECT * FROM separation").pl()
        pairs = normal_anomaly_pairs(images)
        frames, most = [empty_frame("separation")], 0
        for level, lens_id in lenses.items():
            densities = aligned(images, measured.filter(pl.col("level") == level), "density")
            given = level, lens_id, max_reference
            marks = {pair: _follows_from(images, copies, densities, pair, given) for pair in pairs}
            kept = before.filter(pl.col("level") == level, pl.col("measured_on").is_in(list(marks.values())))
            frames.append(kept)
            known = set(kept["measured_on"])
            changed = [pair for pair, mark in marks.items() if mark not in known]
            most = max(most, len(changed))
            if not changed:
                continue
            rows = np.flatnonzero(images["class_name"].is_in([name for pair in changed for name in pair]).to_numpy())
            mapped = vectors_of(home, lens_id, images["content_hash"].gather(rows))
            vectors = whitened_unit(load_lens(home, lens_id), mapped) if level == "L3" else mapped
            frames.append(
                separation(
                    images[rows],
                    vectors,
                    level=level,
                    lens_id=lens_id,
                    pairs=changed,
                    densities=densities[rows],
                    copies=copies[rows],
                    measured_on=[marks[pair] for pair in changed],
                    max_references=max_reference,
                    progress=partial(_after_pair, mapped, reporter(f"separation at {level}")),
                )
            )
        table = pl.concat(frames, how="vertical_relaxed")
        facts = {"pairs": len(pairs), "pairs_measured": most, "missing_classes": missing, **_plot(table)}
        return {"separation": Output([Slice("separation", table)], lenses["L3"], metadata=facts)}

    upstream = [
        (asset, ALL_PARTITIONS)
        for asset in (
            "image_classes",
            "file_manifest",
            "class_densities",
            "l2_embeddings",
            "l3_projection",
            "duplicates",
        )
    ]
    plan = AssetPlan("separation", _VERSION, {"max_reference": max_reference})
    return run_step(home, run_id, [plan], compute, upstream=upstream)["separation"]


def _follows_from(
    images: pl.DataFrame, copies: np.ndarray, densities: np.ndarray, pair: tuple[str, str], given: tuple[object, ...]
) -> str:
    """A hash of all that the rows of ``pair`` follow from. The numbers of groups of copies are not: they may change."""
    rows = np.flatnonzero(images["class_name"].is_in(pair).to_numpy())
    part, groups = images[rows], copies[rows]
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    columns = part.select("class_name", "image_key", "content_hash", "session_id", "distance_m")
    return short_id(
        _VERSION, *pair, *given, columns.write_csv(), np.where(groups < 0, -1, first[place]), densities[rows]
    )


def _after_pair(mapped: np.ndarray, report: Callable[[int, int], None], done: int, of: int) -> None:
    release_pages(mapped)
    report(done, of)


def _plot(rows: pl.DataFrame) -> dict[str, object]:
    shown = rows.filter((pl.col("level") == "L3") & ~pl.col("matched") & pl.col("separability_auc").is_not_null())
    if shown.is_empty():
        return {}
    from thermal_assets.reporting.plots import separation_dots

    return {"plot": separation_dots(shown.to_dicts())}
