"""Densities against values worked out by hand on a line of points."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from thermal_assets.density.densities import densities
from thermal_assets.density.scales import density_scale
from thermal_assets.neighbors.grouped import TOO_FEW_SESSIONS, neighborhood
from thermal_assets.warehouse.columns import DENSITY_COLUMNS


def _line(positions: list[float]) -> np.ndarray:
    vectors = np.zeros((len(positions), 3), dtype=np.float32)
    vectors[:, 1] = positions
    return vectors


def test_values_by_hand() -> None:
    #   image    0    1    2    3     4      two neighbours each
    frame = densities(neighborhood(_line([0.0, 1.0, 3.0, 7.0, 15.0]), k_plain=4, k_across=2), k=2)
    assert frame["mean_distance_1"].to_list() == [1.0, 1.0, 2.0, 4.0, 8.0]
    assert frame["mean_distance_10"].to_list() == [6.5, 5.75, 5.25, 6.25, 12.25]
    assert frame["mean_distance_100"].to_list() == [6.5, 5.75, 5.25, 6.25, 12.25]
    np.testing.assert_allclose(frame["density"], [1 / 2, 1 / 1.5, 1 / 2.5, 1 / 5, 1 / 10], rtol=1e-6)
    # Image 4: its neighbours 3 and 2 have densities 0.2 and 0.4.
    assert frame["local_ratio"][4] == pytest.approx(0.1 / np.sqrt(0.2 * 0.4))
    # Neighbour lists: 0: 1 2 - 1: 0 2 - 2: 1 0 - 3: 2 1 - 4: 3 2
    assert frame["hubness"].to_list() == [2, 3, 4, 1, 0]
    assert frame["k_used"].to_list() == [2] * 5
    assert frame["n_candidates"].to_list() == [4] * 5
    assert frame["reliable"].to_list() == [False] * 5


def test_columns_are_those_of_the_warehouse() -> None:
    duckdb_types = {"FLOAT": pl.Float32, "INTEGER": pl.Int32, "BIGINT": pl.Int64, "VARCHAR": pl.String}
    frame = densities(neighborhood(_line([0.0, 1.0, 3.0])))
    wanted = {column.name: duckdb_types.get(column.type, pl.Boolean) for column in DENSITY_COLUMNS}
    assert dict(frame.schema) == wanted
    for column in DENSITY_COLUMNS:
        assert column.nullable or frame[column.name].null_count() == 0


def test_copies_have_a_finite_density_and_one_image_has_none() -> None:
    frame = densities(neighborhood(_line([2.0] * 60)))
    assert frame["density"].to_list() == [1000.0] * 60
    assert frame["local_ratio"].to_list() == [1.0] * 60
    assert frame["density_xs"].null_count() == 60  # all others are near copies
    alone = densities(neighborhood(_line([2.0])))
    assert alone.select("density", "density_xs", "local_ratio", "mean_distance_1").row(0) == (None,) * 4
    assert alone.select("hubness", "k_used", "n_candidates", "reliable").row(0) == (0, 0, 0, False)
    assert len(densities(neighborhood(np.empty((0, 3), dtype=np.float32)))) == 0


def test_reliable_from_five_times_k_images() -> None:
    vectors = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    assert densities(neighborhood(vectors))["reliable"].all()
    assert not densities(neighborhood(vectors[:49]))["reliable"].any()


def test_across_sessions_is_missing_below_three_of_them() -> None:
    vectors = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    two = densities(neighborhood(vectors, session=np.arange(60) % 2, frame=np.arange(60)))
    assert two["density_xs"].null_count() == 60
    assert two["density_xs_basis"].unique().to_list() == [TOO_FEW_SESSIONS]
    three = densities(neighborhood(vectors, session=np.arange(60) % 3, frame=np.arange(60)))
    assert three["density_xs"].null_count() == 0
    assert (three["density_xs"] <= three["density"]).all()


def test_scale_is_the_median_and_mad_of_the_logarithm() -> None:
    scale = density_scale(np.exp(np.array([1.0, 2.0, 4.0, 8.0, 100.0, np.nan, np.inf, -np.inf])))
    assert (scale.image_count, scale.median_log_density, scale.mad_log_density) == (5, 4.0, 3.0)
    assert density_scale(np.array([np.nan])).median_log_density is None
