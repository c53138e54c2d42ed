import numpy as np
import pytest

from thermal_assets.statistics.reference_distance import ReferencePool
from thermal_assets.statistics.separation import separation
from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.statistics.images import empty, image_frame, unit

PAIR = [("PIP_NOM", "PIP_AON")]
MEASURES = ["compactness_auc", "distance_auc", "separability_auc"]


def labels(normals, anomalies):
    return ["PIP_NOM"] * normals + ["PIP_AON"] * anomalies


def compare(images, vectors, **options):
    return separation(images, vectors, level="L2", lens_id="lens", pairs=PAIR, **options)


@pytest.mark.parametrize(("normals", "anomalies"), [(600, 600), (1650, 150)])
def test_shuffled_labels_lie_at_one_half(normals, anomalies):
    """One population split at random: nothing may be found, at 1:1 and at 11:1 alike."""
    random = np.random.default_rng(4)
    # Uneven on purpose (a dense core, a wide halo): the case in which density grows with n.
    spread = np.where(random.random(normals + anomalies) < 0.5, 0.3, 1.0)[:, None]
    vectors = unit(random.normal(0, 1, (normals + anomalies, 12)) * spread + 1)
    found = []
    for _ in range(8):
        images = image_frame(random.permutation(labels(normals, anomalies)).tolist())
        found.append(compare(images, vectors, draws=2).select(MEASURES).row(0))
    assert np.mean(found, axis=0) == pytest.approx([0.5, 0.5, 0.5], abs=0.02)


def test_shuffled_sessions_lie_at_one_half_though_images_of_a_session_are_alike():
    random = np.random.default_rng(5)
    found = []
    for _ in range(24):
        sizes = random.integers(2, 60, 40)
        centres = random.normal(0, 1, (40, 12)) + 1
        vectors = unit(np.repeat(centres, sizes, axis=0) + random.normal(0, 0.3, (sizes.sum(), 12)))
        classes = np.repeat(random.permutation(labels(28, 12)), sizes).tolist()
        images = image_frame(classes, np.repeat([f"s{s}" for s in range(40)], sizes).tolist())
        found.append(compare(images, vectors, draws=1).select(MEASURES).row(0))
    standard_error = np.std(found, axis=0) / np.sqrt(len(found))
    assert np.all(np.abs(np.mean(found, axis=0) - 0.5) < np.maximum(0.02, 2.5 * standard_error))


def test_planted_difference_is_found_with_an_interval():
    random = np.random.default_rng(6)
    images = image_frame(labels(300, 120), [f"s{i % 20}" for i in range(300)] + [f"a{i % 10}" for i in range(120)])
    vectors = random.normal(0, 1, (420, 12))
    vectors[300:, 0] += 3
    row = compare(images, unit(vectors), densities=np.arange(420.0)).row(0, named=True)
    assert row["separability_auc"] > 0.9
    assert row["ci_low"] < row["separability_auc"] < row["ci_high"]
    assert (row["sessions_normal"], row["sessions_anomaly"], row["n_anomaly"]) == (20, 10, 120)
    # Every image can be given 120 - 12 references, those of its own session left out.
    assert row["m"] == 108
    assert row["median_density_normal"] == 149.5


def test_a_difference_of_distance_is_not_one_of_state():
    """Normal pipes mostly at 1 m, leaks mostly at 0.5 m, and at each distance the same pictures."""
    random = np.random.default_rng(7)
    distances = (
        random.choice([0.5, 1.0], 400, p=[0.2, 0.8]).tolist() + random.choice([0.5, 1.0], 400, p=[0.8, 0.2]).tolist()
    )
    vectors = random.normal(0, 1, (800, 10))
    vectors[:, 0] += np.where(np.array(distances) == 1.0, 3, 0)
    found = compare(image_frame(labels(400, 400), distances=distances), unit(vectors))
    raw, matched = (found.filter(matched=flag).row(0, named=True) for flag in (False, True))
    assert raw["separability_auc"] > 0.7
    assert matched["separability_auc"] == pytest.approx(0.5, abs=0.05)
    assert "0.5 m" in matched["common_support"]
    assert raw["common_support"] is None


