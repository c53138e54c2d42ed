"""Every table of the warehouse, declared once.

The DDL, the Dagster column schema, the documentation and the published copy derive from this
module. Names and meanings are a promise to people who write SQL: add columns, do not rename them.
"""

from __future__ import annotations

from thermal_assets.warehouse.columns import (
    CLASS_NAME,
    CONTENT_HASH,
    DENSITY_COLUMNS,
    IMAGE_ID,
    IMAGE_KEY,
    LENS_ID,
    LEVEL,
    NEIGHBOR_COLUMNS,
    OUTLIER_COLUMNS,
    SCALE_COLUMNS,
)
from thermal_assets.warehouse.schema import Table, column, required

L2_DIMENSIONS = 1280
L3_DIMENSIONS = 120

PROBLEM_COLUMNS = (
    required("stage", "VARCHAR", "'catalog', 'manifest' or 'decode': where the problem was met"),
    required("code", "VARCHAR", "Short name of the problem, stable over versions"),
    required("message", "VARCHAR", "What is wrong and what to do, one line"),
)

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

MANIFEST = (
    Table(
        "file_manifest",
        "One row per file seen in a class folder, readable or not.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            required("file_name", "VARCHAR", "Last part of image_id"),
            required("extension", "VARCHAR", "Lower-case extension without the dot, '' if none"),
            required("size_bytes", "BIGINT", "File size, bytes"),
            required("mtime_ns", "BIGINT", "Modification time, nanoseconds since 1970 UTC"),
            column("content_hash", "VARCHAR", "blake2b-128 of the bytes, hex; NULL if the file could not be read"),
            column("object_code", "VARCHAR", "Object token of the name"),
            column("state_code", "VARCHAR", "State token of the name (NOM, AON, ...)"),
            column("captured_on", "DATE", "Date token of the name"),
            column("site_code", "VARCHAR", "Site token of the name"),
            column("session_code", "VARCHAR", "Session token of the name, as written (A1016-A1110)"),
            column("session_start", "TIME", "Start of the session window, 24 h"),
            column("session_end", "TIME", "End of the session window, 24 h"),
            column("distance_token", "VARCHAR", "Distance token of the name, as written (D0.5)"),
            column("distance_m", "DOUBLE", "Distance, metres"),
            column("frame_number", "BIGINT", "Frame token of the name"),
            column("bbox_index", "BIGINT", "Box token of the name"),
            column("session_id", "VARCHAR", "date|site|session: the unit of independence; NULL if the name has none"),
            column("frame_id", "VARCHAR", "session|distance|frame: the camera frame the crop came from"),
            column("batch_id", "VARCHAR", "session|distance: the batch that label checks judge"),
            column("extra_tokens", "VARCHAR", "Other named groups of the profile's grammar, as a JSON object"),
            column(
                "tokens_valid", "BOOLEAN", "Every token parsed and inside its range; NULL: the profile has no grammar"
            ),
            required("token_problems", "VARCHAR[]", "What is wrong with the name, one entry a problem"),
        ),
        key=("image_id",),
        owner="file_manifest",
    ),
    Table(
        "manifest_problems",
        "One row per problem met while listing and reading the files of a class.",
        (IMAGE_ID, CLASS_NAME, IMAGE_KEY, *PROBLEM_COLUMNS),
        key=("image_id", "stage", "code"),
        owner="file_manifest",
    ),
    Table(
        "image_changes",
        "One row per image that a materialization found added, edited or removed. Append-only.",
        (
            required("run_id", "VARCHAR", "Dagster run that saw the change"),
            IMAGE_ID,
            CLASS_NAME,
            required("change", "VARCHAR", "'added', 'edited' (same name, other bytes) or 'removed'"),
            required("seen_at", "TIMESTAMPTZ", "When it was seen"),
        ),
        key=("run_id", "image_id"),
        owner="file_manifest",
        append_only=True,
    ),
)

