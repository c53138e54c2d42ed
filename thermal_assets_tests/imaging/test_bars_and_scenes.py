"""A scene whose warmth fades along the border is no scale bar."""

from __future__ import annotations

import pytest

from thermal_assets.imaging.channel_stats import channel_statistics
from thermal_assets.imaging.decode import decode_image
from thermal_assets.synthetic.dataset import plan_dataset
from thermal_assets.synthetic.files import PlannedFile, file_bytes

SCENES = (
    (1000, 3, True, "car_anomaly/CAR_AON_20.10.20_GMI_P1454-P1555_D20_008941_bbox1.png"),
    (1600, 11, False, "factory_exterior_normal/FEX_NOM_20.10.29_GMI_A1002-A1028_D30_007595_bbox1.png"),
    (1600, 12, False, "car_anomaly/CAR_AON_20.09.08_ULS_P1210-P1223_D10_005490_bbox0.png"),
)


def drawn(images: int, seed: int, clean: bool, path: str) -> PlannedFile:
    plan, _ = plan_dataset(images, seed, clean)
    return next(file for file in plan.all_files() if file.path == path)


@pytest.mark.parametrize(("images", "seed", "clean", "path"), SCENES)
def test_a_hot_spot_at_the_border_is_no_bar_and_a_bar_beside_it_is(
    images: int, seed: int, clean: bool, path: str
) -> None:
    file = drawn(images, seed, clean, path)
    assert channel_statistics(decode_image(file_bytes(file)[0]))["colour_bar"] is None
    file.treatment = "colour_bar:0.08"
    assert channel_statistics(decode_image(file_bytes(file)[0]))["colour_bar"] == "right"
