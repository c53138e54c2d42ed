from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from thermal_assets.statistics.distance_groups import distance_groups, distance_steps
from thermal_assets.statistics.domain_drift import domain_drift
from thermal_assets.statistics.run_drift import delivery_drift, metric_drift
from thermal_assets_tests.statistics.images import image_frame, unit


def scenes(sessions, each, seed, shift=None, d=12):
    """Vectors of ``sessions`` scenes of ``each`` images; ``shift`` moves the first axis of some sessions."""
    random = np.random.default_rng(seed)
    centres = random.normal(0, 1, (sessions, d))
    centres[:, 1] += 4  # what all pictures of a class have in common
    if shift is not None:
        centres[:, 0] += shift
    return unit(np.repeat(centres, each, axis=0) + random.normal(0, 0.6, (sessions * each, d)))


def names_of(sessions, each):
    return np.repeat([f"s{number:02d}" for number in range(sessions)], each).tolist()


@pytest.mark.parametrize("share", [0.5, 1 / 12])
def test_months_that_do_not_differ_lie_at_one_half(share):
    found = []
    for seed in range(16):
        random = np.random.default_rng(1000 + seed)
        early = random.permutation(np.arange(24) < 24 * share)
        days = np.repeat([date(2020, 11, 3) if flag else date(2020, 12, 3) for flag in early], 15).tolist()
        images = image_frame(["A"] * 360, names_of(24, 15), days=days)
        vectors = scenes(24, 15, seed)
        found.append(domain_drift(images, lambda rows, v=vectors: v[rows], level="L3", lens_id="l")["auc"][0])
    assert np.mean(found) == pytest.approx(0.5, abs=max(0.02, 2.5 * np.std(found) / np.sqrt(16)))


def test_a_place_that_differs_is_told_with_the_pictures_that_show_it():
    shift = np.where(np.arange(20) < 10, 3.0, 0.0)
    places = np.repeat(np.where(shift > 0, "P1", "P2"), 15)
    images = image_frame(["A"] * 300, names_of(20, 15)).with_columns(site_code=pl.Series(places))
    vectors = scenes(20, 15, 3, shift)
    row = domain_drift(images, lambda rows: vectors[rows], level="L3", lens_id="l").row(0, named=True)
    assert (row["kind"], row["value"], row["sessions"], row["sessions_others"]) == ("place", "P1", 10, 10)
    assert row["auc"] > 0.85
    assert row["ci_low"] > 0.7
    assert row["q_value"] <= 0.01
    shown = images.filter(pl.col("image_id").is_in(row["typical_ids"]))
    assert shown["site_code"].unique().to_list() == ["P1"]
    assert shown["session_id"].n_unique() == 10


def test_a_change_that_comes_slowly_is_told_where_no_month_differs_from_the_others() -> None:
    """Six months, each a little further: every month has others on both sides of it."""
    month = np.repeat(np.arange(6), 4)
    days = [date(2021, 1 + m, 3 + n % 4) for n, m in enumerate(month)]
    images = image_frame(["A"] * 360, names_of(24, 15), days=np.repeat(np.array(days), 15).tolist())
    vectors = scenes(24, 15, 7, 0.8 * month)
    found = domain_drift(images, lambda rows: vectors[rows], level="L3", lens_id="l")
    (changed,) = found.filter(kind="from").iter_rows(named=True)
    assert "2021-03-03" <= changed["value"].split()[1] <= "2021-05-03"
    assert changed["sessions"] + changed["sessions_others"] == 24
    assert changed["auc"] > 0.75
    assert changed["q_value"] <= 0.001
    middle = found.filter(pl.col("kind") == "month", pl.col("value").is_in(["2021-03", "2021-04"]))
    assert middle["auc"].max() < 0.75
    same_day = image_frame(["A"] * 30, names_of(2, 15), days=[date(2021, 1, 1)] * 30)
    alone = domain_drift(same_day, lambda rows: vectors[rows], level="L3", lens_id="l")
    assert alone["kind"].to_list() == ["month"]


