"""A budget of ranks: enough to look at in a large class, never a tenth of a small one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from thermal_assets.density.outliers import OutlierBudget, judge_outliers
from thermal_assets.warehouse.columns import OUTLIER_COLUMNS


def _frame(n: int, **columns: object) -> pl.DataFrame:
    values = np.random.default_rng(0).permutation(n).astype(np.float32) + 1
    return pl.DataFrame(
        {
            "image_key": np.arange(n, dtype=np.int64),
            "density": values,
            "density_xs": values * 2,
            "density_xs_basis": ["other sessions"] * n,
            "reliable": [True] * n,
        }
    ).with_columns(**columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("images", "shown"), [(0, 0), (12, 0), (19, 0), (20, 1), (60, 3), (200, 10), (5000, 10), (6000, 12), (225_954, 452)]
)
def test_budget(images: int, shown: int) -> None:
    assert OutlierBudget().size(images) == shown


def test_both_sides_by_density_across_sessions() -> None:
    judged = judge_outliers(_frame(1000))
    low, high = judged.filter(pl.col("side") == "low"), judged.filter(pl.col("side") == "high")
    assert low["density"].to_list() == [2.0 * rank for rank in range(1, 11)]
    assert high["density"].to_list() == [2.0 * (1001 - rank) for rank in range(1, 11)]
    assert low["rank"].to_list() == high["rank"].to_list() == list(range(1, 11))
    assert set(low["threshold"]) == {20.0}
    assert set(low["rule"]) == {
        "lowest density_xs (other sessions): 10 of 1000 images: the larger of 10 and 0.2%, at most 5%"
    }
    assert [column.name for column in OUTLIER_COLUMNS] == judged.columns[1:]
    assert judged.null_count().sum_horizontal().item() == 0


def test_density_stands_in_where_there_is_no_value_across_sessions() -> None:
    missing = _frame(
        1000,
        density_xs=pl.lit(None, dtype=pl.Float32),
        density_xs_basis=pl.lit("fewer than three sessions"),
    )
    judged = judge_outliers(missing)
    assert judged.filter(pl.col("side") == "low")["density"].to_list() == list(range(1, 11))
    assert judged["rule"].str.contains("density (no density_xs: fewer than three sessions)", literal=True).all()


def test_each_basis_is_ranked_by_itself() -> None:
    """Values of one basis lie far above those of the other; both still get their share of the budget."""
    second = pl.col("image_key") >= 500
    frame = _frame(
        1000,
        density_xs=pl.when(second).then(pl.col("density_xs") * 100).otherwise("density_xs").cast(pl.Float32),
        density_xs_basis=pl.when(second).then(pl.lit("near copies removed")).otherwise("density_xs_basis"),
    )
    low = judge_outliers(frame).filter(pl.col("side") == "low")
    assert (low["image_key"] >= 500).sum() == 5
    assert low["rank"].to_list() == list(range(1, 11))


def test_unreliable_images_and_small_classes_are_not_judged() -> None:
    assert len(judge_outliers(_frame(1000, reliable=pl.lit(False)))) == 0
    assert len(judge_outliers(_frame(12))) == 0
    assert judge_outliers(_frame(12)).schema == judge_outliers(_frame(1000)).schema


def test_ties_are_shown_in_the_same_order_every_time() -> None:
    frame = _frame(300, density_xs=pl.lit(1.0, dtype=pl.Float32))
    once, again = judge_outliers(frame), judge_outliers(frame.sample(fraction=1, shuffle=True, seed=1))
    assert once.equals(again)
    assert once["image_key"].to_list() == list(range(10)) * 2


def test_a_budget_can_change_without_measuring_again() -> None:
    judged = judge_outliers(_frame(1000), OutlierBudget(minimum=3, share=0.02))
    assert len(judged) == 2 * 20
    with pytest.raises(ValueError, match="largest_share"):
        OutlierBudget(largest_share=0.9)
