import duckdb
import numpy as np
import polars as pl
import pytest

from thermal_assets.statistics.batch_drift import batch_drift
from thermal_assets.statistics.code_objects import class_objects, learn_code_objects
from thermal_assets.statistics.label_conflicts import label_conflicts
from thermal_assets.warehouse.contract import TABLES
from thermal_assets.warehouse.judged_batches import (
    DEFAULT_ALPHA,
    DEFAULT_EFFECT,
    DEFAULT_EFFECT_ALONE,
    DEFAULT_IMAGES_ALONE,
    judged_batches_sql,
)
from thermal_assets_tests.statistics.images import empty, image_frame, unit

CODES = {"PIP": "PIP", "CAR": "CAR"}


def clusters(class_of, seed=40, spread=0.35):
    """Vectors around a centre of their true class."""
    random = np.random.default_rng(seed)
    centres = {name: random.normal(size=16) for name in sorted(set(class_of))}
    return unit(np.stack([centres[name] for name in class_of]) + random.normal(0, spread, (len(class_of), 16)))


def test_flipped_labels_rank_first_among_classes_of_unequal_size():
    random = np.random.default_rng(41)
    truth = ["A"] * 900 + ["B"] * 150 + ["C"] * 60
    flipped = random.choice(len(truth), 40, replace=False)
    labels = list(truth)
    for row in flipped:
        labels[row] = random.choice([name for name in "ABC" if name != truth[row]])
    images = image_frame(labels)
    found = label_conflicts(images, clusters(truth), lens_id="lens")
    wrong = set(images["image_id"][flipped])
    assert np.mean([name in wrong for name in found["image_id"].head(40)]) >= 0.95
    true_label = dict(zip(images["image_id"], truth, strict=True))
    right = found.filter(found["image_id"].is_in(wrong))
    assert all(true_label[image] == name for image, name in right.select("image_id", "neighbor_class").iter_rows())
    assert found["rank"].to_list() == list(range(1, found.height + 1))


def test_right_labels_raise_no_conflict_and_shuffled_ones_are_no_evidence():
    truth = ["A"] * 300 + ["B"] * 60
    assert label_conflicts(image_frame(truth), clusters(truth), lens_id="lens").height == 0
    vectors = unit(np.random.default_rng(42).normal(size=(360, 16)))
    assert label_conflicts(image_frame(truth), vectors, lens_id="lens").height < 0.1 * 360


def test_a_mislabelled_session_cannot_vouch_for_itself():
    """Forty frames of one scene under a wrong label are each other's nearest; other sessions tell."""
    truth = ["A"] * 200 + ["B"] * 200
    sessions = [f"s{i % 10}" for i in range(400)]
    vectors = clusters(truth)
    labels = list(truth)
    for row in range(40):
        labels[row], sessions[row] = "B", "wrong"
        vectors[row] = vectors[0]
    flagged = label_conflicts(image_frame(labels, sessions), vectors, lens_id="lens")
    wrong = {f"B/{row:06d}.png" for row in range(40)}
    assert wrong <= set(flagged["image_id"])
    # Without sessions, groups of near copies stand in for them.
    copies = np.where(np.arange(400) < 40, 0, -1)
    plain = image_frame(labels)
    assert wrong <= set(label_conflicts(plain, vectors, lens_id="lens", copies=copies)["image_id"])
    assert not wrong & set(label_conflicts(plain, vectors, lens_id="lens")["image_id"])


def test_label_conflicts_of_poor_input():
    images, vectors = empty()
    assert label_conflicts(images, vectors, lens_id="l").columns == TABLES["label_conflicts"].column_names
    assert label_conflicts(image_frame(["A"] * 30), np.ones((30, 4), np.float32), lens_id="l").height == 0
    one_each = image_frame([f"C{i}" for i in range(6)])
    assert label_conflicts(one_each, np.ones((6, 4), np.float32), lens_id="l").height == 0
    one_session = image_frame(["A"] * 20 + ["B"] * 20, ["s"] * 40)
    assert label_conflicts(one_session, unit(np.ones((40, 4))), lens_id="l").height == 0


def plant(batches=12, wrong_images=30, showing=1.0):
    """PIP_NOM and CAR_NOM in sessions of 30; the last PIP_NOM session, or the share ``showing`` of it, shows cars."""
    classes, truth, sessions, codes = [], [], [], []
    for name in ("PIP_NOM", "CAR_NOM"):
        for batch in range(batches):
            size = wrong_images if (name, batch) == ("PIP_NOM", batches - 1) else 30
            wrong = (name, batch) == ("PIP_NOM", batches - 1)
            classes += [name] * size
            truth += ["CAR_NOM" if wrong and image < showing * size else name for image in range(size)]
            codes += ["CAR" if wrong else name[:3]] * size
            sessions += [f"{name}{batch}"] * size
    return image_frame(classes, sessions, [1.0] * len(classes), codes=codes), clusters(truth, spread=0.8)


