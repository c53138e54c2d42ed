"""An update equals a search from nothing, after any edits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thermal_assets.neighbors import grouped, incremental
from thermal_assets.neighbors.grouped import Neighborhood, list_widths, neighborhood
from thermal_assets.neighbors.incremental import Previous
from thermal_assets.neighbors.list_files import ListFiles

K, ACROSS = 12, 4


class _Folder:
    """Images that come and go: row numbers of a fixed pool, in rising order."""

    def __init__(self, path: Path, precision: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        pool = 900
        self.path, self.precision, self.rng = path, precision, rng
        self.session = rng.integers(-1, 7, pool)
        scenes = 2 * rng.standard_normal((8, 24))
        self.vectors = (scenes[self.session + 1] + 0.4 * rng.standard_normal((pool, 24))).astype(np.float32)
        self.vectors[rng.integers(0, pool, 90)] = self.vectors[3]  # copies: ties that only the row decides
        self.vectors[rng.integers(0, pool, 60)] = np.round(self.vectors[rng.integers(0, pool, 60)])
        self.frame = np.where(rng.random(pool) < 0.3, -1, rng.integers(0, 300, pool))
        self.here = np.sort(rng.choice(pool, 420, replace=False))
        self.lists: ListFiles | None = None
        self.stored = np.empty(0, dtype=np.int64)

    @classmethod
    def without_ties(cls, path: Path, seed: int) -> _Folder:
        """Every image has a session, and no two are alike."""
        folder = cls(path, "float32", seed)
        folder.vectors = folder.rng.standard_normal(folder.vectors.shape).astype(np.float32)
        folder.session = folder.rng.integers(0, 7, len(folder.vectors))
        return folder

    def edit(self, added: int, removed: int) -> None:
        gone = self.rng.choice(self.here, removed, replace=False)
        others = np.setdiff1d(np.arange(len(self.vectors)), self.here)
        new = self.rng.choice(others, added, replace=False)
        self.here = np.union1d(np.setdiff1d(self.here, gone), new)

    def search(self, update: bool) -> Neighborhood:
        files = ListFiles.begin(self.path / "lists", len(self.here), *list_widths(K, ACROSS))
        previous = None
        if update and self.lists is not None:
            at = np.searchsorted(self.stored, self.here)
            at = np.minimum(at, len(self.stored) - 1)
            previous = Previous(self.lists, np.where(self.stored[at] == self.here, at, -1))
            assert previous.usable
        steps: list[tuple[int, int]] = []
        found = neighborhood(
            self.vectors[self.here],
            session=self.session[self.here],
            frame=self.frame[self.here],
            k_plain=K,
            k_across=ACROSS,
            near_copy_distance=0.5,
            kept=5,
            mean_of=(K,),
            files=files,
            previous=previous,
            precision=self.precision,  # type: ignore[arg-type]
            memory_mb=0.05,
            progress=lambda *step: steps.append(step),
        )
        assert all(done <= of == len(self.here) for done, of in steps)
        assert not steps or steps[-1] == (len(self.here), len(self.here))
        if update:
            files.finish(self.path / "lists", "1")
            self.lists, self.stored = files, self.here
        else:
            files.drop()
        return found


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("seed", [0, 1])
def test_random_edits_end_where_a_new_search_ends(
    tmp_path: Path, precision: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = []
    run_update = grouped.run_update

    def counted(*arguments: object, **options: object) -> object:
        updates.append(1)
        return run_update(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(grouped, "run_update", counted)
    folder = _Folder(tmp_path, precision, seed)
    folder.search(update=True)
    for added, removed in ((1, 0), (0, 1), (30, 0), (0, 60), (25, 25), (0, 0), (60, 5)):
        folder.edit(added, removed)
        found, expected = folder.search(update=True), folder.search(update=False)
        for one, other in ((found.plain, expected.plain), (found.across, expected.across)):
            np.testing.assert_array_equal(one.indices, other.indices)
            np.testing.assert_array_equal(one.distances, other.distances)
            np.testing.assert_array_equal(one.candidates, other.candidates)
        np.testing.assert_array_equal(found.plain.means[K], expected.plain.means[K])
        np.testing.assert_array_equal(found.basis, expected.basis)
    assert len(updates) == 7


def test_old_images_are_not_searched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored is enough for a few edits; only pairs with a new image are compared."""
    searched: list[np.ndarray] = []
    monkeypatch.setattr(incremental, "run_search", lambda *a, **k: searched.append(a[2]))
    folder = _Folder.without_ties(tmp_path, 3)
    folder.search(update=True)
    folder.edit(3, 3)
    found, expected = folder.search(update=True), folder.search(update=False)
    np.testing.assert_array_equal(found.plain.indices, expected.plain.indices)
    assert searched == []


def test_lists_of_another_version_or_cut_short_are_not_read(tmp_path: Path) -> None:
    folder = _Folder(tmp_path, "float32", 2)
    folder.search(update=True)
    place = tmp_path / "lists"
    assert ListFiles.open(place, "1") is not None
    assert ListFiles.open(place, "2") is None
    with (place / "scores.rows").open("r+b") as file:
        file.truncate(100)
    assert ListFiles.open(place, "1") is None
    assert ListFiles.open(tmp_path / "nowhere", "1") is None


def test_rows_searched_again_have_entries_to_spare_again(tmp_path: Path) -> None:
    """Else every image that goes would have them searched once more."""
    folder = _Folder.without_ties(tmp_path, 4)
    folder.frame[:] = -1
    folder.search(update=True)
    width, spare = list_widths(K, ACROSS)[0], []
    for _ in range(6):
        folder.edit(0, 25)
        folder.search(update=True)
        assert folder.lists is not None
        spare.append((folder.lists.mapped().columns >= 0).sum(axis=1) - K)
    assert min(left.min() for left in spare) >= 0
    assert max(left.max() for left in spare[3:]) == width - K


def test_when_most_lists_are_too_short_the_join_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joined = []
    join = incremental.run_joined_search

    def counted(*arguments: object, **options: object) -> object:
        joined.append(1)
        return join(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(incremental, "run_joined_search", counted)
    folder = _Folder(tmp_path, "float32", 5)
    folder.search(update=True)
    folder.edit(5, 330)
    found, expected = folder.search(update=True), folder.search(update=False)
    assert joined
    np.testing.assert_array_equal(found.plain.indices, expected.plain.indices)
    np.testing.assert_array_equal(found.across.indices, expected.across.indices)
    folder.edit(3, 1)
    found, expected = folder.search(update=True), folder.search(update=False)
    np.testing.assert_array_equal(found.plain.indices, expected.plain.indices)


def test_lists_that_another_process_replaces_stay_readable_and_are_told_apart(tmp_path: Path) -> None:
    folder = _Folder(tmp_path, "float32", 6)
    folder.search(update=True)
    mine = ListFiles.open(tmp_path / "lists", "1")
    assert mine is not None
    assert mine.unchanged()
    before = mine.mapped().columns.copy()
    folder.edit(40, 0)
    folder.search(update=True)
    assert not mine.unchanged()
    np.testing.assert_array_equal(mine.mapped().columns, before)
