"""Columns that many tables share, worded once."""

from __future__ import annotations

from thermal_assets.warehouse.schema import Column, column, required

IMAGE_ID = required(
    "image_id",
    "VARCHAR",
    "Path of the file below the image root, POSIX separators; '%' and undecodable bytes are percent-escaped",
)
CLASS_NAME = required("class_name", "VARCHAR", "Class of the image: the name of its class folder")
IMAGE_KEY = required("image_key", "BIGINT", "Signed 64-bit blake2b of image_id; joins the bulky tables")
CONTENT_HASH = required("content_hash", "VARCHAR", "blake2b-128 of the file's bytes, hex")
LEVEL = required("level", "VARCHAR", "Lens level: 'L2' (generic features) or 'L3' (features folded to this domain)")
SCOPE = required("scope", "VARCHAR", "'class': compared inside its class; 'dataset': compared with every class")
LENS_ID = required("lens_id", "VARCHAR", "The lens the numbers came from; see table lenses")
NEIGHBOR_COLUMNS: tuple[Column, ...] = (
    required("neighbor_keys", "BIGINT[]", "image_key of up to ten nearest other images, nearest first"),
    required("distances", "FLOAT[]", "Distance to each of neighbor_keys, in the units of the lens"),
    required(
        "method",
        "VARCHAR",
        "'exact': recall 1 against brute force; 'reference sample': searched in a sample only; "
        "'approximate: ...': by faiss, some may be missing",
    ),
    required("candidates", "BIGINT", "How many other images were searched"),
)
DENSITY_COLUMNS: tuple[Column, ...] = (
    column("mean_distance_1", "FLOAT", "Distance to the nearest other image; NULL if there is none"),
    column("mean_distance_10", "FLOAT", "Mean distance to the 10 nearest other images (fewer if the class is smaller)"),
    column(
        "mean_distance_100", "FLOAT", "Mean distance to the 100 nearest other images (fewer if the class is smaller)"
    ),
    column(
        "density",
        "FLOAT",
        "1 / max(mean_distance_10, 0.001); NULL if there is no other image, or an approximate search found too few",
    ),
    column(
        "density_xs",
        "FLOAT",
        "The same over images of other sessions only, one image a frame; NULL below three sessions, and where an "
        "approximate search found too few",
    ),
    required(
        "density_xs_basis",
        "VARCHAR",
        "'other sessions'; 'near copies removed' where names carry no session; where NULL: 'fewer than three sessions', "
        "or 'too few among approximate neighbours'",
    ),
    column("local_ratio", "FLOAT", "density over the geometric mean of the densities of its ten neighbours"),
    required(
        "hubness",
        "INTEGER",
        "How many images have this one among their k nearest (10 by default); 0 outside a reference sample",
    ),
    required("k_used", "INTEGER", "Neighbours behind density: 10, or fewer in a small class"),
    required("n_candidates", "BIGINT", "How many other images were searched"),
    required("reliable", "BOOLEAN", "False below 5 k images: shown, never judged"),
)
SCALE_COLUMNS: tuple[Column, ...] = (
    required("image_count", "BIGINT", "Images behind the scale"),
    column("median_log_density", "DOUBLE", "Median of ln(density)"),
    column("mad_log_density", "DOUBLE", "Median absolute deviation of ln(density), not scaled"),
)
OUTLIER_COLUMNS: tuple[Column, ...] = (
    required("side", "VARCHAR", "'low': lies alone; 'high': lies in the tightest crowd"),
    required("rank", "INTEGER", "1 = the most extreme on its side"),
    required("density", "FLOAT", "The value judged: density_xs, or density where its rule says so"),
    required("rule", "VARCHAR", "The rule that judged, in words"),
    required("threshold", "FLOAT", "The density at which the budget ended"),
)
BATCH_COLUMNS: tuple[Column, ...] = (
    CLASS_NAME,
    required("batch_id", "VARCHAR", "date|site|session|distance"),
    column("object_code", "VARCHAR", "Object code the names of the batch carry, if one"),
    required("image_count", "BIGINT", "Images of the batch"),
    column(
        "foreign_share", "DOUBLE", "Share of size-balanced neighbours, own session excluded, of other object classes"
    ),
    column("base_rate", "DOUBLE", "Median foreign_share of the sibling batches of the class"),
    column("effect", "DOUBLE", "foreign_share minus base_rate"),
    column("robust_z", "DOUBLE", "effect over the scaled MAD of the siblings; NULL below eight siblings"),
    column("q_value", "DOUBLE", "Benjamini-Hochberg over batches; NULL where only the effect may be shown"),
    column("nearest_class", "VARCHAR", "The class that most of the foreign neighbours carry"),
    column("code_class", "VARCHAR", "Object that the code in the names stands for, by the profile"),
    required("code_contradicts", "BOOLEAN", "The code in the names stands for another object than the folder"),
    column(
        "named_share",
        "DOUBLE",
        "Share of neighbours of the object that the names stand for; NULL where names do not contradict",
    ),
    required("method", "VARCHAR", "'exact': every image votes; 'sample': at most so many of an object, drawn by hash"),
    required("example_ids", "VARCHAR[]", "Up to ten image_ids of the batch"),
    LENS_ID,
)
PAIR_COLUMNS: tuple[Column, ...] = (
    required("normal_class", "VARCHAR", "The normal class of the pair"),
    required("anomaly_class", "VARCHAR", "The anomaly class of the pair"),
)
MATCHED = required("matched", "BOOLEAN", "True: compared inside each distance, then averaged by n1 n0 / (n1 + n0)")
SEPARABILITY_COLUMNS: tuple[Column, ...] = (
    column(
        "recall_at_1_percent",
        "DOUBLE",
        "Share of the anomalies found where 1 % of the normal images raise a false alarm; NULL below 100 normals",
    ),
    column(
        "recall_ci_low", "DOUBLE", "Lower 95 % bound of recall_at_1_percent, sessions resampled, the bound with them"
    ),
    column("recall_ci_high", "DOUBLE", "Upper 95 % bound of recall_at_1_percent"),
    column("ci_low", "DOUBLE", "Lower 95 % bound of separability_auc, sessions resampled"),
    column("ci_high", "DOUBLE", "Upper 95 % bound of separability_auc, sessions resampled"),
    required("interval_note", "VARCHAR", "How the interval was made, or why there is none"),
    column("draw_spread", "DOUBLE", "Standard deviation of separability_auc over the five reference draws"),
)
COMPARED_COLUMNS: tuple[Column, ...] = (
    required("n_normal", "BIGINT", "Normal images compared"),
    required("n_anomaly", "BIGINT", "Anomaly images compared"),
    required("sessions_normal", "INTEGER", "Sessions among the normal images; 0 without sessions"),
    required("sessions_anomaly", "INTEGER", "Sessions among the anomaly images; 0 without sessions"),
)
COMMON_SUPPORT = column("common_support", "VARCHAR", "Distances that both classes have, when matched")
REFERENCE_ID = required("reference_id", "VARCHAR", "Hash of the frozen reference images")
PROBLEM_COLUMNS: tuple[Column, ...] = (
    required("stage", "VARCHAR", "'catalog', 'manifest' or 'decode': where the problem was met"),
    required("code", "VARCHAR", "Short name of the problem, stable over versions"),
    required("message", "VARCHAR", "What is wrong and what to do, one line"),
)
L3_DIMENSIONS = 120
