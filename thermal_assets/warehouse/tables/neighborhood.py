"""Nearest neighbours, densities and what is judged by them."""

from __future__ import annotations

from thermal_assets.warehouse.columns import (
    CLASS_NAME,
    DENSITY_COLUMNS,
    IMAGE_KEY,
    LENS_ID,
    LEVEL,
    NEIGHBOR_COLUMNS,
    OUTLIER_COLUMNS,
    SCALE_COLUMNS,
)
from thermal_assets.warehouse.schema import Table, column, required

NEIGHBORS_AND_DENSITY = (
    Table(
        "class_neighbors",
        "One row per image and level: its ten nearest images of the same class.",
        (IMAGE_KEY, CLASS_NAME, LEVEL, LENS_ID, *NEIGHBOR_COLUMNS),
        key=("image_key", "level", "lens_id"),
        owner="class_neighbors",
        restated=("candidates",),
    ),
    Table(
        "dataset_neighbors",
        "One row per image, level and metric: its ten nearest images of the whole data set.",
        (
            IMAGE_KEY,
            CLASS_NAME,
            LEVEL,
            LENS_ID,
            required("metric", "VARCHAR", "'euclidean' (density) or 'whitened_cosine' (labels, L3 only)"),
            *NEIGHBOR_COLUMNS,
            column(
                "recall",
                "DOUBLE",
                "Share of the ten true nearest that are listed: 1 where exact, measured on 1,000 images where "
                "approximate; NULL in a reference sample: not measured",
            ),
        ),
        key=("image_key", "level", "lens_id", "metric"),
        owner="dataset_neighbors",
        restated=("candidates", "method", "recall"),
    ),
    Table(
        "class_densities",
        "One row per image and level: how crowded its place is among the images of its class.",
        (IMAGE_KEY, CLASS_NAME, LEVEL, LENS_ID, *DENSITY_COLUMNS),
        key=("image_key", "level", "lens_id"),
        owner="class_densities",
        restated=("n_candidates",),
    ),
    Table(
        "dataset_densities",
        "One row per image and level: how crowded its place is among all images.",
        (
            IMAGE_KEY,
            CLASS_NAME,
            LEVEL,
            LENS_ID,
            *DENSITY_COLUMNS,
            column("method", "VARCHAR", "How the neighbours behind it were found, as in dataset_neighbors"),
        ),
        key=("image_key", "level", "lens_id"),
        owner="dataset_densities",
        restated=("n_candidates", "method"),
    ),
    Table(
        "class_density_scales",
        "One row per class and level: centre and spread of log density inside the class.",
        (CLASS_NAME, LEVEL, LENS_ID, *SCALE_COLUMNS),
        key=("class_name", "level", "lens_id"),
        owner="class_densities",
    ),
    Table(
        "dataset_density_scales",
        "One row per class and level: centre and spread of log density against the whole data set.",
        (CLASS_NAME, LEVEL, LENS_ID, *SCALE_COLUMNS),
        key=("class_name", "level", "lens_id"),
        owner="dataset_densities",
    ),
    Table(
        "class_outliers",
        "One row per image judged to lie alone, or in a suspiciously tight crowd, inside its class.",
        (IMAGE_KEY, CLASS_NAME, LEVEL, LENS_ID, *OUTLIER_COLUMNS),
        key=("image_key", "level", "lens_id", "side"),
        owner="class_outliers",
    ),
    Table(
        "dataset_outliers",
        "One row per image judged to lie alone, or in a suspiciously tight crowd, against the whole data set.",
        (IMAGE_KEY, CLASS_NAME, LEVEL, LENS_ID, *OUTLIER_COLUMNS),
        key=("image_key", "level", "lens_id", "side"),
        owner="dataset_outliers",
    ),
)
