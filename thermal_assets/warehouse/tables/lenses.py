"""The lenses, and the features folded to this data set."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, CONTENT_HASH, IMAGE_KEY, L3_DIMENSIONS, LENS_ID, LEVEL
from thermal_assets.warehouse.schema import Table, column, required

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