IMAGE_PASS = (
    Table(
        "channel_stats",
        "One row per decodable image: its pixels in numbers, on its native grid and bit depth.",
        (
            IMAGE_ID,
            CLASS_NAME,
            IMAGE_KEY,
            CONTENT_HASH,
            required("format", "VARCHAR", "File format by content: PNG, JPEG, TIFF, MPO, ..."),
            required("width", "INTEGER", "Pixels, after EXIF rotation"),
            required("height", "INTEGER", "Pixels, after EXIF rotation"),
            required("mode", "VARCHAR", "Pixel mode of the file: L, LA, P, RGB, RGBA, I;16, F, ..."),
            required("bit_depth", "INTEGER", "Bits per channel; 32 for float"),
            required("channel_count", "INTEGER", "Channels in the file, alpha included"),
            required("has_alpha", "BOOLEAN", "The file carries an alpha channel"),
            column("alpha_constant", "BOOLEAN", "Alpha has one value everywhere; NULL without alpha"),
            column("mean_r", "DOUBLE", "Mean of red in native levels; one value in r, g and b for grey images"),
            column("mean_g", "DOUBLE", "Mean of green in native levels"),
            column("mean_b", "DOUBLE", "Mean of blue in native levels"),
            column("std_r", "DOUBLE", "Standard deviation of red, native levels"),
            column("std_g", "DOUBLE", "Standard deviation of green, native levels"),
            column("std_b", "DOUBLE", "Standard deviation of blue, native levels"),
            column("minimum", "DOUBLE", "Smallest value of the picture channels, native levels; alpha never counts"),
            column("maximum", "DOUBLE", "Largest value of the picture channels, native levels"),
            column("entropy", "DOUBLE", "Shannon entropy of luminance over 256 levels of its bit depth, bits (0 to 8)"),
            column("sharpness", "DOUBLE", "Variance of the 4-neighbour Laplacian of luminance scaled to 0..1"),
            column(
                "saturated_fraction", "DOUBLE", "Share of pixels at the lowest or highest level of the format, 0..1"
            ),
            column("palette", "VARCHAR", "Pseudo-colour palette recognised: grey, iron, rainbow, ...; 'unknown'"),
            column(
                "palette_confidence",
                "DOUBLE",
                "Share of the pixel colours that the named palette explains, of at most 4,096 pixels, 0..1",
            ),
            required(
                "pixel_hash", "VARCHAR", "blake2b-128 of size and RGB pixels: equal pictures whatever the container"
            ),
            required(
                "radiometric", "VARCHAR", "'none', 'present, not read' or 'read': temperature payload of the file"
            ),
        ),
        key=("image_id",),
        owner="channel_stats",
    ),
    Table(
        "decode_problems",
        "One row per problem met while decoding the images of a class.",
        (IMAGE_ID, CLASS_NAME, IMAGE_KEY, *PROBLEM_COLUMNS),
        key=("image_id", "stage", "code"),
        owner="channel_stats",
    ),
    Table(
        "pixel_histogram",
        "One row per class, channel and level: how many pixels have it.",
        (
            CLASS_NAME,
            required("channel", "VARCHAR", "'r', 'g' or 'b' of the picture as displayed"),
            required("bin", "INTEGER", "Level 0..255 (deeper images are scaled to their own range first)"),
            required("count", "HUGEINT", "Pixels"),
        ),
        key=("class_name", "channel", "bin"),
        owner="class_pixel_stats",
    ),
    Table(
        "class_pixel_stats",
        "One row per class: its mean picture and how restless its pictures are.",
        (
            CLASS_NAME,
            required("image_count", "BIGINT", "Decodable images behind the pictures"),
            required("canvas", "INTEGER", "Side in pixels of the square on which images are laid over each other"),
            column("mean_image", "BLOB", "PNG: mean of the images, each stretched to the canvas"),
            column("std_image", "BLOB", "PNG: standard deviation of the images, scaled so that its maximum is white"),
            column(
                "mean_image_sharpness",
                "DOUBLE",
                "Sharpness of the mean picture: the blurrier, the more restless the class",
            ),
            column("mean_std", "DOUBLE", "Mean of the standard-deviation picture before scaling, levels 0..255"),
            required("contents_version", "VARCHAR", "Hash of the images behind the totals"),
            column(
                "canvas_totals",
                "BLOB",
                "Exact sums of levels and their squares behind both pictures (zlib of int64 [2, canvas, canvas, 3])",
            ),
        ),
        key=("class_name",),
        owner="class_pixel_stats",
    ),
    Table(
        "l2_embeddings",
        "One row per decodable image: its generic features (L2), unit length, not centred.",
        (
            IMAGE_KEY,
            CLASS_NAME,
            CONTENT_HASH,
            LENS_ID,
            required("embedding", f"FLOAT[{L2_DIMENSIONS}]", "Unit-length feature vector"),
        ),
        key=("image_key", "lens_id"),
        owner="l2_embeddings",
        compare=("image_key", "class_name", "content_hash", "lens_id"),
        vectors=True,
    ),
)

