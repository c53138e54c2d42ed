import numpy as np

from thermal_assets.statistics.persistence import outlier_persistence
from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.statistics.images import empty, image_frame, unit


def test_overlap_is_shown_beside_what_random_projections_keep():
    random = np.random.default_rng(20)
    vectors = random.normal(size=(260, 64)) * 0.2 + 1
    vectors[:5] += random.normal(0, 1.5, (5, 64))
    sessions = ["odd"] * 5 + [f"s{i % 10}" for i in range(255)]
    l2 = unit(vectors)
    found = outlier_persistence(image_frame(["A"] * 260, sessions), l2, l2[:, :24], projections=6)
    expected = [(name, scope, n) for name, scope in (("A", "class"), ("*", "dataset")) for n in (5, 20, 100)]
    assert found.select("class_name", "scope", "n").rows() == expected
    top = found.filter(class_name="A", n=5).row(0, named=True)
    # Five images far from everything stay the least dense in any projection: no news, and the row shows it.
    assert (top["overlap"], top["expected"], top["expected_low"], top["sessions"]) == (5, 5.0, 5.0, 1)
    assert 0 < top["rank_correlation"] < 1


def test_a_lens_that_shuffles_the_images_falls_below_chance():
    random = np.random.default_rng(21)
    l2 = unit(random.normal(size=(300, 48)) * random.uniform(0.1, 1, 300)[:, None] + 1)
    found = outlier_persistence(image_frame(["A"] * 300), l2, random.permutation(l2)[:, :30], projections=4)
    row = found.filter(class_name="A", n=100).row(0, named=True)
    assert row["overlap"] < row["expected_low"]
    assert row["sessions"] is None


def test_large_classes_are_sampled_alike_in_any_order_and_small_ones_skip_depths():
    random = np.random.default_rng(22)
    images, l2 = image_frame(["A"] * 200 + ["B"] * 12), unit(random.normal(size=(212, 16)))
    first = outlier_persistence(images, l2, l2[:, :8], projections=2, max_images=60)
    order = random.permutation(212)
    assert first.equals(outlier_persistence(images[order], l2[order], l2[order, :8], projections=2, max_images=60))
    assert first.filter(class_name="B")["n"].to_list() == [5]
    assert first.filter(class_name="A")["n"].to_list() == [5, 20]


def test_poor_input():
    images, vectors = empty()
    assert outlier_persistence(images, vectors, vectors).columns == TABLES["outlier_persistence"].column_names
    alike = outlier_persistence(image_frame(["A"] * 12), np.ones((12, 8), np.float32), np.ones((12, 4), np.float32))
    assert alike["rank_correlation"].to_list() == [None, None]
