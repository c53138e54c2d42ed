"""What is different since the diagnosis before."""

from __future__ import annotations

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import whitened_unit
from thermal_assets.steps.findings import METRICS
from thermal_assets.steps.images import copy_groups, missing_classes, require_lenses_in_force, vectors_of
from thermal_assets.steps.l3_files import load_lens
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.shortcut_audit import AUDITED_IMAGES
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS
from thermal_assets.warehouse.access import empty_frame

_VERSION = "3"

# A run of the findings is what counts as a diagnosis; the scorecard adds its figures under the same run.
_LAST = "SELECT max(measured_at) FROM metric_history WHERE NOT starts_with(metric, 'scorecard_')"
_NEW = f"""
    SELECT DISTINCT image_id FROM image_changes
    WHERE change IN ('added', 'edited') AND seen_at > ({_LAST})
"""
_SEEN = """
    SELECT image_id, p.content_hash FROM l3_projection p
    JOIN file_manifest m ON m.image_key = p.image_key AND m.content_hash = p.content_hash
    WHERE p.lens_id = $lens
"""


def materialize_run_drift(home: Home, run_id: str) -> StepReport:
    """Write run_drift; without rows after a first diagnosis."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.statistics.run_drift import delivery_drift, metric_drift

        with home.warehouse.read() as connection:
            lenses = require_lenses_in_force(connection)
            missing = missing_classes(connection)
            ((last,),) = connection.execute(_LAST).fetchall()
            frames = [empty_frame("run_drift")]
            if last is not None:
                seen = connection.sql(_SEEN, params={"lens": lenses["L3"]}).pl()
                images = connection.sql(AUDITED_IMAGES).pl()
                arrived = connection.sql(_NEW).pl()
                history = connection.sql("SELECT metric, class_name, value, measured_at FROM metric_history").pl()
                now = connection.sql(METRICS).pl()
                images = images.join(seen, on="image_id", how="inner", maintain_order="left")
                copies = copy_groups(connection, images)
        new_images = 0
        if last is not None:
            new = images["image_id"].is_in(arrived["image_id"].to_list()).to_numpy()
            new_images = int(new.sum())
            lens, hashes = load_lens(home, lenses["L3"]), images["content_hash"]

            def gather(rows: np.ndarray) -> np.ndarray:
                return whitened_unit(lens, vectors_of(home, "L3", lenses["L3"], hashes.gather(rows)))

            counts = images.filter(~pl.Series(new)).group_by("class_name").agg(pl.len().alias("old_images"))
            frames.append(delivery_drift(images, new, gather, lens_id=lenses["L3"], copies=copies))
            frames.append(metric_drift(history, now, counts, lens_id=lenses["L3"]))
        rows = pl.concat(frames, how="vertical_relaxed")
        facts = {"new_images": new_images, "missing_classes": missing}
        return {"run_drift": Output([Slice("run_drift", rows)], lenses["L3"], metadata=facts)}

    upstream = [
        (asset, ALL_PARTITIONS)
        for asset in (
            "image_classes",
            "file_manifest",
            "channel_stats",
            "l3_projection",
            "class_densities",
            "separation",
            "duplicates",
        )
    ]
    return run_step(home, run_id, [AssetPlan("run_drift", _VERSION)], compute, upstream=upstream)["run_drift"]
