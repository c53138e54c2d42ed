"""What is different since the diagnosis before.

New is a picture that no earlier measurement has compared, so that none is lost whatever order things run in: a class
whose embedding failed is told when it recovers, and judging again alone makes nothing old. Table compared_images holds
the bytes (content_hash) that were compared, with the time they were told of as new; one join of hashes finds the new
ones. A measurement whose findings were never judged has told nobody, so its images stay new until they are. Bytes
under another name or in another folder are no new picture: they are counted as moved. The first measurement of a home
(also of one from a version without that table) has nothing to compare with and takes in all there is.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.lenses.projection import whitened_unit
from thermal_assets.steps.findings import METRICS
from thermal_assets.steps.images import StoredVectors, copy_groups, missing_classes, require_lenses_in_force
from thermal_assets.steps.l3_files import load_lens
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.shortcut_audit import AUDITED_IMAGES
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS
from thermal_assets.warehouse.transaction import Transaction

_VERSION = "5"

# A run of the findings is what counts as a diagnosis; the scorecard adds its figures under the same run.
_LAST = "SELECT max(measured_at) FROM metric_history WHERE NOT starts_with(metric, 'scorecard_')"
# Moved or copied counts once: what a measurement took in under this name is no news the next time.
_KNOWN = f"""
    SELECT m.image_id, bool_or(c.image_key = m.image_key) AS same_name FROM file_manifest m
    JOIN compared_images c USING (content_hash)
    WHERE c.arrived_at IS NULL OR c.arrived_at <= ({_LAST})
    GROUP BY m.image_id
"""
_HISTORY = "SELECT metric, class_name, value, measured_at FROM metric_history"
_SEEN = """
    SELECT image_id, p.content_hash FROM l3_projection p
    JOIN file_manifest m ON m.image_key = p.image_key AND m.content_hash = p.content_hash
    WHERE p.lens_id = $lens
"""


def materialize_run_drift(home: Home, run_id: str) -> StepReport:
    """Write run_drift, without rows after a first diagnosis, and add what was compared to compared_images."""

    def compute(due: frozenset[str]) -> dict[str, Output]:
        from thermal_assets.statistics.run_drift import delivery_drift, metric_drift

        with home.warehouse.read() as connection:
            lenses = require_lenses_in_force(connection)
            missing = missing_classes(connection)
            seen = connection.sql(_SEEN, params={"lens": lenses["L3"]}).pl()
            images = connection.sql(AUDITED_IMAGES).pl().join(seen, on="image_id", how="inner", maintain_order="left")
            compared = connection.sql("SELECT image_key, content_hash FROM compared_images").pl()
            known = connection.sql(_KNOWN).pl()
            history = connection.sql(_HISTORY).pl()
            now = connection.sql(METRICS).pl()
            copies = copy_groups(connection, images)
        first = compared.is_empty()
        same_name = images.join(known, on="image_id", how="left", maintain_order="left")["same_name"]
        new = same_name.is_null().to_numpy() & (not first)
        moved = same_name.eq_missing(False).to_numpy()
        lens = load_lens(home, lenses["L3"])
        stored = StoredVectors(home, lenses["L3"], images["content_hash"])

        def gather(rows: np.ndarray) -> np.ndarray:
            return whitened_unit(lens, stored.of(rows))

        counts = images.filter(~pl.Series(new)).group_by("class_name").agg(pl.len().alias("old_images"))
        frames = [
            delivery_drift(images, new, gather, lens_id=lenses["L3"], copies=copies, moved=moved),
            metric_drift(history, now, counts, lens_id=lenses["L3"]),
        ]
        names = ["image_key", "content_hash"]
        unseen = images.select(names).join(compared, on=names, how="anti")

        def take_in(transaction: Transaction) -> None:
            # The time of the writing: findings judged from here on have read these rows.
            moment = None if first else datetime.now(UTC)
            arrived = pl.lit(moment, pl.Datetime("us", "UTC")).alias("arrived_at")
            transaction.append("compared_images", unseen.with_columns(arrived, pl.lit(run_id).alias("run_id")))

        facts = {"new_images": int(new.sum()), "moved_images": int(moved.sum()), "missing_classes": missing}
        rows = Slice("run_drift", pl.concat(frames, how="vertical_relaxed"))
        return {"run_drift": Output([rows], lenses["L3"], metadata=facts, also=take_in)}

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