def test_no_common_distance_is_said():
    images = image_frame(labels(40, 40), distances=[1.0] * 40 + [0.5] * 40)
    row = compare(images, unit(np.random.default_rng(8).normal(size=(80, 8)))).filter(matched=True).row(0, named=True)
    assert row["separability_auc"] is None
    assert row["common_support"] == "none"
    assert "no distance" in row["interval_note"]


def test_one_session_cannot_be_compared_and_names_without_one_get_no_interval():
    vectors = unit(np.random.default_rng(9).normal(size=(60, 8)))
    single = compare(image_frame(labels(30, 30), ["a"] * 30 + ["b"] * 30), vectors).row(0, named=True)
    assert single["separability_auc"] is None
    assert "one session only" in single["interval_note"]
    unnamed = compare(image_frame(labels(30, 30)), vectors).row(0, named=True)
    assert unnamed["sessions_normal"] == 0
    assert unnamed["separability_auc"] is not None
    assert unnamed["ci_low"] is None
    assert "no session" in unnamed["interval_note"]


def test_order_of_rows_does_not_matter_and_samples_are_named():
    random = np.random.default_rng(10)
    images, vectors = image_frame(labels(90, 40)), unit(random.normal(size=(130, 8)))
    order = random.permutation(130)
    first = compare(images, vectors, max_queries=50)
    second = compare(images[order], vectors[order], max_queries=50)
    assert first.select(*MEASURES, "reference_id").row(0)[3] == second["reference_id"][0]
    assert first.select(MEASURES).row(0) == pytest.approx(second.select(MEASURES).row(0))
    assert "a random sample of 50 of 90" in first["interval_note"][0]


def test_poor_input_gives_rows_without_numbers_or_no_rows():
    assert compare(*empty()).columns == TABLES["separation"].column_names
    assert compare(image_frame(["PIP_NOM"] * 5), unit(np.ones((5, 8)))).height == 0
    single = compare(image_frame(labels(5, 1)), unit(np.ones((6, 8)))).row(0, named=True)
    assert single["separability_auc"] is None
    alike = compare(image_frame(labels(20, 20)), unit(np.ones((40, 8)))).row(0, named=True)
    assert alike["separability_auc"] == 0.5


def test_every_image_meets_equally_many_images_of_equally_many_other_sessions():
    random = np.random.default_rng(11)
    groups = random.choice(12, 300, p=[0.45] + [0.05] * 11)
    points = random.normal(size=(300, 6)).astype(np.float32)
    pool = ReferencePool(np.arange(300), groups, 6, "salt")
    reference = pool.freeze(pool.largest_m - 5)
    m = pool.largest_m - 5
    for image in range(0, 300, 7):
        one = slice(image, image + 1)
        # With all but one reference moved out of reach in turn, what counts shows: the mean over m changes.
        far = np.full((reference.rows.size, 6), 0, dtype=np.float32)
        met = [
            row
            for row in range(reference.rows.size)
            if reference.mean_distances(
                points[one] * 0,
                groups[one],
                np.where(np.arange(far.shape[0])[:, None] == row, 1e3, far).astype(np.float32),
                m,
            )[0]
            > 1
        ]
        assert len(met) == m
        sessions = set(groups[reference.rows[met]])
        assert len(sessions) == 6
        assert groups[image] not in sessions


def test_distances_agree_with_brute_force_even_close_to_zero():
    random = np.random.default_rng(12)
    points = unit(random.normal(size=(150, 40)))
    points[:75] = points[75:] + random.normal(0, 1e-4, (75, 40)).astype(np.float32)
    reference = ReferencePool(np.arange(150), np.arange(150), 149, "salt").freeze(149)
    found = reference.mean_distances(points, np.arange(150), points[reference.rows], 3)
    gaps = np.linalg.norm(points[:, None].astype(np.float64) - points[None], axis=2)
    expected = np.sort(gaps, axis=1)[:, 1:4].mean(axis=1)
    assert found == pytest.approx(np.maximum(expected, 0.001), rel=1e-4)