@pytest.mark.parametrize(("first", "end"), [(13, 20), (8, 14)], ids=["from one day on", "for a while"])
def test_a_change_is_dated(first: int, end: int) -> None:
    """Sessions differ from each other in twelve directions."""
    changed = (np.arange(20) >= first) & (np.arange(20) < end)
    days = [date(2021, 1, 4) + timedelta(days=9 * n) for n in range(20)]
    images = image_frame(["A"] * 300, names_of(20, 15), days=np.repeat(np.array(days), 15).tolist())
    vectors = scenes(20, 15, 11, np.where(changed, 3.5, 0.0))
    found = domain_drift(images, lambda rows: vectors[rows], level="L3", lens_id="l")
    kind = "from" if end == 20 else "period"
    (row,) = found.filter(kind=kind).iter_rows(named=True)
    expected = f"from {days[first]} on" if end == 20 else f"{days[first]} to {days[end - 1]}"
    assert (row["value"], row["sessions"], row["sessions_others"]) == (expected, end - first, 20 - end + first)
    assert row["p_value"] <= 0.001
    assert row["auc"] > 0.75
    assert "p allows for the choice" in row["statement"]


def test_days_that_differ_by_chance_are_no_change() -> None:
    """Three sessions a day that share its weather: the sessions of a day say no more than one."""
    days = np.repeat([date(2021, 1, 4) + timedelta(days=9 * n) for n in range(12)], 3)
    images = image_frame(["A"] * 144, names_of(36, 4), days=np.repeat(days, 4).tolist())
    found = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        weather = np.repeat(random.normal(0, 1, (12, 8)), 3, axis=0)
        centres = np.repeat(weather + random.normal(0, 0.5, (36, 8)), 4, axis=0)
        vectors = unit(centres + random.normal(0, 0.5, (144, 8)))
        table = domain_drift(images, lambda rows, v=vectors: v[rows], level="L3", lens_id="l", salt=str(seed))
        found += table.filter(pl.col("kind").is_in(["from", "period"]))["p_value"].to_list()
    assert len(found) == 40
    assert np.mean(np.array(found) <= 0.05) <= 0.15
    assert 0.35 < np.mean(found) < 0.65


