"""Class sizes: the total is kept, the imbalance is the declared one, and no class is empty."""

from __future__ import annotations

import pytest

from thermal_assets.synthetic.catalog import CLASS_SHARES
from thermal_assets.synthetic.counts import class_sizes, shares_of


@pytest.mark.parametrize("images", [1600, 4001, 20_000])
def test_largest_over_smallest_is_the_declared_ratio(images: int) -> None:
    sizes = class_sizes(images, CLASS_SHARES)
    assert sum(sizes.values()) == images
    assert round(max(sizes.values()) / min(sizes.values()), 2) == 11.14
    assert list(sizes) == list(CLASS_SHARES)


@pytest.mark.parametrize("images", [20, 21, 33, 60, 150, 601])
def test_few_images_still_reach_every_class(images: int) -> None:
    sizes = class_sizes(images, CLASS_SHARES)
    assert sum(sizes.values()) == images
    assert min(sizes.values()) == sizes["storage_tank_anomaly"] >= 1
    assert max(sizes.values()) == sizes["transport_pipe_normal"]


def test_shares_add_up() -> None:
    assert shares_of(10, [1, 1, 1]) == [4, 3, 3]
    assert shares_of(0, [2, 1]) == [0, 0]