def judged(rows: pl.DataFrame) -> pl.DataFrame:
    """As view judged_batches has them by default."""
    connection = duckdb.connect()
    connection.register("batch_drift", rows)
    bounds = DEFAULT_EFFECT, DEFAULT_EFFECT_ALONE, DEFAULT_IMAGES_ALONE, DEFAULT_ALPHA
    return connection.sql(judged_batches_sql(*bounds)).pl()


def test_a_foreign_batch_is_found_and_its_siblings_are_not():
    images, vectors = plant()
    found = judged(batch_drift(images, vectors, lens_id="lens", code_objects=CODES))
    assert found.height == 24
    hit = found.filter("picture_contradicts")
    assert hit["batch_id"].to_list() == ["PIP_NOM11|1.0"]
    row = hit.row(0, named=True)
    assert row["code_contradicts"]
    assert (row["code_class"], row["nearest_class"], row["object_code"]) == ("CAR", "CAR_NOM", "CAR")
    assert row["q_value"] < 0.001
    assert row["effect"] == pytest.approx(row["foreign_share"] - row["base_rate"])
    assert len(row["example_ids"]) == 10
    assert found["code_contradicts"].sum() == 1


@pytest.mark.parametrize(("batches", "wrong_images"), [(5, 30), (12, 15)])
def test_too_few_siblings_or_images_leave_the_effect_only(batches, wrong_images):
    images, vectors = plant(batches, wrong_images)
    found = judged(batch_drift(images, vectors, lens_id="lens", code_objects={}))
    row = found.filter(batch_id=f"PIP_NOM{batches - 1}|1.0").row(0, named=True)
    assert row["robust_z"] is None
    assert row["q_value"] is None
    assert row["effect"] >= DEFAULT_EFFECT_ALONE
    assert row["picture_contradicts"]
    assert not row["code_contradicts"]


@pytest.mark.parametrize(("code", "contradicts"), [("CAR", True), ("SHP", False)])
def test_with_few_siblings_part_of_a_batch_counts_if_it_shows_what_its_names_say(code, contradicts):
    """Six in ten pictures of cars are too little by their effect alone; that the names say cars settles it."""
    images, vectors = plant(5, 30, showing=0.6)
    images = images.with_columns(pl.col("object_code").replace("CAR", code))
    found = judged(batch_drift(images, vectors, lens_id="lens", code_objects=CODES | {"SHP": "SHP"}))
    row = found.filter("code_contradicts", class_name="PIP_NOM").row(0, named=True)
    assert row["q_value"] is None
    assert DEFAULT_EFFECT < row["effect"] < DEFAULT_EFFECT_ALONE
    assert row["picture_contradicts"] == contradicts


def test_states_of_one_object_are_not_foreign():
    classes = ["PIP_NOM"] * 200 + ["PIP_AON"] * 200 + ["CAR_NOM"] * 200
    images = image_frame(classes, [f"s{i % 20}" for i in range(600)], [1.0] * 600)
    truth = ["PIP"] * 400 + ["CAR"] * 200
    found = batch_drift(images, clusters(truth), lens_id="lens", code_objects=CODES)
    assert found["foreign_share"].max() < 0.05


def test_batches_of_poor_input():
    images, vectors = empty()
    options = {"lens_id": "l", "code_objects": CODES}
    assert batch_drift(images, vectors, **options).columns == TABLES["batch_drift"].column_names
    assert batch_drift(image_frame(["A"] * 30), np.ones((30, 4), np.float32), **options).height == 0
    # One session holds the whole class: nothing of its own is left to compare with, so nothing is claimed.
    single = image_frame(["PIP_NOM"] * 30 + ["CAR_NOM"] * 60, ["a"] * 30 + ["b", "c"] * 30, [1.0] * 90)
    found = judged(batch_drift(single, unit(np.ones((90, 4))), **options))
    row = found.filter(class_name="PIP_NOM").row(0, named=True)
    assert (row["foreign_share"], row["effect"], row["picture_contradicts"]) == (None, None, False)


def test_codes_are_learned_only_where_they_are_pure():
    images = image_frame(["PIP_NOM"] * 40 + ["CAR_NOM"] * 40, codes=["P"] * 40 + ["P"] * 3 + ["C"] * 37)
    objects = class_objects(images)
    assert objects == {"CAR_NOM": "CAR", "PIP_NOM": "PIP"}
    assert learn_code_objects(images, objects) == {"C": "CAR"}
    assert learn_code_objects(image_frame(["A"] * 3), {"A": "A"}) == {}
