"""The file manifest of one class, and what changed in it."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from thermal_assets.home.layout import Home
from thermal_assets.manifest.build import build_manifest, changes_between
from thermal_assets.manifest.identity import class_of
from thermal_assets.progress import reporter
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step


def materialize_file_manifest(home: Home, run_id: str, partition: str) -> StepReport:
    """Write file_manifest, manifest_problems and image_changes of one class."""
    class_name = class_of(partition)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        previous = home.warehouse.frame(
            "SELECT image_id, size_bytes, mtime_ns, content_hash FROM file_manifest WHERE class_name = ?", [class_name]
        )
        manifest = build_manifest(
            home.image_root, class_name, home.profile, previous, progress=reporter(f"hashing {class_name}")
        )
        changes = changes_between(previous, manifest.files)
        counts = {row["change"]: row["len"] for row in changes.group_by("change").len().to_dicts()}
        log = changes.select(
            pl.lit(run_id).alias("run_id"),
            "image_id",
            pl.lit(class_name).alias("class_name"),
            "change",
            pl.lit(datetime.now(UTC)).alias("seen_at"),
        )
        where = {"class_name": class_name}
        return {
            "file_manifest": Output(
                [
                    Slice("file_manifest", manifest.files, where),
                    Slice("manifest_problems", manifest.problems, where),
                    Slice("image_changes", log, append=True),
                ],
                version=manifest.version,
                metadata={
                    "files_read": manifest.hashed,
                    "added": counts.get("added", 0),
                    "edited": counts.get("edited", 0),
                    "removed": counts.get("removed", 0),
                    "names_with_problems": int((manifest.files["token_problems"].list.len() > 0).sum()),
                    "unreadable_files": manifest.problems["image_id"].n_unique(),
                },
            )
        }

    plan = AssetPlan("file_manifest", "1", {"profile": home.profile.manifest_fingerprint}, always=True)
    return run_step(home, run_id, [plan], compute, partition=partition)["file_manifest"]
