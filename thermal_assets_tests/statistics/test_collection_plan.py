import numpy as np
import polars as pl
import pytest

from thermal_assets.statistics.collection_plan import collection_plan, probe_errors
from thermal_assets_tests.statistics.images import image_frame, unit


def test_the_missing_state_comes_first_then_few_sessions_and_enough_last():
    classes = ["PIP_NOM"] * 100 + ["PIP_AON"] * 30
    sessions = [f"n{i % 10}" for i in range(100)] + [f"a{i % 3}" for i in range(30)]
    distances = [1.0] * 100 + [0.5] * 30
    images = image_frame(classes, sessions, distances).with_columns(
        state=pl.Series(["normal"] * 100 + ["anomaly"] * 30), site_code=pl.lit("CIC")
    )
    plan = collection_plan(images, np.r_[np.zeros(100), np.ones(15), np.zeros(15)], lens_id="l")
    assert plan["rank"].to_list() == [1, 2, 3, 4]
    assert plan["need"].to_list() == ["the other state only"] * 2 + ["few sessions", "enough"]
    assert plan["action"].to_list() == [
        "Shoot PIP, anomaly at 1 m in CIC: add 8 sessions; only the other state was shot here",
        "Shoot PIP, normal at 0.5 m in CIC: add 8 sessions; only the other state was shot here",
        "Shoot PIP, anomaly at 0.5 m in CIC: add 5 sessions",
        "Enough of PIP, normal at 1 m in CIC",
    ]
    row = plan.row(2, named=True)
    assert (row["images"], row["sessions"], row["missing_sessions"], row["probe_error"]) == (30, 3, 5, 0.5)


def test_names_without_sessions_are_called_unknown_however_many_images_there_are():
    plan = collection_plan(image_frame(["A"] * 5000 + ["B"]), np.full(5001, np.nan), lens_id="l")
    assert plan.select("object", "state", "images", "missing_sessions").rows() == [
        ("B", "any", 1, None),
        ("A", "any", 5000, None),
    ]
    assert set(plan["need"]) == {"sessions unknown"}
    assert plan["action"][1] == (
        "A: 5,000 images, but the names carry no session, so how many are independent is unknown"
    )


def test_three_images_all_mistaken_do_not_lead_hundreds_of_which_more_than_half_are():
    images = image_frame(["A"] * 303, ["s"] * 303, [1.0] * 3 + [2.0] * 300)
    plan = collection_plan(images, np.r_[np.ones(3), np.ones(165), np.zeros(135)], lens_id="l")
    told = plan.select("distance_from_m", "probe_images", "probe_error", "error_at_least").rows()
    assert told == [(2.0, 300, 0.55, pytest.approx(0.4934, abs=1e-3)), (1.0, 3, 1.0, pytest.approx(0.4385, abs=1e-3))]


def test_only_cells_that_some_state_fills_are_rows():
    states = ["normal"] * 20 + ["anomaly"] * 10
    images = image_frame(
        ["PIP_NOM"] * 20 + ["PIP_AON"] * 10, ["s"] * 30, [1.0] * 10 + [2.0] * 10 + [1.0] * 10
    ).with_columns(state=pl.Series(states), site_code=pl.Series(["P"] * 10 + ["Q"] * 10 + ["P"] * 10))
    plan = collection_plan(images, np.zeros(30), lens_id="l")
    shown = plan.select("state", "distance_from_m", "place", "images").sort(pl.all()).rows()
    assert shown == [
        ("anomaly", 1.0, "P", 10),
        ("anomaly", 2.0, "Q", 0),
        ("normal", 1.0, "P", 10),
        ("normal", 2.0, "Q", 10),
    ]


@pytest.mark.parametrize(("first", "second"), [(300, 300), (660, 60)])
def test_the_probe_learns_what_can_be_learned_and_nothing_from_shuffled_labels(first, second):
    random = np.random.default_rng(2)
    labels = np.r_[np.zeros(first, np.int64), np.ones(second, np.int64)]
    vectors = random.normal(0, 1, (first + second, 10))
    vectors[labels == 1, 0] += 4
    vectors = unit(vectors)
    folds = np.arange(first + second) % 2

    def balanced_error(labels):
        wrong = probe_errors(lambda rows: vectors[rows], labels, folds, np.ones(len(labels), dtype=bool))
        return np.mean([wrong[labels == label].mean() for label in (0, 1)])

    assert balanced_error(labels) < 0.1
    shuffled = [balanced_error(random.permutation(labels)) for _ in range(60)]
    assert np.mean(shuffled) == pytest.approx(0.5, abs=max(0.02, 2.5 * np.std(shuffled) / np.sqrt(60)))
