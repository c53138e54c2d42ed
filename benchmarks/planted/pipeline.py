"""The L1 part of the pipeline on a folder: the project's own steps, from the files to the findings."""

from __future__ import annotations

from pathlib import Path

from thermal_assets.home.layout import Home, create_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.findings import materialize_findings
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.image_quality import materialize_image_quality
from thermal_assets.steps.manifest import materialize_file_manifest

L1 = frozenset({"channel_stats", "class_pixel_stats"})


def l1_home(images: Path, folder: Path, profile: str) -> Home:
    """An empty home at ``folder`` for ``images``."""
    return create_home(folder, HomeSettings(image_root=str(images.resolve()), profile=profile))


def run_l1(home: Home, run_id: str) -> None:
    """Classes, names, pixels, quality, findings; only what changed is computed."""
    materialize_image_classes(home, run_id)
    with home.warehouse.read() as connection:
        classes = [name for (name,) in connection.execute("SELECT class_name FROM class_catalog ORDER BY 1").fetchall()]
    for name in classes:
        key = partition_key_of(name)
        materialize_file_manifest(home, run_id, key)
        materialize_image_pass(home, run_id, key, L1)
        materialize_image_quality(home, run_id, key)
    materialize_findings(home, run_id)
