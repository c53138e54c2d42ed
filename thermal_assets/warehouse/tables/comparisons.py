"""Classes, distances, months and labels compared; copies."""

from __future__ import annotations

from thermal_assets.warehouse.columns import (
    BATCH_COLUMNS,
    CLASS_NAME,
    COMMON_SUPPORT,
    COMPARED_COLUMNS,
    IMAGE_ID,
    IMAGE_KEY,
    LENS_ID,
    LEVEL,
    MATCHED,
    PAIR_COLUMNS,
    REFERENCE_ID,
    SEPARABILITY_COLUMNS,
)
from thermal_assets.warehouse.schema import Table, column, required

COMPARISONS = (
    Table(
        "outlier_persistence",
        "One row per class and depth: whether the least dense images of L2 stay so at L3, against chance.",
        (
            required("class_name", "VARCHAR", "Class, or '*' for the whole data set"),
            required("scope", "VARCHAR", "'class' or 'dataset'"),
            required("n", "INTEGER", "How many of the least dense images are compared"),
            required("overlap", "INTEGER", "Images among the n least dense at both levels"),
            column("expected", "DOUBLE", "Mean overlap of L2 with random projections to the dimension of L3"),
            column("expected_low", "DOUBLE", "Smallest overlap among those projections"),
            column("expected_high", "DOUBLE", "Largest overlap among those projections"),
            required("projections", "INTEGER", "Random projections drawn"),
            required("images_compared", "BIGINT", "Images behind the comparison"),
            required("method", "VARCHAR", "'exact': all images; 'sample': a hashed sample of them"),
            column("sessions", "INTEGER", "Distinct sessions among the overlapping images; NULL without sessions"),
            column("rank_correlation", "DOUBLE", "Spearman correlation of density between L2 and L3"),
        ),
        key=("class_name", "scope", "n"),
        owner="outlier_persistence",
    ),
    Table(
        "separation",
        "One row per normal and anomaly class, level and matching: how well their images lie apart.",
        (
            *PAIR_COLUMNS,
            LEVEL,
            MATCHED,
            column(
                "compactness_auc",
                "DOUBLE",
                "P(a normal lies denser among its own than an anomaly among its own), equal m; 0.5 = alike",
            ),
            column(
                "distance_auc",
                "DOUBLE",
                "P(an anomaly lies farther from the normal reference than a normal does); 0.5 = alike",
            ),
            column(
                "separability_auc", "DOUBLE", "AUC of log distance to normal minus log distance to anomaly; 1 = apart"
            ),
            *SEPARABILITY_COLUMNS,
            required("m", "INTEGER", "Reference images a class"),
            *COMPARED_COLUMNS,
            column(
                "median_density_normal", "DOUBLE", "Median density in its class, for description only: it grows with n"
            ),
            column(
                "median_density_anomaly", "DOUBLE", "Median density in its class, for description only: it grows with n"
            ),
            COMMON_SUPPORT,
            LENS_ID,
            REFERENCE_ID,
            required(
                "measured_on",
                "VARCHAR",
                "Hash of what the row follows from: images, vectors, sessions, distances, copies; while it stays, so does the row",
            ),
        ),
        key=("normal_class", "anomaly_class", "level", "matched"),
        owner="separation",
    ),
    Table(
        "distance_drift",
        "One row per class, level and distance: how the images change as the camera goes away.",
        (
            CLASS_NAME,
            LEVEL,
            required("distance_m", "DOUBLE", "Distance by the name, metres"),
            required("image_count", "BIGINT", "Images at this distance"),
            column("sessions", "INTEGER", "Sessions at this distance; NULL without sessions"),
            column("median_density", "DOUBLE", "Median density (of density_xs where there is one)"),
            column("ci_low", "DOUBLE", "Lower 95 % bound of median_density, sessions at this distance resampled"),
            column("ci_high", "DOUBLE", "Upper 95 % bound of median_density, sessions at this distance resampled"),
            required("interval_note", "VARCHAR", "How the interval was made, or why there is none"),
            column("spearman", "DOUBLE", "Rank correlation of density and distance over the class"),
            column("eta_squared", "DOUBLE", "Share of the variance of log density that distance explains, 0..1"),
            column(
                "eta_ci_low", "DOUBLE", "Lower 95 % bound of eta_squared, sessions left out in turn; NULL below eight"
            ),
            column("eta_ci_high", "DOUBLE", "Upper 95 % bound of eta_squared"),
            column("p_value", "DOUBLE", "Permutation of whole sessions; NULL if it cannot be had"),
            column("attainable_p", "DOUBLE", "The smallest p this many sessions could give"),
            required("statement", "VARCHAR", "What may be said, in words"),
            LENS_ID,
        ),
        key=("class_name", "level", "distance_m"),
        owner="distance_drift",
    ),
    Table(
        "time_drift",
        "One row per class, level and period: how the images change over the collection.",
        (
            CLASS_NAME,
            LEVEL,
            required("period", "VARCHAR", "Month of capture, YYYY-MM"),
            required("image_count", "BIGINT", "Images of the period"),
            column("sessions", "INTEGER", "Sessions of the period"),
            column("median_density", "DOUBLE", "Median density (of density_xs where there is one)"),
            column("energy_distance", "DOUBLE", "Energy distance of its session means to those of all other periods"),
            column("p_value", "DOUBLE", "Permutation of whole sessions; NULL if it cannot be had"),
            column("attainable_p", "DOUBLE", "The smallest p this many sessions could give"),
            required("statement", "VARCHAR", "What may be said, in words"),
            LENS_ID,
        ),
        key=("class_name", "level", "period"),
        owner="time_drift",
    ),
    Table(
        "batch_drift",
        "One row per class and batch: does the batch look and read as if it belonged to another class? "
        "View judged_batches says which do.",
        BATCH_COLUMNS,
        key=("class_name", "batch_id"),
        owner="batch_drift",
    ),
    Table(
        "label_conflicts",
        "One row per image whose neighbours across the data set carry another label.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required("neighbor_class", "VARCHAR", "The label that neighbours and classifier together point to"),
            required("neighbor_share", "DOUBLE", "Size-balanced share of that label among the neighbours, 0..1"),
            required("own_share", "DOUBLE", "Size-balanced share of its own label among the neighbours, 0..1"),
            required("score", "DOUBLE", "neighbor_share minus own_share"),
            column(
                "typicality",
                "DOUBLE",
                "Share of that label's own images that look less surely like it than this one does, 0..1: low where "
                "two classes meet, anywhere for a wrong label",
            ),
            required(
                "log_odds",
                "DOUBLE",
                "ln of the odds against its label: votes of the neighbours and a classifier held out by session, in equal "
                "parts: what rank follows",
            ),
            required("rank", "INTEGER", "1 = most suspect"),
            required(
                "method", "VARCHAR", "'exact': every image votes; 'sample': at most so many of a class, drawn by hash"
            ),
            LENS_ID,
        ),
        key=("image_id",),
        owner="label_conflicts",
    ),
    Table(
        "label_noise",
        "One row per class and other label that contradicts its images: how many more than classes that resemble each "
        "other exchange?",
        (
            CLASS_NAME,
            required("neighbor_class", "VARCHAR", "The other label; '*': all of them together"),
            required("image_count", "BIGINT", "Images of the class"),
            required("contrary", "BIGINT", "Images with odds of at least 9 to 1 for the other label against their own"),
            column(
                "share",
                "DOUBLE",
                "Share of the class that is as typical of the other label as its own images are, 0..1: where the share "
                "beyond a depth, over that of the other label's own images, has levelled off",
            ),
            column("ci_low", "DOUBLE", "Lower end of the 95 % interval of share; NULL if not identifiable"),
            column("ci_high", "DOUBLE", "Upper end of the 95 % interval of share"),
            required("interval_note", "VARCHAR", "What was resampled, or why nothing is identifiable"),
            column("depth", "DOUBLE", "Typicality from which on the curve is level; NULL for '*'"),
            required("sessions", "INTEGER", "Sessions of the class; 0 where names carry none"),
            required("neighbor_sessions", "INTEGER", "Sessions of the other label, of several the fewest"),
            required("statement", "VARCHAR", "What may be said, in words"),
            LENS_ID,
        ),
        key=("class_name", "neighbor_class"),
        owner="label_conflicts",
    ),
    Table(
        "duplicates",
        "One row per image of a group of copies.",
        (
            required("group_id", "VARCHAR", "Names the group; stable as long as its keeper stays"),
            required(
                "kind",
                "VARCHAR",
                "'file' (equal bytes), 'pixels' (equal pictures) or 'near' (almost equal vectors, or perceptual hashes)",
            ),
            IMAGE_ID,
            CLASS_NAME,
            required("keeper", "BOOLEAN", "The image to keep: first by image_id"),
            required("distance", "DOUBLE", "L2 distance to the keeper; 0 for equal bytes and pixels"),
            column(
                "hash_bits",
                "INTEGER",
                "Bits of 256 in which its perceptual hash differs from the keeper's; NULL for equal bytes and pixels, and "
                "where a hash is missing or says nothing: in a class where pictures drawn by lot look alike (an overlay, a fixed view)",
            ),
            required("diameter", "DOUBLE", "Largest L2 distance inside the group"),
            required("group_size", "INTEGER", "Images in the group"),
            required("same_class", "BOOLEAN", "The whole group lies in one class"),
            column("same_session", "BOOLEAN", "The whole group comes from one session; NULL without sessions"),
        ),
        key=("group_id", "image_id"),
        owner="duplicates",
    ),
)
