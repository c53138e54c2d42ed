"""Groups stay whole, classes keep their proportion, and what cannot be done is told."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest

from thermal_assets.errors import UserError
from thermal_assets.exporting.groups import independent_groups, linked, near_pairs
from thermal_assets.exporting.splits import parse_shares, split_by_group, split_report
from thermal_assets.exporting.weights import class_weights
from thermal_assets_tests.findings.fixtures import PLAIN, clean

SHARES = (0.7, 0.15, 0.15)


def sessions(classes: int, a_class: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images of ``classes`` in ``a_class`` sessions each, of 1 to 60 images; every tenth session holds two classes."""
    rng = np.random.default_rng(seed)
    groups, codes, number = [], [], 0
    for code in range(classes):
        for _ in range(a_class):
            held = [code, (code + 1) % classes] if number % 10 == 0 else [code]
            for other in held:
                size = int(rng.integers(1, 61))
                groups += [number] * size
                codes += [other] * size
            number += 1
    return np.array(groups), np.array(codes)


def test_groups_stay_whole_and_classes_keep_their_proportion() -> None:
    groups, codes = sessions(20, 40)
    split = split_by_group(groups, codes, SHARES, seed=3)
    parts = pl.DataFrame({"group": groups, "part": split.part}).group_by("group").agg(pl.col("part").n_unique())
    assert parts["part"].max() == 1
    report = split_report(split, groups, pl.Series([f"c{code:02}" for code in codes]))
    assert report["off_by"].abs().max() < 0.02  # forty sessions a class leave room for 2 points
    assert report["note"].null_count() == report.height
    assert report.group_by("class_name").agg(pl.col("share").sum())["share"].to_list() == pytest.approx([1.0] * 20)


def test_the_same_seed_gives_the_same_split_and_another_one_another() -> None:
    groups, codes = np.arange(200), np.arange(200) % 3
    first, again, other = (split_by_group(groups, codes, SHARES, seed=seed).part for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_class_of_few_sessions_is_named_and_lands_where_it_can_be_trained_on() -> None:
    groups, codes = sessions(3, 12)
    lonely = np.full(30, groups.max() + 1)
    pair = np.repeat([groups.max() + 2, groups.max() + 3], 20)
    all_groups = np.concatenate([groups, lonely, pair])
    all_codes = np.concatenate([codes, np.full(30, 3), np.full(40, 4)])
    split = split_by_group(all_groups, all_codes, SHARES, seed=0)
    report = split_report(split, all_groups, pl.Series([f"c{code}" for code in all_codes]))
    lone = report.filter(pl.col("class_name") == "c3")
    assert lone["images"].to_list() == [30, 0, 0]
    assert "1 independent group(s) for 3 parts" in lone["note"][0]
    assert report.filter(pl.col("class_name") == "c4")["images"].to_list() == [20, 0, 20]
    assert report.filter(pl.col("class_name").is_in(["c0", "c1", "c2"]))["note"].null_count() == 9


def test_single_images_fill_up_to_the_exact_shares_and_many_groups_take_seconds() -> None:
    count = 150_000
    codes = np.random.default_rng(0).integers(0, 20, count)
    groups = np.arange(count)
    groups[:60_000] = np.repeat(np.arange(20_000), 3)  # twenty thousand small groups, many of two classes
    groups = np.unique(groups, return_inverse=True)[1]
    started = time.process_time()
    split = split_by_group(groups, codes, SHARES, seed=0)
    assert time.process_time() - started < 20
    for code in range(20):
        share = np.bincount(split.part[codes == code], minlength=3) / (codes == code).sum()
        assert np.abs(share - SHARES).max() < 1e-4


def test_links_are_followed_as_far_as_they_lead() -> None:
    session = np.array([0, 0, 1, 1, 2, -1, -1, 3])
    copies = np.array([-1, 0, 0, -1, -1, 1, -1, -1])
    near = np.array([[3, 4], [6, 6]])
    assert linked(8, [session, copies], near).tolist() == [0, 0, 0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("text", ["0.7,0.2", "1", "0.5,0.5,0", "a,b", "0.4,0.3,0.2,0.1", "nan,0.5"])
def test_shares_that_make_no_split_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="add up to 1"):
        parse_shares(text)


def test_weights_follow_their_formulas() -> None:
    weights = class_weights(pl.DataFrame({"class_name": ["a", "b", "c"], "images": [900, 100, 0]}))
    assert weights["inverse_frequency"].to_list() == [pytest.approx(1000 / 1800), pytest.approx(5.0), None]
    effective = [(1 - 0.9999) / (1 - 0.9999**n) for n in (900, 100)]
    mean = sum(effective) / 2
    assert weights["effective_number"].to_list() == [*(pytest.approx(e / mean) for e in effective), None]


def test_a_copy_known_by_its_hash_alone_is_linked_and_stays_in_one_part() -> None:
    w = clean()
    first, second = w.of("channel_stats", PLAIN[0])[:2]
    first["perceptual_hash"], second["perceptual_hash"] = "00" * 32, "00" * 31 + "ff"
    connection = w.connect()
    query = (
        "SELECT f.image_key, f.image_id AS session_id, NULL::VARCHAR AS frame_id, f.content_hash, s.pixel_hash "
        "FROM file_manifest f JOIN channel_stats s USING (image_id) ORDER BY f.image_key"
    )
    images = connection.sql(query).pl()
    assert sorted(map(tuple, near_pairs(connection, images).tolist())) == [(0, 1), (1, 0)]
    groups = independent_groups(connection, images)
    assert groups[0] == groups[1]
    assert len(set(groups.tolist())) == images.height - 1
    second["perceptual_hash"] = "ff" * 32
    assert near_pairs(w.connect(), images).size == 0
