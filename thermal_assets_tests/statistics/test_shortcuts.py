from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from thermal_assets.statistics.folds import group_folds
from thermal_assets.statistics.shortcuts import FEATURES, shortcut_audit
from thermal_assets_tests.statistics.images import image_frame


def pictures(normals, anomalies, sessions=20, seed=0, **columns):
    """Images of one pair whose files tell nothing; every session has a mode, a palette and a day of its own."""
    random = np.random.default_rng(seed)
    n = normals + anomalies
    of = np.concatenate([random.integers(0, sessions, normals), sessions + random.integers(0, sessions, anomalies)])
    frame = image_frame(["PIP_NOM"] * normals + ["PIP_AON"] * anomalies, [f"s{s}" for s in of])
    own = random.random(2 * sessions)[of]
    values = {
        "state": ["normal"] * normals + ["anomaly"] * anomalies,
        "channels": np.where(own < 0.5, "RGB", "RGBA").tolist(),
        "width": random.integers(80, 200, n),
        "height": random.integers(80, 200, n),
        "palette": np.where(random.random(2 * sessions)[of] < 0.5, "iron", "rainbow").tolist(),
        "brightness": 0.2 * random.random(n) + random.random(2 * sessions)[of],
        "day": [date(2020, 9, 1) + timedelta(days=int(d)) for d in random.random(2 * sessions)[of] * 100],
        "distance_m": np.round(random.random(2 * sessions)[of] * 3),
        "site_code": [f"p{s}" for s in (random.random(2 * sessions)[of] * 4).astype(int)],
    } | columns
    return frame.with_columns(**{name: pl.Series(name, value) for name, value in values.items()})


@pytest.mark.parametrize(("normals", "anomalies", "sessions"), [(220, 220, 20), (770, 70, 20)])
def test_features_of_sessions_that_tell_nothing_lie_at_one_half(normals, anomalies, sessions):
    found = pl.concat([shortcut_audit(pictures(normals, anomalies, sessions, seed)) for seed in range(6)])
    by_feature = (
        found.filter(target="state").group_by("feature").agg(pl.col("auc").mean(), pl.col("auc").std().alias("s"))
    )
    assert by_feature.height == len(FEATURES)
    assert by_feature["auc"].mean() == pytest.approx(0.5, abs=0.02)
    assert ((by_feature["auc"] - 0.5).abs() < np.maximum(0.02, 2.8 * by_feature["s"] / np.sqrt(6))).all()


def test_a_palette_that_goes_with_the_state_is_told_with_its_value_and_an_interval():
    images = pictures(300, 200)
    random = np.random.default_rng(3)
    share = np.where(images["state"] == "anomaly", 0.9, 0.2)
    found = shortcut_audit(images.with_columns(palette=pl.Series(np.where(random.random(500) < share, "iron", "grey"))))
    row = found.filter(target="state", feature="palette").row(0, named=True)
    assert row["auc"] == pytest.approx(0.85, abs=0.04)
    assert row["ci_low"] > 0.7
    assert "iron" in row["statement"] or "grey" in row["statement"]
    assert abs(row["share_positive"] - row["share_negative"]) == pytest.approx(0.7, abs=0.08)


def test_a_day_of_one_session_cannot_be_held_out():
    images = pictures(60, 60, sessions=1)
    found = shortcut_audit(images)
    assert found["auc"].null_count() == found.height
    assert found["statement"].str.contains("one session").all()
    same = shortcut_audit(pictures(60, 60).with_columns(palette=pl.lit(None, pl.String), channels=pl.lit("L")))
    assert same.filter(target="state", feature="palette")["statement"].str.starts_with("Not known").all()
    assert same.filter(target="state", feature="mode and alpha")["auc"][0] == 0.5


def test_folds_keep_groups_whole_and_labels_even_whatever_the_order():
    random = np.random.default_rng(5)
    groups = np.concatenate([random.integers(0, 60, 900), 1000 + np.arange(300)])
    labels = (groups % 3).astype(np.int64)
    keys = random.permutation(1200).astype(np.int64)
    for count in (2, 5):
        folds = group_folds(labels, keys, groups, "salt", count)
        assert all(np.unique(folds[groups == group]).size == 1 for group in np.unique(groups))
        for label in range(3):
            shares = np.bincount(folds[labels == label], minlength=count) / np.sum(labels == label)
            assert np.ptp(shares) < 0.05
        order = random.permutation(1200)
        assert (group_folds(labels[order], keys[order], groups[order], "salt", count) == folds[order]).all()
