"""Neighbours in a sample: against plain loops, and brought up to date against a search from nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from thermal_assets.neighbors import sample_search, sample_update
from thermal_assets.neighbors.device_search import candidates_on_device
from thermal_assets.neighbors.grouped import Neighborhood, list_widths
from thermal_assets.neighbors.incremental import Previous
from thermal_assets.neighbors.list_files import ListFiles
from thermal_assets.neighbors.operands import Precision
from thermal_assets.neighbors.salted_hash import salted_hash
from thermal_assets.neighbors.sample_search import neighborhood_in_sample
from thermal_assets.neighbors.sample_update import PreviousSample
from thermal_assets_tests.neighbors import brute
from thermal_assets_tests.neighbors.edited_folder import ACROSS, Asked, EditedFolder, K, assert_equal

SAMPLE = 150


class _SampledFolder(EditedFolder):
    """Searched in a sample that a hash of the images decides."""

    size = SAMPLE

    def sample_of(self, images: np.ndarray) -> np.ndarray:
        return np.sort(np.argsort(salted_hash(images, salt=0), kind="stable")[: self.size])

    def measured(self, previous: Previous | None, asked: Asked) -> Neighborhood:
        if previous is not None:
            previous = PreviousSample(previous.files, previous.old_of, self.sample_of(self.stored))
        return neighborhood_in_sample(
            lambda rows: self.vectors[self.here[rows]],
            len(self.here),
            self.sample_of(self.here),
            previous=previous,
            **asked,
        )


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_search, "_ROWS_AT_ONCE", 64)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("sessions", [7, 2, 0])
def test_equals_plain_loops(tmp_path: Path, precision: Precision, sessions: int) -> None:
    folder = _SampledFolder(tmp_path, precision, 7)
    folder.session[folder.session >= sessions] = -1
    found, sample = folder.search(update=False), folder.sample_of(folder.here)
    far = brute.distances(folder.vectors[folder.here], folder.vectors[folder.here][sample])
    far[sample, np.arange(len(sample))] = np.inf
    order = np.argsort(far, axis=1, kind="stable")[:, :K]
    nearest = np.take_along_axis(far, order, axis=1)
    np.testing.assert_array_equal(found.plain.indices, sample[order[:, :5]])
    np.testing.assert_allclose(found.plain.means[K], nearest.mean(axis=1), rtol=1e-6)
    of_here = folder.vectors[folder.here], ACROSS, folder.session[folder.here], folder.frame[folder.here]
    indices, distances = brute.across(*of_here, 0.5, sample)
    np.testing.assert_array_equal(found.across.indices, indices)
    np.testing.assert_allclose(found.across.distances, distances, rtol=1e-6)
    assert found.plain.method == "reference sample"
    assert np.isnan(found.plain.recall)
    np.testing.assert_array_equal(found.plain.candidates, SAMPLE - np.isin(np.arange(len(folder.here)), sample))


@pytest.mark.parametrize("size", [SAMPLE, 13])  # of 13, every list is the whole sample
@pytest.mark.parametrize("seed", [0, 1])
def test_random_edits_end_where_a_new_search_ends(
    tmp_path: Path, size: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = []
    update = sample_search.SampleUpdate

    def counted(*arguments: object) -> object:
        updates.append(1)
        return update(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sample_search, "SampleUpdate", counted)
    monkeypatch.setattr(sample_update, "WORTH_AN_UPDATE", 1.0)
    folder = _SampledFolder(tmp_path, "float32", seed)
    folder.size = size
    folder.search(update=True)
    for added, removed in ((1, 0), (0, 1), (30, 0), (0, 60), (25, 25), (0, 0), (60, 5), (3, 200), (40, 0)):
        folder.edit(added, removed)
        assert_equal(folder.search(update=True), folder.search(update=False))
    assert len(updates) == 9


def test_old_images_are_not_searched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _SampledFolder.without_ties(tmp_path, 3)
    folder.frame[:] = -1
    folder.search(update=True)
    before = folder.here[folder.sample_of(folder.here)]
    folder.edit(8, 8)
    assert len(np.setdiff1d(folder.here[folder.sample_of(folder.here)], before)) > 0
    expected = folder.search(update=False)
    searched: list[np.ndarray] = []
    joined = sample_search._joined

    def noted(block: object, left: np.ndarray, *rest: object) -> object:
        searched.append(left)
        return joined(block, left, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(sample_search, "_joined", noted)
    assert_equal(folder.search(update=True), expected)
    assert sum(len(rows) for rows in searched) == 8


def test_where_much_of_the_sample_is_new_all_is_searched_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _SampledFolder(tmp_path, "float32", 6)
    folder.search(update=True)
    folder.edit(0, 120)
    expected = folder.search(update=False)
    monkeypatch.setattr(sample_search.SampleUpdate, "apply", None)
    assert_equal(folder.search(update=True), expected)


def test_where_nothing_came_into_the_sample_old_vectors_are_not_read(tmp_path: Path) -> None:
    folder = _SampledFolder.without_ties(tmp_path, 5)
    folder.search(update=True)
    outside = np.setdiff1d(np.arange(len(folder.here)), folder.sample_of(folder.here))[:3]
    folder.here = np.delete(folder.here, outside)
    read: list[np.ndarray] = []
    files = ListFiles.begin(tmp_path / "again", len(folder.here), *list_widths(K, ACROSS))
    assert folder.lists is not None
    neighborhood_in_sample(
        lambda rows: (read.append(rows), folder.vectors[folder.here[rows]])[1],  # type: ignore[func-returns-value]
        len(folder.here),
        folder.sample_of(folder.here),
        session=folder.session[folder.here],
        k_plain=K,
        k_across=ACROSS,
        files=files,
        previous=PreviousSample(
            folder.lists, np.searchsorted(folder.stored, folder.here), folder.sample_of(folder.stored)
        ),
    )
    assert [len(rows) for rows in read] == [SAMPLE]


def test_on_a_device_the_same_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _SampledFolder(tmp_path, "float32", 8)
    expected = folder.search(update=False)
    searched = []

    def counted(*arguments: object, **options: object) -> object:
        for chunk, found in candidates_on_device(*arguments, **options, rows_at_once=40, columns_at_once=50):  # type: ignore
            searched.append(len(chunk))
            yield chunk, found

    monkeypatch.setattr(sample_search, "accelerator", lambda: torch.device("cpu"))
    monkeypatch.setattr(sample_search, "candidates_on_device", counted)
    assert_equal(folder.search(update=True), expected)
    assert sum(searched) == len(folder.here)
    folder.edit(20, 20)
    assert_equal(folder.search(update=True), folder.search(update=False))