LENSES = (
    Table(
        "lenses",
        "One row per lens version: the networks (L2) and fitted projections (L3) that made the vectors.",
        (
            LENS_ID,
            LEVEL,
            required("name", "VARCHAR", "Network or method"),
            column("weights_sha256", "VARCHAR", "SHA-256 of the weights"),
            required(
                "random_weights", "BOOLEAN", "True: untrained weights, taken by name; results are for trying out only"
            ),
            required("input", "VARCHAR", "What goes in: size and normalisation (L2) or the L2 lens_id (L3), JSON"),
            required("dimensions", "INTEGER", "Length of its vectors"),
            required("real_dimensions", "INTEGER", "Directions that carry data; the rest are zero"),
            required("metric", "VARCHAR", "Distance for each use, JSON"),
            required("fitted_on", "VARCHAR", "What it was fitted on"),
            required("parameters", "VARCHAR", "Everything else that decides its output, JSON"),
            required("in_force", "BOOLEAN", "The one lens of its level that views show"),
            required("created_at", "TIMESTAMPTZ", "When it was first used or fitted"),
        ),
        key=("lens_id",),
        owner="l3_lens",
    ),
    Table(
        "l3_projection",
        "One row per embedded image: its L2 features folded to 120 dimensions that fit this data set.",
        (
            IMAGE_KEY,
            CLASS_NAME,
            CONTENT_HASH,
            LENS_ID,
            required(
                "projection",
                f"FLOAT[{L3_DIMENSIONS}]",
                "Principal components, not whitened; divide by the lens's scales to whiten",
            ),
        ),
        key=("image_key", "lens_id"),
        owner="l3_projection",
        compare=("image_key", "class_name", "content_hash", "lens_id"),
        vectors=True,
    ),
)

