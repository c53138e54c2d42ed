"""An update equals a search from nothing, after any edits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thermal_assets.neighbors import grouped, incremental
from thermal_assets.neighbors.grouped import list_widths
from thermal_assets.neighbors.list_files import ListFiles
from thermal_assets.neighbors.operands import Precision
from thermal_assets_tests.neighbors.edited_folder import ACROSS, EditedFolder, K, assert_equal


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("seed", [0, 1])
def test_random_edits_end_where_a_new_search_ends(
    tmp_path: Path, precision: Precision, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = []
    run_update = grouped.run_update

    def counted(*arguments: object, **options: object) -> object:
        updates.append(1)
        return run_update(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(grouped, "run_update", counted)
    folder = EditedFolder(tmp_path, precision, seed)
    folder.search(update=True)
    for added, removed in ((1, 0), (0, 1), (30, 0), (0, 60), (25, 25), (0, 0), (60, 5)):
        folder.edit(added, removed)
        found, expected = folder.search(update=True), folder.search(update=False)
        assert_equal(found, expected)
    assert len(updates) == 7


def test_old_images_are_not_searched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored is enough for a few edits; only pairs with a new image are compared."""
    searched: list[np.ndarray] = []
    monkeypatch.setattr(incremental, "run_search", lambda *a, **k: searched.append(a[2]))
    folder = EditedFolder.without_ties(tmp_path, 3)
    folder.search(update=True)
    folder.edit(3, 3)
    found, expected = folder.search(update=True), folder.search(update=False)
    np.testing.assert_array_equal(found.plain.indices, expected.plain.indices)
    assert searched == []


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_where_more_new_images_enter_a_list_than_it_takes_at_once_it_is_compared_with_them_alone(
    tmp_path: Path, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    enter = incremental.Newcomers.enter

    def counted(*arguments: object) -> object:
        compared.append(len(arguments[2]))  # type: ignore[arg-type]
        return enter(*arguments)  # type: ignore[arg-type]

    searched: list[np.ndarray] = []
    search = incremental.run_search

    def noted(*arguments: object, **options: object) -> object:
        searched.append(arguments[2])  # type: ignore[arg-type]
        return search(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(incremental, "_ENTERING", 2)
    monkeypatch.setattr(incremental.Newcomers, "enter", counted)
    monkeypatch.setattr(incremental, "run_search", noted)
    folder = EditedFolder.without_ties(tmp_path, 7)
    folder.precision = precision
    folder.search(update=True)
    before = folder.here
    folder.edit(70, 0)
    assert_equal(folder.search(update=True), folder.search(update=False))
    assert sum(compared) > 100
    assert not np.isin(folder.here[np.concatenate([*searched, np.empty(0, np.int64)])], before).any()


def test_lists_of_another_version_or_cut_short_are_not_read(tmp_path: Path) -> None:
    folder = EditedFolder(tmp_path, "float32", 2)
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
    folder = EditedFolder.without_ties(tmp_path, 4)
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
    folder = EditedFolder(tmp_path, "float32", 5)
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
    folder = EditedFolder(tmp_path, "float32", 6)
    folder.search(update=True)
    mine = ListFiles.open(tmp_path / "lists", "1")
    assert mine is not None
    assert mine.unchanged()
    before = mine.mapped().columns.copy()
    folder.edit(40, 0)
    folder.search(update=True)
    assert not mine.unchanged()
    np.testing.assert_array_equal(mine.mapped().columns, before)
