"""What one decode of an image gives: statistics, class pictures, generic features."""

from __future__ import annotations

from thermal_assets.warehouse.columns import (
    CLASS_NAME,
    CONTENT_HASH,
    IMAGE_ID,
    IMAGE_KEY,
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
            column(
                "entropy",
                "DOUBLE",
                "Shannon entropy of luminance over its native levels, bits (0 to 8, of 16-bit images to 16); of floats and "
                "32-bit images over 256 equal parts of their range",
            ),
            column("sharpness", "DOUBLE", "Variance of the 4-neighbour Laplacian of luminance scaled to 0..1"),
            column(
                "relative_sharpness",
                "DOUBLE",
                "Variance of that Laplacian over the variance of the levels, both along the palette where luminance does "
                "not follow it: low for blurred pictures, whatever their contrast and palette; NULL without contrast",
            ),
            column(
                "saturated_fraction",
                "DOUBLE",
                "Share of pixels at either end of the scale (the two below together), 0..1",
            ),
            column(
                "clipped_low_fraction",
                "DOUBLE",
                "Share of pixels at the cold end of the palette, or at the lowest level of the format, 0..1",
            ),
            column(
                "clipped_high_fraction",
                "DOUBLE",
                "Share of pixels at the hot end of the palette, or at the highest level of the format, 0..1",
            ),
            column(
                "stuck_rows",
                "INTEGER",
                "Rows of a damaged detector: constant, equal to the next or offset from both, one pixel sharp; "
                "NULL below 8 x 8 pixels",
            ),
            column("stuck_columns", "INTEGER", "Columns of a damaged detector; NULL below 8 x 8 pixels"),
            column(
                "dead_pixels",
                "INTEGER",
                "Single pixels more than 8 standard deviations of their surroundings (and 16 levels) away from them; "
                "NULL below 8 x 8 pixels",
            ),
            column(
                "overlay_fraction",
                "DOUBLE",
                "Share of pixels in colours that the palette does not have (text, crosshair, logo), 0..1, a lower "
                "bound; NULL where the palette is unknown or the picture is grey throughout",
            ),
            column(
                "colour_bar",
                "VARCHAR",
                "Side on which a scale bar is drawn into the picture: left, right, top, bottom; NULL: none seen",
            ),
            column("palette", "VARCHAR", "Pseudo-colour palette recognised: grey, iron, rainbow, ...; 'unknown'"),
            column(
                "palette_confidence",
                "DOUBLE",
                "Share of the pixel colours that the named palette explains, of at most 1,024 pixels, 0..1",
            ),
            required(
                "pixel_hash",
                "VARCHAR",
                "XXH3, 128 bits, over size and pixels: equal pictures whatever the container",
            ),
            required(
                "radiometric", "VARCHAR", "'none', 'present, not read' or 'read': temperature payload of the file"
            ),
            column(
                "perceptual_hash",
                "VARCHAR",
                "256 bits in hex that noise, compression, brightness and size hardly change: pictures that differ in few bits "
                "(bit_count(xor(from_hex(a)::BIT, from_hex(b)::BIT))) show the same; NULL where hardly anything is seen",
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
            required(
                "embedding",
                "FLOAT[]",
                "Unit-length feature vector, as long as lenses.dimensions says; FLOAT[n] in published_vectors.duckdb",
            ),
        ),
        key=("image_key", "lens_id"),
        owner="l2_embeddings",
        compare=("image_key", "class_name", "content_hash", "lens_id"),
        vectors=True,
    ),
)