NEIGHBORS_AND_DENSITY = (
    Table(
        "class_neighbors",
        "One row per image and level: its ten nearest images of the same class.",
        (IMAGE_KEY, CLASS_NAME, LEVEL, LENS_ID, *NEIGHBOR_COLUMNS),
        key=("image_key", "level", "lens_id"),
        owner="class_neighbors",
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
        ),
        key=("image_key", "level", "lens_id", "metric"),
        owner="dataset_neighbors",
    ),
    Table(
        "class_densities",
        "One row per image and level: how crowded its place is among the images of its class.",
        (IMAGE_KEY, CLASS_NAME, LEVEL, LENS_ID, *DENSITY_COLUMNS),
        key=("image_key", "level", "lens_id"),
        owner="class_densities",
    ),
    Table(
        "dataset_densities",
        "One row per image and level: how crowded its place is among all images.",
        (IMAGE_KEY, CLASS_NAME, LEVEL, LENS_ID, *DENSITY_COLUMNS),
        key=("image_key", "level", "lens_id"),
        owner="dataset_densities",
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
            required("normal_class", "VARCHAR", "The normal class of the pair"),
            required("anomaly_class", "VARCHAR", "The anomaly class of the pair"),
            LEVEL,
            required("matched", "BOOLEAN", "True: compared inside each distance, then averaged by n1 n0 / (n1 + n0)"),
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
            column("ci_low", "DOUBLE", "Lower 95 % bound of separability_auc, sessions resampled"),
            column("ci_high", "DOUBLE", "Upper 95 % bound of separability_auc, sessions resampled"),
            required("interval_note", "VARCHAR", "How the interval was made, or why there is none"),
            column("draw_spread", "DOUBLE", "Standard deviation of separability_auc over the five reference draws"),
            required("m", "INTEGER", "Reference images a class"),
            required("n_normal", "BIGINT", "Normal images compared"),
            required("n_anomaly", "BIGINT", "Anomaly images compared"),
            required("sessions_normal", "INTEGER", "Sessions among the normal images; 0 without sessions"),
            required("sessions_anomaly", "INTEGER", "Sessions among the anomaly images; 0 without sessions"),
            column(
                "median_density_normal", "DOUBLE", "Median density in its class, for description only: it grows with n"
            ),
            column(
                "median_density_anomaly", "DOUBLE", "Median density in its class, for description only: it grows with n"
            ),
            column("common_support", "VARCHAR", "Distances that both classes have, when matched"),
            LENS_ID,
            required("reference_id", "VARCHAR", "Hash of the frozen reference images"),
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
            column("spearman", "DOUBLE", "Rank correlation of density and distance over the class"),
            column("eta_squared", "DOUBLE", "Share of the variance of log density that distance explains, 0..1"),
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
        "One row per class and batch: does the batch look and read as if it belonged to another class?",
        (
            CLASS_NAME,
            required("batch_id", "VARCHAR", "date|site|session|distance"),
            column("object_code", "VARCHAR", "Object code the names of the batch carry, if one"),
            required("image_count", "BIGINT", "Images of the batch"),
            column(
                "foreign_share",
                "DOUBLE",
                "Share of size-balanced neighbours, own session excluded, of other object classes",
            ),
            column("base_rate", "DOUBLE", "Median foreign_share of the sibling batches of the class"),
            column("effect", "DOUBLE", "foreign_share minus base_rate"),
            column("robust_z", "DOUBLE", "effect over the scaled MAD of the siblings; NULL below eight siblings"),
            column("q_value", "DOUBLE", "Benjamini-Hochberg over batches; NULL where only the effect may be shown"),
            column("nearest_class", "VARCHAR", "The class that most of the foreign neighbours carry"),
            column("code_class", "VARCHAR", "Object that the code in the names stands for, by the profile"),
            required("code_contradicts", "BOOLEAN", "The code in the names stands for another object than the folder"),
            required("picture_contradicts", "BOOLEAN", "The neighbours say so too, by the stated thresholds"),
            required(
                "method", "VARCHAR", "'exact': every image votes; 'sample': at most so many of an object, drawn by hash"
            ),
            required("example_ids", "VARCHAR[]", "Up to ten image_ids of the batch"),
            LENS_ID,
        ),
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
            required("neighbor_class", "VARCHAR", "The label that most neighbours of other sessions carry"),
            required("neighbor_share", "DOUBLE", "Size-balanced share of that label among the neighbours, 0..1"),
            required("own_share", "DOUBLE", "Size-balanced share of its own label among the neighbours, 0..1"),
            required("score", "DOUBLE", "neighbor_share minus own_share"),
            required(
                "log_odds", "DOUBLE", "ln(neighbor_share / own_share), half a vote added to each: what rank follows"
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
        "duplicates",
        "One row per image of a group of copies.",
        (
            required("group_id", "VARCHAR", "Names the group; stable as long as its keeper stays"),
            required(
                "kind", "VARCHAR", "'file' (equal bytes), 'pixels' (equal pictures) or 'near' (almost equal vectors)"
            ),
            IMAGE_ID,
            CLASS_NAME,
            required("keeper", "BOOLEAN", "The image to keep: first by image_id"),
            required("distance", "DOUBLE", "L2 distance to the keeper; 0 for equal bytes and pixels"),
            required("diameter", "DOUBLE", "Largest L2 distance inside the group"),
            required("group_size", "INTEGER", "Images in the group"),
            required("same_class", "BOOLEAN", "The whole group lies in one class"),
            column("same_session", "BOOLEAN", "The whole group comes from one session; NULL without sessions"),
        ),
        key=("group_id", "image_id"),
        owner="duplicates",
    ),
)

