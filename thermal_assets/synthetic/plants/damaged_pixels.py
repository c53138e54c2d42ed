"""Pictures that were damaged between the sensor and the file."""

from __future__ import annotations

from thermal_assets.synthetic.plants.plant import Plant, Pool, scaled

# (name, damage, strength, pictures in 1,600 images, detector, description)
_FAULTS = (
    ("too_dark", "dark", 0.9, 2, "image_quality", "Pictures that kept a tenth of their light."),
    ("too_bright", "bright", 0.9, 2, "image_quality", "Pictures whose levels went nine tenths of the way to white."),
    ("flat", "flat", 0.9, 2, "image_quality", "Pictures that kept a tenth of their contrast."),
    ("coarse", "coarse", 3, 2, "image_quality", "Pictures with three levels left of their palette."),
    ("blurred", "blurred", 3, 2, "image_quality", "Pictures with a Gaussian blur of 3 pixels."),
    ("clipped", "clipped", 0.4, 2, "image_quality", "Pictures of a range set too low: the hottest two "
     "fifths are at its end."),
    ("one_colour", "blank", 0, 2, "blank_images", "Pictures of one colour everywhere."),
    ("stuck_rows", "stuck_rows", 2, 2, "pixel_defects", "Pictures in which two rows show one colour from end to end."),
    ("stuck_columns", "stuck_columns", 2, 2, "pixel_defects", "The same with two columns."),
    ("dead_pixels", "dead_pixels", 6, 2, "pixel_defects", "Pictures in which six single pixels show the hottest or "
     "the coldest colour of the picture."),
    ("burned_in_text", "overlay", 12, 3, "overlays", "Pictures with a temperature reading and a cross burned in."),
    ("colour_bars", "colour_bar", 0.08, 3, "overlays", "Pictures with the colour scale of the camera at their right "
     "edge."),
)  # fmt: skip


def plant_damage(pool: Pool) -> list[Plant]:
    """Each damage in a few pictures of several classes; names and labels stay right."""
    plants = []
    for name, damage, strength, count, detector, description in _FAULTS:
        tables = ("image_quality",) if detector == "image_quality" else ("channel_stats",)
        plant = Plant(f"pictures_{name}", description, tables, (detector,))
        for _ in range(scaled(pool.plan, count)):
            plant.files += pool.take_anywhere(large=True)
        for file in plant.files:
            file.treatment = f"{damage}:{strength}"
        if not plant.files:
            plant.left_out = "the classes have too few images"
        plants.append(plant)
    return plants
