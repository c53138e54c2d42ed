"""What one decode of an image gives: statistics, class pictures, generic features."""

from __future__ import annotations

from thermal_assets.warehouse.columns import (
    CLASS_NAME,
    CONTENT_HASH,
    IMAGE_ID,
    IMAGE_KEY,
    L2_DIMENSIONS,
    LENS_ID,
    PROBLEM_COLUMNS,
)
from thermal_assets.warehouse.schema import Table, column, required

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