RESULTS = (
    Table(
        "findings",
        "One row per finding, worst first.",
        (
            required("finding_id", "VARCHAR", "Detector and subject; stable between runs"),
            required("rank", "INTEGER", "1 = look here first"),
            required("severity", "VARCHAR", "'HIGH', 'MEDIUM' or 'LOW'"),
            required("detector", "VARCHAR", "Module of thermal_assets/findings/detectors that judged"),
            required("level", "VARCHAR", "'L1', 'L2' or 'L3'"),
            column("class_name", "VARCHAR", "Class concerned; NULL for the whole data set"),
            required("title", "VARCHAR", "A few words"),
            required("statement", "VARCHAR", "What was measured, in plain English"),
            column("effect_name", "VARCHAR", "What effect_size measures"),
            column("effect_size", "DOUBLE", "How large it is"),
            column("ci_low", "DOUBLE", "Lower 95 % bound of effect_size, where one can be had"),
            column("ci_high", "DOUBLE", "Upper 95 % bound of effect_size, where one can be had"),
            required("affected_images", "BIGINT", "Images concerned"),
            required("example_ids", "VARCHAR[]", "Up to twelve of them"),
            required("evidence_sql", "VARCHAR", "A query that shows the evidence; runs as it is"),
            required("action", "VARCHAR", "What to do, one line"),
            required("status", "VARCHAR", "'open' or 'waived'"),
            column("waiver", "VARCHAR", "Who accepted it, until when and why"),
        ),
        key=("finding_id",),
        owner="findings",
    ),
    Table(
        "run_log",
        "One row per materialization. Append-only.",
        (
            required("run_id", "VARCHAR", "Dagster run"),
            required("asset", "VARCHAR", "Asset"),
            required("partition", "VARCHAR", "Partition, '' for dataset assets"),
            required("status", "VARCHAR", "'written' or 'unchanged' (inputs as before, nothing computed)"),
            required("code_version", "VARCHAR", "Version of the computation"),
            required("input_version", "VARCHAR", "Hash of everything the result depends on"),
            required("parameters", "VARCHAR", "Parameters, JSON"),
            required("rows", "BIGINT", "Rows of the partition afterwards"),
            required("rows_written", "BIGINT", "Rows inserted and deleted"),
            required("started_at", "TIMESTAMPTZ", "Start"),
            required("seconds", "DOUBLE", "Wall-clock time of the step"),
            required("lock_seconds", "DOUBLE", "How long the write held the warehouse"),
            required("peak_memory_mb", "DOUBLE", "Peak memory of the process so far, MiB"),
        ),
        key=("run_id", "asset", "partition"),
        owner="(every asset)",
        append_only=True,
    ),
    Table(
        "asset_versions",
        "One row per asset and partition: the state its rows are in.",
        (
            required("asset", "VARCHAR", "Asset"),
            required("partition", "VARCHAR", "Partition, '' for dataset assets"),
            required("version", "VARCHAR", "Hash of what the rows say; equal versions mean equal rows"),
            required("input_version", "VARCHAR", "Hash of everything the result depended on"),
            required(
                "manifest_version",
                "VARCHAR",
                "Manifest version of the class the rows belong to; of all classes together for dataset assets",
            ),
            required("lens_id", "VARCHAR", "Lens behind the rows, '' where none is"),
            required("rows", "BIGINT", "Rows"),
            required("run_id", "VARCHAR", "Run that wrote them"),
            required("written_at", "TIMESTAMPTZ", "When"),
        ),
        key=("asset", "partition"),
        owner="(every asset)",
    ),
    Table(
        "metric_history",
        "One row per run, metric and class: what 'since the last run' is answered from. Append-only.",
        (
            required("run_id", "VARCHAR", "Dagster run"),
            required("metric", "VARCHAR", "Name of the metric"),
            required("class_name", "VARCHAR", "Class, or '*' for the data set"),
            column("value", "DOUBLE", "Value"),
            required("measured_at", "TIMESTAMPTZ", "When"),
        ),
        key=("run_id", "metric", "class_name"),
        owner="findings",
        append_only=True,
    ),
    Table(
        "publication",
        "One row per class: the state of it that the published copy shows.",
        (
            CLASS_NAME,
            required("manifest_version", "VARCHAR", "Manifest version of the published rows"),
            required("up_to_date", "BOOLEAN", "False: the class was between two states; its last whole state is shown"),
            required("published_at", "TIMESTAMPTZ", "When the published file was made"),
        ),
        key=("class_name",),
        owner="published",
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for group in (CATALOG, MANIFEST, IMAGE_PASS, LENSES, NEIGHBORS_AND_DENSITY, COMPARISONS, RESULTS)
    for table in group
}
