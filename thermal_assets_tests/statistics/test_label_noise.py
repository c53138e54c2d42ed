"""Wrong labels are told from classes that merely resemble each other."""

from typing import Any

import numpy as np
import polars as pl

from thermal_assets.statistics.label_conflicts import conflicting_images
from thermal_assets.statistics.label_evidence import LabelEvidence, label_evidence
from thermal_assets.statistics.label_noise import label_noise
from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.statistics.images import empty, image_frame, unit

SIZE = 600


def two_classes(apart: float, wrong: float, seed: int, sessions: int = 20) -> tuple[pl.DataFrame, LabelEvidence]:
    """A and B of 600 images a class, ``apart`` standard deviations from each other; ``wrong`` of A shows B."""
    random = np.random.default_rng(seed)
    shows_b = np.arange(2 * SIZE) >= SIZE
    shows_b[random.choice(SIZE, round(wrong * SIZE), replace=False)] = True
    points = random.normal(0, 1, (2 * SIZE, 8))
    points[:, 0] += apart * shows_b
    labels = ["A"] * SIZE + ["B"] * SIZE
    images = image_frame(labels, [f"{name}{i % sessions}" for i, name in enumerate(labels)] if sessions else None)
    # What a good classifier says that was trained elsewhere: it knows the classes and not which labels are wrong.
    like_b = 1 / (1 + np.exp(-apart * (points[:, 0] - apart / 2)))
    chances = np.stack([1 - like_b, like_b], axis=1).astype(np.float32)
    return images, label_evidence(images, unit(np.c_[points, np.ones(2 * SIZE)]), probabilities=chances)


def noise_of(images: pl.DataFrame, evidence: LabelEvidence) -> dict[str, dict[str, Any]]:
    found = label_noise(images, evidence, lens_id="l").filter(neighbor_class="*")
    return {row["class_name"]: row for row in found.iter_rows(named=True)}


def test_classes_that_resemble_each_other_are_no_noise() -> None:
    told, contradicted = 0, 0
    for seed in range(6):
        images, evidence = two_classes(2.0 + seed % 2, 0.0, seed)
        contradicted += conflicting_images(images, evidence, lens_id="l", min_odds=9.0).height
        told += sum(row["ci_low"] >= 0.01 for row in noise_of(images, evidence).values())
    assert contradicted > 50  # what a count of long odds alone would tell
    assert told <= 1  # of twelve classes


def test_the_share_of_wrong_labels_is_measured_and_its_interval_holds_it() -> None:
    for seed, apart in enumerate((2.5, 3.0, 4.0)):
        images, evidence = two_classes(apart, 0.1, seed)
        row = noise_of(images, evidence)["A"]
        assert row["ci_low"] <= 0.1 <= row["ci_high"]
        assert row["ci_low"] > 0.01
        assert (row["sessions"], row["neighbor_sessions"]) == (20, 20)


def test_wrong_labels_are_as_typical_of_the_other_class_as_its_own_images() -> None:
    images, evidence = two_classes(3.0, 0.1, 5)
    found = conflicting_images(images, evidence, lens_id="l")
    first = found["typicality"].head(60).to_numpy()
    assert 0.35 < first.mean() < 0.75
    assert first.std() > 0.15  # spread, where classes that meet give a heap


def test_without_sessions_enough_nothing_is_identifiable() -> None:
    images, evidence = two_classes(3.0, 0.1, 1, sessions=5)
    row = noise_of(images, evidence)["A"]
    assert (row["share"], row["ci_low"]) == (None, None)
    assert row["interval_note"].startswith("Not identifiable")
    unnamed = noise_of(*two_classes(3.0, 0.1, 1, sessions=0))["A"]
    assert unnamed["ci_low"] > 0.01
    assert "no session" in unnamed["interval_note"]


def test_noise_of_poor_input() -> None:
    images, vectors = empty()
    columns = TABLES["label_noise"].column_names
    assert label_noise(images, label_evidence(images, vectors), lens_id="l").columns == columns
    single = image_frame(["A"] * 30)
    assert label_noise(single, label_evidence(single, np.ones((30, 4), np.float32)), lens_id="l").height == 0
