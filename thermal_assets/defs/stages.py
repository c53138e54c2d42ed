"""The two stages of a class: up to its embeddings, and through the L3 lens."""

EMBED = (
    "file_manifest",
    "channel_stats",
    "annotations",
    "temperatures",
    "class_pixel_stats",
    "image_quality",
    "l2_embeddings",
)
MEASURE = (
    "l3_projection",
    "class_neighbors",
    "class_densities",
    "class_outliers",
    "distance_drift",
    "time_drift",
)
