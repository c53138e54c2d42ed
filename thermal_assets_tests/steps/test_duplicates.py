"""Copies are searched in whatever state classes are."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from thermal_assets.steps.class_neighborhood import materialize_class_neighborhood
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.dataset_neighborhood import materialize_dataset_neighborhood
from thermal_assets.steps.duplicates import materialize_duplicates
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets.steps.projection import materialize_l3_lens, materialize_l3_projection
from thermal_assets.warehouse.near_copies import DEFAULT_LIMITS
from thermal_assets_tests.defs.homes import small_home


def test_a_class_whose_images_changed_and_were_not_looked_at_yet_stops_nobody(tmp_path: Path) -> None:
    """Lists of the class still name a near copy that was edited since, and has no vector yet."""
    home = small_home(tmp_path, {"pipe": 25})
    picture = home.image_root / "pipe" / "0.png"
    copy = picture.with_name("copy of 0.png")
    with Image.open(picture) as opened:
        opened.point(lambda level: max(level, 1)).save(copy)
    materialize_image_classes(home, "run")
    materialize_file_manifest(home, "run", "pipe")
    materialize_image_pass(home, "run", "pipe", frozenset({"channel_stats", "l2_embeddings"}))
    materialize_l3_lens(home, "run")
    materialize_l3_projection(home, "run", "pipe")
    with home.warehouse.write() as transaction:
        transaction.connection.execute("UPDATE lenses SET in_force = true")
    materialize_class_neighborhood(home, "run", "pipe", 10)
    materialize_dataset_neighborhood(home, "run", 10)
    materialize_duplicates(home, "run", DEFAULT_LIMITS)
    query = "SELECT image_id FROM duplicates WHERE kind = 'near' ORDER BY image_id"
    assert home.warehouse.frame(query)["image_id"].to_list() == ["pipe/0.png", "pipe/copy of 0.png"]
    with Image.open(copy) as opened:
        turned = opened.transpose(Image.Transpose.ROTATE_180)
    turned.save(copy)
    materialize_file_manifest(home, "run", "pipe")  # and the image pass fails
    materialize_dataset_neighborhood(home, "run", 10)
    materialize_duplicates(home, "run", DEFAULT_LIMITS)
    assert home.warehouse.frame(query).is_empty()
