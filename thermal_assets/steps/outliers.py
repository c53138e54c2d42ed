"""Judging densities by the outlier budget; the last step of a class, which may bring its lens into force."""

from __future__ import annotations

import polars as pl

from thermal_assets.density.outliers import OutlierBudget, judge_outliers
from thermal_assets.home.layout import Home
from thermal_assets.lenses.state import put_in_force_when_complete
from thermal_assets.manifest.identity import class_of
from thermal_assets.steps.images import lenses_of_class, missing_classes, require_lenses_in_force
from thermal_assets.steps.outputs import AssetPlan, Output, Slice, StepReport
from thermal_assets.steps.step import run_step
from thermal_assets.steps.versions import ALL_PARTITIONS
from thermal_assets.warehouse.access import empty_frame

_VERSION = "1"
_COLUMNS = "image_key, class_name, level, lens_id, density, density_xs, density_xs_basis, reliable"


def materialize_class_outliers(
    home: Home, run_id: str, partition: str, budget_images: int, budget_share: float
) -> StepReport:
    """Write class_outliers of one class."""
    class_name = class_of(partition)
    budget = OutlierBudget(minimum=budget_images, share=budget_share)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            lenses = lenses_of_class(connection, partition)
            measured = connection.sql(
                f"SELECT {_COLUMNS} FROM class_densities WHERE class_name = $name AND list_contains($lenses, lens_id)",
                params={"name": class_name, "lenses": list(lenses.values())},
            ).pl()
        judged = judged_outliers(measured, budget)
        slices = [
            Slice(
                "class_outliers",
                judged.filter(pl.col("level") == level),
                {"class_name": class_name, "level": level, "lens_id": lens_id},
            )
            for level, lens_id in lenses.items()
        ]
        return {
            "class_outliers": Output(
                slices,
                lenses["L3"],
                also=put_in_force_when_complete(partition, lenses),
                metadata=_counts(judged, measured),
            )
        }

    plan = AssetPlan("class_outliers", _VERSION, {"images": budget_images, "share": budget_share})
    return run_step(home, run_id, [plan], compute, partition=partition, upstream=[("class_densities", partition)])[
        "class_outliers"
    ]


def materialize_dataset_outliers(home: Home, run_id: str, budget_images: int, budget_share: float) -> StepReport:
    """Write dataset_outliers: the budget applies to each class, densities are those against all images."""
    budget = OutlierBudget(minimum=budget_images, share=budget_share)

    def compute(due: frozenset[str]) -> dict[str, Output]:
        with home.warehouse.read() as connection:
            require_lenses_in_force(connection)
            missing = missing_classes(connection)
            measured = connection.sql(
                f"SELECT {_COLUMNS} FROM dataset_densities JOIN (SELECT lens_id FROM lenses WHERE in_force) USING (lens_id)"
            ).pl()
        judged = judged_outliers(measured, budget)
        facts = {**_counts(judged, measured), "missing_classes": missing}
        return {"dataset_outliers": Output([Slice("dataset_outliers", judged)], metadata=facts)}

    plan = AssetPlan("dataset_outliers", _VERSION, {"images": budget_images, "share": budget_share})
    return run_step(home, run_id, [plan], compute, upstream=[("dataset_densities", ALL_PARTITIONS)])["dataset_outliers"]


def judged_outliers(measured: pl.DataFrame, budget: OutlierBudget) -> pl.DataFrame:
    """Rows of class_outliers, or of dataset_outliers, for rows of the table of densities, class by class and level."""
    template = empty_frame("class_outliers")
    parts = []
    for (class_name, level, lens_id), part in measured.group_by("class_name", "level", "lens_id", maintain_order=True):
        judged = judge_outliers(
            part.select("image_key", "density", "density_xs", "density_xs_basis", "reliable"), budget
        )
        parts.append(
            judged.with_columns(
                pl.lit(class_name).alias("class_name"), pl.lit(level).alias("level"), pl.lit(lens_id).alias("lens_id")
            ).select(template.columns)
        )
    return pl.concat([template, *parts], how="vertical_relaxed") if parts else template


def _counts(judged: pl.DataFrame, measured: pl.DataFrame) -> dict[str, object]:
    return {
        "judged_low": judged.filter(pl.col("side") == "low").height,
        "judged_high": judged.filter(pl.col("side") == "high").height,
        "images_too_few_to_judge": int((~measured["reliable"]).sum()),
    }
