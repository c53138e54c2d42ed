"""How far out an image lies: the one measure that findings, review lists and queries go by."""

from __future__ import annotations

from thermal_assets.warehouse.columns import CLASS_NAME, IMAGE_ID, LEVEL
from thermal_assets.warehouse.schema import View, column

# Near frames of one odd object lie close to each other, so density would call them ordinary. Values of another basis do
# not compare, so the typical image is sought among those of the same one.
JUDGED_DENSITIES = View(
    "judged_densities",
    "One row per image and level that may be judged: its density by images of other sessions where there is one, and how "
    "many times farther it lies than the typical image of its class; lens in force.",
    (
        IMAGE_ID,
        CLASS_NAME,
        LEVEL,
        column("judged_density", "", "density_xs, or density where density_xs is NULL"),
        column(
            "basis",
            "",
            "What density_xs leaves out: 'other sessions' or 'near copies removed'; 'all other images: ...' with the "
            "reason where there is none",
        ),
        column(
            "times_farther",
            "",
            "e to the (median of ln judged_density, over the images of its class and level with the same basis, minus its "
            "own): how many times farther away its nearest images are than those of the typical image",
        ),
        column("image_key", "", "Signed 64-bit blake2b of image_id"),
    ),
    """
    SELECT f.image_id, d.class_name, d.level, coalesce(d.density_xs, d.density) AS judged_density,
           CASE WHEN d.density_xs IS NULL THEN 'all other images: ' ELSE '' END || d.density_xs_basis AS basis,
           exp(median(ln(judged_density)) OVER (
               PARTITION BY d.class_name, d.level, d.density_xs_basis, d.density_xs IS NULL
           ) - ln(judged_density)) AS times_farther, d.image_key
    FROM class_densities d
    JOIN lenses l ON l.lens_id = d.lens_id AND l.in_force
    JOIN file_manifest f ON f.image_key = d.image_key
    WHERE d.reliable AND coalesce(d.density_xs, d.density) > 0
    """,
    reads=("class_densities", "file_manifest"),
)
