"""Which classes there are."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID, IMAGE_KEY, PROBLEM_COLUMNS
from thermal_assets.warehouse.schema import Table, column, required

CATALOG = (
    Table(
        "class_catalog",
        "One row per class: what its folder name says about it.",
        (
            CLASS_NAME,
            required("partition_key", "VARCHAR", "The Dagster partition of this class"),
            column("object_code", "VARCHAR", "Object the class shows, by the profile (PIP, CAR, ...)"),
            column("state", "VARCHAR", "'normal', 'anomaly', or NULL where the profile does not say"),
            column("pair", "VARCHAR", "Name that a normal class shares with its anomaly classes"),
            column("expected", "BOOLEAN", "False where the profile lists its classes and this one is not among them"),
        ),
        key=("class_name",),
        owner="image_classes",
    ),
    Table(
        "stray_files",
        "One row per file that lies in the image root but in no class folder.",
        (IMAGE_ID, IMAGE_KEY, *PROBLEM_COLUMNS),
        key=("image_id",),
        owner="image_classes",
    ),
)