def test_a_stretch_counts_all_its_images_and_leaves_sessions_without_a_date_out() -> None:
    days = [date(2021, 1, 4) + timedelta(days=9 * (n // 10)) for n in range(200)]
    images = image_frame(["A"] * 240, names_of(24, 10), days=[*days, *[None] * 40])
    vectors = scenes(24, 10, 11, np.where((np.arange(24) >= 12) & (np.arange(24) < 20), 4.0, 0.0))
    found = domain_drift(images, lambda rows: vectors[rows], level="L3", lens_id="l", max_per_class=90)
    (row,) = found.filter(kind="from").iter_rows(named=True)
    assert (row["value"], row["image_count"]) == (f"from {days[120]} on", 80)
    assert row["sessions"] + row["sessions_others"] == 20
    assert row["method"] == "sample"


def test_two_kinds_of_picture_are_found_where_sessions_can_tell_and_nowhere_else():
    far = np.arange(20) % 2 == 1
    distances = np.repeat(np.where(far, 2.0, 0.5), 30).tolist()
    images = image_frame(["A"] * 600, names_of(20, 30), distances)
    apart, alike = scenes(20, 30, 5, np.where(far, 4.0, 0.0)), scenes(20, 30, 5)
    options = {"level": "L3", "lens_id": "l"}
    found = distance_groups(images, lambda rows: apart[rows], **options).row(0, named=True)
    assert found["identifiable"]
    assert found["auc"] >= 0.9
    assert (found["nearer_from_m"], found["farther_from_m"], found["n"]) == (0.5, 2.0, 300)
    assert distance_groups(images, lambda rows: alike[rows], **options)["auc"][0] < 0.75
    single = image_frame(["A"] * 60, ["a"] * 30 + ["b"] * 30, [0.5] * 30 + [2.0] * 30)
    row = distance_groups(single, lambda rows: apart[rows], **options).row(0, named=True)
    assert (row["identifiable"], row["auc"]) == (False, None)
    assert row["statement"].startswith("Not identifiable")
    assert distance_steps(np.array([0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 8])) == [
        (0.3, 0.3), (0.5, 0.7), (1, 1.5), (2, 3), (4, 4), (8, 8)]  # fmt: skip


def test_a_distance_of_few_images_takes_in_those_behind_it() -> None:
    steps = np.repeat(np.array([5.0, 10, 15, 20, 25, 30]), 4)  # four sessions of three images at each distance
    images = image_frame(["A"] * 72, names_of(24, 3), np.repeat(steps, 3).tolist())
    vectors = scenes(24, 3, 5, np.where(steps >= 25, 8.0, 0.0))
    found = distance_groups(images, lambda rows: vectors[rows], level="L3", lens_id="l")
    sides = found.select("nearer_from_m", "nearer_to_m", "farther_from_m", "farther_to_m", "n").rows()
    assert sides == [
        (5, 5, 10, 15, 12), (5, 10, 15, 20, 24), (10, 15, 20, 25, 24), (15, 20, 25, 30, 24), (20, 25, 30, 30, 12)]  # fmt: skip
    assert found["identifiable"].to_list() == [False, True, True, True, False]
    assert found["auc"].arg_max() == 3
    assert found["auc"][3] >= 0.9


FEATURES = {
    "channels": "RGB",
    "width": 90,
    "height": 90,
    "palette": "iron",
    "brightness": 0.5,
    "day": date(2020, 11, 3),
}


def delivery(shift, seed, palette="iron", each=20, sessions=16):
    moved = np.where(np.arange(sessions) >= 10, shift, 0.0)
    images = image_frame(["A"] * sessions * each, names_of(sessions, each)).with_columns(
        **{name: pl.lit(value) for name, value in FEATURES.items()}
    )
    new = np.repeat(np.arange(sessions) >= 10, each)
    images = images.with_columns(palette=pl.Series(np.where(new & (np.arange(len(new)) % 2 == 0), palette, "iron")))
    vectors = scenes(sessions, each, seed, moved)
    return delivery_drift(images, new, lambda rows: vectors[rows], lens_id="l")


def test_a_delivery_like_the_old_images_is_not_different_and_an_unlike_one_is():
    same = [delivery(0.0, seed, each=6).filter(measure="pictures")["effect"][0] for seed in range(20)]
    assert np.mean(same) == pytest.approx(0.5, abs=max(0.02, 3 * np.std(same) / np.sqrt(20)))
    found = delivery(4.0, 1, palette="rainbow")
    row = found.filter(measure="pictures").row(0, named=True)
    assert row["effect"] > 0.75
    assert row["classifier_auc"] > 0.85
    assert row["p_value"] <= 0.01
    assert (row["new_images"], row["old_images"], row["new_sessions"], row["old_sessions"]) == (120, 200, 6, 10)
    palette = found.filter(measure="palette").row(0, named=True)
    assert palette["effect"] == pytest.approx(0.5)
    assert "50%" in palette["statement"]
    assert row["ci_low"] is palette["ci_low"] is None  # six sessions are too few to draw again


def test_how_different_a_delivery_is_has_an_interval_where_sessions_allow_it():
    found = delivery(4.0, 2, palette="rainbow", each=8, sessions=24)
    row = found.filter(measure="pictures").row(0, named=True)
    assert 0.5 < row["ci_low"] < row["effect"] < row["ci_high"] < 1
    assert row["ci_high"] - row["ci_low"] > 0.05  # of sessions, not of the 192 images
    palette = found.filter(measure="palette").row(0, named=True)
    assert palette["ci_low"] == palette["ci_high"] == pytest.approx(0.5)  # the same in every session


def test_figures_that_moved_are_measured_against_their_usual_moves():
    values = [10.0, 11.0, 10.0, 11.0, 10.0, 11.0]
    history = pl.DataFrame({"metric": "images", "class_name": "A", "value": values, "measured_at": range(6)})
    now = pl.DataFrame({"metric": ["images"], "class_name": ["A"], "value": [31.0]})
    counts = pl.DataFrame({"class_name": ["A"], "old_images": [11]})
    row = metric_drift(history, now, counts, lens_id="l").row(0, named=True)
    assert (row["before"], row["now"], row["effect_name"]) == (11.0, 31.0, "times the usual change")
    assert row["effect"] == pytest.approx(20 / 1.4826)
    assert metric_drift(history, now.with_columns(value=pl.lit(11.0)), counts, lens_id="l").height == 0
