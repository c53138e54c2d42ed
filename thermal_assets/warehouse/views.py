"""Views that people query: they join the bulky tables and show the lens in force only."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID, LEVEL, SCOPE
from thermal_assets.warehouse.history_views import HISTORY_VIEWS
from thermal_assets.warehouse.hygiene_views import HYGIENE_VIEWS
from thermal_assets.warehouse.judged_batches import JUDGED_BATCHES
from thermal_assets.warehouse.judged_densities import JUDGED_DENSITIES
from thermal_assets.warehouse.schema import View, column
from thermal_assets.warehouse.suspect_labels import SUSPECT_LABELS

_SCOPES = ("class", "dataset")


def _both_scopes(select: str) -> str:
    """``select`` once per scope, with {scope} filled in, as one UNION ALL."""
    return "\nUNION ALL BY NAME\n".join(select.format(scope=scope) for scope in _SCOPES)


CLASSES = View(
    "classes",
    "One row per class: what its name says, and how many files and decodable images it has.",
    (
        CLASS_NAME,
        column("object_code", "", "Object the class shows, by the profile"),
        column("state", "", "'normal', 'anomaly' or NULL"),
        column("pair", "", "Name that a normal class shares with its anomaly classes"),
        column("expected", "", "False where the profile lists its classes and this one is not among them"),
        column("file_count", "", "Files seen in its folder"),
        column("image_count", "", "Images that could be decoded"),
    ),
    """
    SELECT c.class_name, c.object_code, c.state, c.pair, c.expected,
           coalesce(f.n, 0) AS file_count, coalesce(s.n, 0) AS image_count
    FROM class_catalog c
    LEFT JOIN (SELECT class_name, count(*) AS n FROM file_manifest GROUP BY ALL) f USING (class_name)
    LEFT JOIN (SELECT class_name, count(*) AS n FROM channel_stats GROUP BY ALL) s USING (class_name)
    """,
    reads=("class_catalog", "file_manifest", "channel_stats"),
)

IMAGE_PROBLEMS = View(
    "image_problems",
    "One row per file, stage and problem. file_manifest = channel_stats + the unreadable files here.",
    (
        IMAGE_ID,
        column("class_name", "", "Class folder, NULL for files outside every class folder"),
        column("image_key", "", "Signed 64-bit blake2b of image_id"),
        column("stage", "", "'catalog' (outside the class folders), 'manifest' or 'decode'"),
        column("code", "", "Short name of the problem"),
        column("message", "", "What is wrong and what to do"),
    ),
    """
    SELECT image_id, class_name, image_key, stage, code, message FROM manifest_problems
    UNION ALL BY NAME
    SELECT image_id, class_name, image_key, stage, code, message FROM decode_problems
    UNION ALL BY NAME
    SELECT image_id, NULL::VARCHAR AS class_name, image_key, stage, code, message FROM stray_files
    """,
    reads=("manifest_problems", "decode_problems", "stray_files"),
)

NEIGHBORS = View(
    "neighbors",
    "One row per image, level, scope and rank: its ten nearest images (Euclidean), lens in force.",
    (
        IMAGE_ID,
        CLASS_NAME,
        LEVEL,
        SCOPE,
        column("rank", "", "1 = the nearest"),
        column("neighbor_id", "", "image_id of the neighbour"),
        column("neighbor_class", "", "Class of the neighbour"),
        column("distance", "", "Distance in the units of the lens"),
        column("method", "", "'exact', or how it was approximated"),
    ),
    # Unnest first, join afterwards: a lateral join takes three times as long.
    """
    WITH pairs AS (
    """
    + _both_scopes(
        """
        SELECT image_key, class_name, level, '{scope}' AS scope, lens_id, method,
               unnest(neighbor_keys) AS neighbor_key, unnest(distances) AS distance,
               generate_subscripts(neighbor_keys, 1) AS rank
        FROM {scope}_neighbors"""
    ).replace("FROM dataset_neighbors", "FROM dataset_neighbors WHERE metric = 'euclidean'")
    + """
    )
    SELECT i.image_id, i.class_name, p.level, p.scope, p.rank,
           n.image_id AS neighbor_id, n.class_name AS neighbor_class, p.distance, p.method
    FROM pairs p
    JOIN (SELECT lens_id FROM lenses WHERE in_force) USING (lens_id)
    JOIN file_manifest i ON i.image_key = p.image_key
    JOIN file_manifest n ON n.image_key = p.neighbor_key
    """,
    reads=("class_neighbors", "dataset_neighbors", "file_manifest"),
)

DENSITY_SCALES = View(
    "density_scales",
    "One row per class, level, scope and lens: centre and spread of log density.",
    (
        CLASS_NAME,
        LEVEL,
        SCOPE,
        column("lens_id", "", "The lens the numbers came from"),
        column("image_count", "", "Images behind the scale"),
        column("median_log_density", "", "Median of ln(density)"),
        column("mad_log_density", "", "Median absolute deviation of ln(density), not scaled"),
    ),
    _both_scopes(
        """
    SELECT class_name, level, '{scope}' AS scope, lens_id, image_count, median_log_density, mad_log_density
    FROM {scope}_density_scales"""
    ),
    reads=("class_density_scales", "dataset_density_scales"),
)

DENSITIES = View(
    "densities",
    "One row per image, level and scope, every image: how crowded its place is, lens in force.",
    (
        IMAGE_ID,
        CLASS_NAME,
        LEVEL,
        SCOPE,
        column("density", "", "1 / max(mean distance to the 10 nearest other images, 0.001)"),
        column("density_k1", "", "The same with the nearest image only"),
        column("density_k100", "", "The same with the 100 nearest images"),
        column("density_xs", "", "The same over images of other sessions only, one image a frame"),
        column("density_xs_basis", "", "What density_xs leaves out"),
        column("reliable", "", "False below 5 k images: shown, never judged"),
        column("robust_z", "", "(ln density - median) / (1.4826 MAD) of its class; shown, not judged by"),
        column("local_ratio", "", "density over the geometric mean of the densities of its neighbours"),
        column("hubness", "", "How many images have this one among their ten nearest"),
        column("rank_in_class", "", "1 = the least dense image of its class"),
        column("rank_in_dataset", "", "1 = the least dense image of all"),
        column("k_used", "", "Neighbours behind density"),
        column("n_candidates", "", "How many other images were searched"),
        column("image_key", "", "Signed 64-bit blake2b of image_id"),
        column("lens_id", "", "The lens the numbers came from"),
    ),
    """
    WITH both_scopes AS (
    """
    + _both_scopes(
        """
        SELECT d.*, '{scope}' AS scope, s.median_log_density, s.mad_log_density
        FROM {scope}_densities d
        LEFT JOIN {scope}_density_scales s USING (class_name, level, lens_id)"""
    )
    + """
    )
    SELECT i.image_id, i.class_name, d.level, d.scope, d.density,
           1 / greatest(d.mean_distance_1, 0.001) AS density_k1,
           1 / greatest(d.mean_distance_100, 0.001) AS density_k100,
           d.density_xs, d.density_xs_basis, d.reliable,
           (ln(d.density) - d.median_log_density) / nullif(1.4826 * d.mad_log_density, 0) AS robust_z,
           d.local_ratio, d.hubness,
           row_number() OVER (PARTITION BY i.class_name, d.level, d.scope
                              ORDER BY d.density NULLS LAST, i.image_id) AS rank_in_class,
           row_number() OVER (PARTITION BY d.level, d.scope
                              ORDER BY d.density NULLS LAST, i.image_id) AS rank_in_dataset,
           d.k_used, d.n_candidates, d.image_key, d.lens_id
    FROM both_scopes d
    JOIN (SELECT lens_id FROM lenses WHERE in_force) USING (lens_id)
    JOIN file_manifest i ON i.image_key = d.image_key
    """,
    reads=("class_densities", "dataset_densities", "file_manifest"),
)

OUTLIERS = View(
    "outliers",
    "One row per judged image, level and scope: the budget of least and most dense images.",
    (
        IMAGE_ID,
        CLASS_NAME,
        LEVEL,
        SCOPE,
        column("side", "", "'low': lies alone; 'high': lies in the tightest crowd"),
        column("rank", "", "1 = the most extreme on its side"),
        column("density", "", "The value judged"),
        column("rule", "", "The rule that judged, in words"),
        column("threshold", "", "The density at which the budget ended"),
    ),
    """
    WITH both_scopes AS (
    """
    + _both_scopes(
        """
        SELECT image_key, level, '{scope}' AS scope, lens_id, side, rank, density, rule, threshold
        FROM {scope}_outliers"""
    )
    + """
    )
    SELECT i.image_id, i.class_name, o.level, o.scope, o.side, o.rank, o.density, o.rule, o.threshold
    FROM both_scopes o
    JOIN (SELECT lens_id FROM lenses WHERE in_force) USING (lens_id)
    JOIN file_manifest i ON i.image_key = o.image_key
    """,
    reads=("class_outliers", "dataset_outliers", "file_manifest"),
)

#: What a batch of batch_drift is taken for: what its name says where that contradicts the folder, else its neighbours.
POINTS_TO = "coalesce(CASE WHEN code_contradicts THEN code_class END, nearest_class)"

LABEL_DRIFT = View(
    "label_drift",
    "One row per class and batch whose names or neighbours contradict the class.",
    (
        CLASS_NAME,
        column("batch_id", "", "date|site|session|distance; NULL for single images"),
        column("contradiction", "", "'code', 'picture', 'code and picture', or 'neighbours' for single images"),
        column(
            "looks_like",
            "",
            "What the evidence points to: the object its name says where that contradicts the folder, else the class of "
            "its neighbours",
        ),
        column("image_count", "", "Images concerned"),
        column("base_rate", "", "What sibling batches show"),
        column("effect", "", "foreign_share minus base_rate, or the mean score of the images with suspect labels"),
        column("q_value", "", "Benjamini-Hochberg over batches"),
        column("example_ids", "", "Up to ten image_ids"),
    ),
    """
    SELECT class_name, batch_id,
           CASE WHEN code_contradicts AND picture_contradicts THEN 'code and picture'
                WHEN code_contradicts THEN 'code' ELSE 'picture' END AS contradiction,
           """
    + POINTS_TO
    + """ AS looks_like,
           image_count, base_rate, effect, q_value, example_ids
    FROM judged_batches
    WHERE code_contradicts OR picture_contradicts
    UNION ALL BY NAME
    SELECT class_name, NULL AS batch_id, 'neighbours' AS contradiction, neighbor_class AS looks_like,
           count(*) AS image_count, NULL AS base_rate, avg(score) AS effect, NULL AS q_value,
           list(image_id ORDER BY rank)[1:10] AS example_ids
    FROM suspect_labels
    GROUP BY class_name, neighbor_class
    """,
    reads=("batch_drift", "label_conflicts", "thresholds"),
)

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        CLASSES,
        IMAGE_PROBLEMS,
        NEIGHBORS,
        DENSITY_SCALES,
        DENSITIES,
        OUTLIERS,
        JUDGED_DENSITIES,
        SUSPECT_LABELS,
        JUDGED_BATCHES,
        LABEL_DRIFT,
        *HYGIENE_VIEWS,
        *HISTORY_VIEWS,
    )
}
