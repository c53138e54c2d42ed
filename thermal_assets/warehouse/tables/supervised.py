"""What lenses are worth on this data set, and the comparison of classes through the supervised one."""

from __future__ import annotations

from thermal_assets.warehouse.columns import (
    CLASS_NAME,
    COMMON_SUPPORT,
    COMPARED_COLUMNS,
    IMAGE_ID,
    IMAGE_KEY,
    LENS_ID,
    MATCHED,
    PAIR_COLUMNS,
    REFERENCE_ID,
    SEPARABILITY_COLUMNS,
)
from thermal_assets.warehouse.schema import Table, column, required

SUPERVISED = (
    Table(
        "supervised_separation",
        "One row per normal and anomaly class and matching: how well a lens trained on the labels tells them apart, "
        "on images it was not trained on.",
        (
            *PAIR_COLUMNS,
            MATCHED,
            column("compactness_auc", "DOUBLE", "As in table separation, seen through the supervised lens"),
            column("distance_auc", "DOUBLE", "As in table separation, seen through the supervised lens"),
            column(
                "separability_auc",
                "DOUBLE",
                "As in table separation: mean of two folds, each seen through the lens fitted on the other one",
            ),
            *SEPARABILITY_COLUMNS,
            required("m", "INTEGER", "Reference images a class and fold, at least"),
            *COMPARED_COLUMNS,
            COMMON_SUPPORT,
            column("gray_normal", "BIGINT", "Normal images in the gray zone, listed or not; NULL when matched"),
            column("gray_anomaly", "BIGINT", "Anomaly images in the gray zone, listed or not; NULL when matched"),
            required("fitted_images", "BIGINT", "Images the lens was fitted on, in the smaller of the two fits"),
            LENS_ID,
            REFERENCE_ID,
        ),
        key=("normal_class", "anomaly_class", "matched"),
        owner="supervised_separation",
    ),
    Table(
        "gray_zone",
        "One row per image between a normal and an anomaly class, nearest to the middle first: the lens cannot tell "
        "which it is. At most 500 a pair; supervised_separation counts all.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            *PAIR_COLUMNS,
            required(
                "score", "DOUBLE", "ln(distance to normal) - ln(distance to anomaly); high = looks like the anomaly"
            ),
            required("place", "DOUBLE", "Where in the zone: 0 its normal end, 1 its anomaly end"),
            required("zone_low", "DOUBLE", "Score below which only 5 % of the anomalies of its fold lie"),
            required("zone_high", "DOUBLE", "Score above which only 5 % of the normal images of its fold lie"),
            required("rank", "INTEGER", "1 = nearest to the middle of the zone of its pair"),
            LENS_ID,
        ),
        key=("image_id", "normal_class", "anomaly_class"),
        owner="supervised_separation",
    ),
    Table(
        "lens_evaluation",
        "One row per lens: what it is worth on images it was not fitted on, compared in the same splits.",
        (
            required(
                "lens",
                "VARCHAR",
                "'L2', 'PCA', 'whitened PCA', 'LDA', 'supervised' or 'logistic regression' (on L2, the bar to clear)",
            ),
            column(
                "separability_auc",
                "DOUBLE",
                "AUC of anomaly by distance to the ten nearest training normals of its pair, mean over pairs and splits",
            ),
            column("separability_low", "DOUBLE", "The lowest of the splits"),
            column("separability_high", "DOUBLE", "The highest of the splits"),
            column("macro_f1", "DOUBLE", "Macro-F1 of the ten nearest training images' vote over classes"),
            column(
                "left_out_auc",
                "DOUBLE",
                "AUC of anomaly classes that the lens was not fitted on, mean over classes",
            ),
            column("left_out_lowest", "DOUBLE", "The lowest of these classes"),
            column("left_out_class", "VARCHAR", "Which class that is"),
            column(
                "outlier_ranks_kept",
                "DOUBLE",
                "Share of the 100 least dense judged images of L2 that are among the 100 least dense through this lens",
            ),
            column("intrinsic_dimension", "DOUBLE", "Intrinsic dimension of the judged images (TwoNN)"),
            required("dimensions", "INTEGER", "Values a vector has"),
            required("fit_seconds", "DOUBLE", "Seconds to fit, mean over splits"),
            required("splits", "INTEGER", "Splits: fitted on one fold, judged on the other"),
            required(
                "images_fitted",
                "BIGINT[]",
                "Images fitted on, one number a split (whole sessions make uneven folds); a class of one image is left out",
            ),
            required("images_judged", "BIGINT[]", "Images judged, one number a split"),
            required("method", "VARCHAR", "'exact': all images; 'sample': a hashed sample of them"),
            required("fold_unit", "VARCHAR", "What stays whole between the folds: 'session' or 'near copies'"),
            LENS_ID,
        ),
        key=("lens",),
        owner="lens_evaluation",
    ),
)
