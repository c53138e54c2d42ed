"""The supervised head judged on images it has not seen, and what is made of it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import f1_score

from thermal_assets.lenses.candidates import CANDIDATES
from thermal_assets.lenses.crossfit import crossfitted
from thermal_assets.lenses.evaluation import Pair, evaluate_lenses
from thermal_assets.lenses.evaluation_measures import intrinsic_dimension, macro_f1
from thermal_assets.lenses.supervised import HeadSettings, fit_head, supervised_contrastive_loss
from thermal_assets.statistics.false_alarms import ResampledRecall, recall_at_false_alarms
from thermal_assets.statistics.folds import group_folds
from thermal_assets.statistics.frames import table_frame
from thermal_assets.statistics.gray_zone import gray_rows
from thermal_assets.statistics.groups import codes
from thermal_assets.statistics.label_network import fit_label_network
from thermal_assets.statistics.label_probe import held_out_probabilities
from thermal_assets.statistics.separation import supervised_separation
from thermal_assets.statistics.separation_strata import Stratum
from thermal_assets_tests.statistics.images import image_frame, unit

SMALL = HeadSettings(inputs=24, hidden=32, outputs=8, steps=30, batch=128)
# One axis of 24 carries the state here: with half of the inputs dropped it would be missing half of the time.
LONGER = HeadSettings(inputs=24, hidden=32, outputs=8, steps=200, batch=128, dropout=0.1)
PAIR = [("PIP_NOM", "PIP_AON")]


def judged(labels, vectors, sessions=None, settings=SMALL):
    """Rows of supervised_separation and gray_zone for ``labels`` 0 normal, 1 anomaly."""
    images = image_frame(np.where(labels == 1, "PIP_AON", "PIP_NOM").tolist(), sessions)
    of, keys = codes(images["class_name"]), images["image_key"].to_numpy()
    groups = codes(images["session_id"]) if sessions else np.arange(len(labels))
    folds = group_folds(of, keys, groups, "test")
    seen, fitted = crossfitted(lambda rows: vectors[rows], of, of, keys, folds, salt="test", settings=settings)
    options = {"lens_id": "l", "fitted_images": min(fitted), "pairs": PAIR, "draws": 1}
    found, gray = supervised_separation(images, seen, folds, **options)
    return images, found.row(0, named=True), gray


@pytest.mark.parametrize(("normals", "anomalies"), [(200, 200), (660, 60)])
def test_shuffled_labels_lie_at_one_half_though_a_head_was_trained_on_them(normals, anomalies):
    vectors = unit(np.random.default_rng(1).normal(size=(normals + anomalies, 24)))
    labels = np.r_[np.zeros(normals, int), np.ones(anomalies, int)]
    random = np.random.default_rng(7)
    found = [judged(random.permutation(labels), vectors)[1]["separability_auc"] for _ in range(12)]
    assert np.mean(found) == pytest.approx(0.5, abs=max(0.02, 3 * np.std(found) / np.sqrt(12)))


def test_a_direction_hidden_among_larger_ones_is_learned_and_the_images_between_are_listed():
    random = np.random.default_rng(3)
    labels = np.arange(600) % 2
    vectors = random.normal(0, 1, (600, 24)) * np.linspace(4, 1, 24)
    place = np.where(labels == 1, 2.5, -2.5) + random.normal(0, 1, 600)
    place[:20] = 0.0
    vectors[:, -1] = place
    _, row, gray = judged(labels, unit(vectors), [f"s{i % 24:02d}" for i in range(600)], LONGER)
    assert row["separability_auc"] > 0.85
    assert row["ci_low"] < row["separability_auc"] < row["ci_high"]
    assert row["fitted_images"] == 300
    assert gray.height == row["gray_normal"] + row["gray_anomaly"] > 0
    assert gray["rank"].to_list() == list(range(1, gray.height + 1))


def test_the_gray_zone_is_where_the_tails_overlap_nearest_to_its_middle_first():
    images = image_frame(["N"] * 200 + ["A"] * 200)
    scores = np.r_[np.linspace(-3, 1, 200), np.linspace(-1, 3, 200)]
    zero = np.zeros(200)
    part = Stratum((np.arange(200), np.arange(200, 400)), m=10)
    part.to_normal, part.to_anomaly = [(scores[:200], scores[200:])], [(zero, zero)]
    rows, counts = gray_rows([part], images, ("N", "A"), "l")
    low, high = -1 + 0.05 * 4, 1 - 0.05 * 4  # 5 % of the anomalies lie lower, 5 % of the normals higher
    inside = (scores >= low) & (scores <= high)
    assert counts == (int(inside[:200].sum()), int(inside[200:].sum()))
    assert {row["image_id"] for row in rows} == set(images["image_id"].filter(pl.Series(inside)))
    assert (rows[0]["zone_low"], rows[0]["zone_high"]) == pytest.approx((low, high))
    far = [abs(row["score"]) for row in rows]
    assert far == pytest.approx(sorted(far))
    part.to_normal = [(scores[:200] - 5, scores[200:])]
    assert gray_rows([part], images, ("N", "A"), "l") == ([], (0, 0))


def test_recall_at_one_percent_counts_the_normals_above():
    part = Stratum((np.arange(200), np.arange(200, 250)), m=10)
    part.to_normal = [(np.arange(200.0), np.r_[np.full(20, 197.5), np.full(30, 100.0)])]
    part.to_anomaly = [(np.zeros(200), np.zeros(50))]
    assert recall_at_false_alarms([part], 1) == pytest.approx(0.4)  # two of 200 normals lie above 197
    few = Stratum((np.arange(50), np.arange(50, 60)), m=10)
    assert recall_at_false_alarms([few], 1) is None


def test_resampling_sessions_moves_the_bound_with_the_normal_images():
    random = np.random.default_rng(5)
    part = Stratum((np.arange(400), np.arange(400, 500)), m=10)
    normal, anomaly = random.normal(0, 1, 400), random.normal(2, 1, 100)
    part.to_normal, part.to_anomaly = [(normal, anomaly)], [(np.zeros(400), np.zeros(100))]
    unit = np.concatenate([np.arange(400) // 40, 10 + np.arange(100) // 10])
    times = random.multinomial(20, np.full(20, 1 / 20), 50).astype(float)
    found = ResampledRecall([part], unit, 20, 1)(np.concatenate([np.ones((1, 20)), times]))
    assert found[0] == pytest.approx(recall_at_false_alarms([part], 1))
    anomalies_only = np.r_[np.zeros(10), np.ones(10)][None]
    assert np.isnan(ResampledRecall([part], unit, 20, 1)(anomalies_only)).all()
    for drawn, value in zip(times, found[1:], strict=True):
        repeated = [
            np.repeat(v, drawn[unit[at]].astype(int))
            for v, at in ((normal, np.arange(400)), (anomaly, np.arange(400, 500)))
        ]
        if min(map(len, repeated)) == 0:
            continue
        # The lowest bound among the normal images that no more than one in a hundred exceeds.
        bounds = [b for b in np.unique(normal) if np.sum(repeated[0] > b) <= 0.01 * len(repeated[0])]
        assert value == pytest.approx(np.mean(repeated[1] > min(bounds)))


def test_the_loss_is_that_of_the_paper():
    import torch

    points = torch.tensor(unit(np.random.default_rng(4).normal(size=(5, 3))))
    labels = torch.tensor([0, 0, 1, 1, 2])
    expected = []
    for anchor in range(4):
        others = [i for i in range(5) if i != anchor]
        scores = torch.exp(points[anchor] @ points.T / 0.5)
        mates = [i for i in others if labels[i] == labels[anchor]]
        expected.append(-torch.stack([torch.log(scores[i] / scores[others].sum()) for i in mates]).mean())
    assert float(supervised_contrastive_loss(points, labels, 0.5)) == pytest.approx(float(torch.stack(expected).mean()))


def test_a_head_does_not_depend_on_the_order_of_the_rows():
    random = np.random.default_rng(5)
    vectors, labels, keys = unit(random.normal(size=(200, 20))), np.arange(200) % 3, random.permutation(200)
    order = random.permutation(200)
    one = fit_head(vectors, labels, keys, salt="a", settings=SMALL).embed(vectors)
    other = fit_head(vectors[order], labels[order], keys[order], salt="a", settings=SMALL).embed(vectors)
    np.testing.assert_allclose(one, other, atol=1e-5)
    with pytest.raises(ValueError, match="two classes"):
        fit_head(vectors, np.zeros(200, dtype=np.int64), keys, salt="a")


def test_every_lens_is_judged_on_the_other_fold_and_on_classes_left_out():
    random = np.random.default_rng(6)
    labels = np.repeat([0, 1, 2], [200, 120, 120])
    centres = random.normal(0, 1, (3, 30))
    vectors = unit(centres[labels] + random.normal(0, 2.5, (440, 30)))
    order = random.permutation(440)
    splits = [(np.sort(order[:220]), np.sort(order[220:])), (np.sort(order[220:]), np.sort(order[:220]))]
    rows = evaluate_lenses(
        vectors, labels, np.arange(440), ["n", "a", "b"], [Pair(0, (1, 2))], splits, salt="test", rounds=2
    )
    found = {row["lens"]: row for row in rows}
    assert list(found) == ["L2", "PCA", "whitened PCA", "LDA", "supervised", "logistic regression"]
    assert found["supervised"]["separability_auc"] > 0.65
    assert found["L2"]["separability_auc"] > 0.6
    assert all(row["separability_low"] <= row["separability_auc"] <= row["separability_high"] for row in rows)
    assert found["L2"]["outlier_ranks_kept"] == 1
    assert all(row["left_out_class"] in ("a", "b") for row in rows)
    assert all(row["left_out_lowest"] <= row["left_out_auc"] for row in rows)


def test_uneven_splits_tell_the_images_that_were_fitted_and_judged():
    vectors = unit(np.random.default_rng(3).normal(0, 1, (100, 8)))
    labels = np.r_[np.zeros(60, np.int64), np.ones(39, np.int64), 2]
    first, second = np.arange(0, 100, 5), np.setdiff1d(np.arange(100), np.arange(0, 100, 5))
    (row,) = evaluate_lenses(
        vectors, labels, np.arange(100), ["n", "a", "alone"], [Pair(0, (1,))], [(first, second), (second, first)],
        salt="test", candidates=CANDIDATES[:1], logistic=False, rounds=1,
    )  # fmt: skip
    run = {"method": "exact", "fold_unit": "session", "lens_id": "l"}
    written = table_frame("lens_evaluation", [row | run]).row(0, named=True)
    assert (written["splits"], written["images_fitted"], written["images_judged"]) == (2, [20, 79], [80, 20])


def test_measures_agree_with_their_definitions():
    random = np.random.default_rng(7)
    truth, told = random.integers(0, 4, 300), random.integers(0, 4, 300)
    assert macro_f1(truth, told) == pytest.approx(f1_score(truth, told, average="macro"))
    flat = np.zeros((1500, 20), dtype=np.float32)
    flat[:, :4] = random.random((1500, 4))
    assert intrinsic_dimension(flat) == pytest.approx(4, abs=0.5)
    assert intrinsic_dimension(flat[:10]) is None


def test_the_network_does_not_learn_single_wrong_labels_by_heart():
    """It contradicts the wrong labels that it was fitted on, and is the same network when fitted again."""
    random = np.random.default_rng(9)
    truth = np.arange(2000) % 4
    vectors = unit(random.normal(0, 1, (4, 60))[truth] + random.normal(0, 0.8, (2000, 60))).astype(np.float32)
    labels = truth.copy()
    labels[:200] = (labels[:200] + random.integers(1, 4, 200)) % 4
    network = fit_label_network(vectors, labels, salt="test")
    told = network.probabilities(vectors).argmax(axis=1)
    assert np.mean(told[:200] == truth[:200]) > 0.9
    again = fit_label_network(vectors, labels, salt="test")
    assert all(np.array_equal(getattr(network, layer), getattr(again, layer)) for layer in ("first", "bias", "second"))


def test_the_network_is_not_led_astray_by_what_no_image_of_its_fit_showed():
    random = np.random.default_rng(10)
    truth = np.arange(400) % 2
    vectors = unit(random.normal(0, 1, (2, 30))[truth] + random.normal(0, 0.3, (400, 30))).astype(np.float32)
    vectors = np.hstack([vectors, np.zeros((400, 10), dtype=np.float32)])
    network = fit_label_network(vectors, truth, salt="test")
    vectors[:, 30:] = 0.5
    assert np.mean(network.probabilities(vectors).argmax(axis=1) == truth) > 0.95


def test_the_probe_has_not_seen_the_session_it_speaks_of():
    """Every session is a cloud of its own with one label: what is learned of one tells nothing of another."""
    random = np.random.default_rng(8)
    groups = np.repeat(np.arange(40), 10)
    labels = groups % 2
    vectors = unit(random.normal(0, 1, (40, 60))[groups] + random.normal(0, 0.05, (400, 60)))
    keys = np.arange(400)
    found = held_out_probabilities(lambda rows: vectors[rows], labels, keys, groups, salt="test")
    assert np.mean(found.argmax(axis=1) == labels) < 0.7
    leaked = held_out_probabilities(lambda rows: vectors[rows], labels, keys, keys, salt="test")
    assert np.mean(leaked.argmax(axis=1) == labels) > 0.85
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
