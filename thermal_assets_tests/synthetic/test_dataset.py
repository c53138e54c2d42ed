"""Writing the data set: truth agrees with the files, the same bytes every time, nothing is overwritten."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from thermal_assets.errors import UserError
from thermal_assets.imaging.decode import decode_image
from thermal_assets.synthetic import dataset
from thermal_assets.synthetic.dataset import write_sample_dataset


def contents(directory: Path) -> dict[str, str]:
    root = directory / "images"
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    directory = tmp_path_factory.mktemp("planted")
    return directory, write_sample_dataset(directory, images=200, seed=11)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    directory = tmp_path_factory.mktemp("clean") / "new"
    return directory, write_sample_dataset(directory, images=120, seed=5, clean=True)


def test_truth_lists_every_file_and_no_other(planted: tuple[Path, dict[str, Any]]) -> None:
    directory, truth = planted
    assert json.loads((directory / "truth.json").read_text()) == truth
    assert sorted(contents(directory)) == truth["files"]
    assert truth["counts"]["images"] == 200
    assert len(truth["files"]) == 200 + truth["counts"]["stray_files"]
    for plant in truth["plants"]:
        assert set(plant["images"]) <= set(truth["files"])
        assert plant["planted"] == bool(plant["images"])
        assert plant["planted"] or plant["left_out"]
        assert plant["tables"]


def test_the_clean_set_is_clean(clean: tuple[Path, dict[str, Any]]) -> None:
    directory, truth = clean
    assert truth["plants"] == []
    assert truth["counts"]["unreadable"] == 0
    pixels = set()
    for path in truth["files"]:
        image = decode_image((directory / "images" / path).read_bytes())
        assert not image.problems
        pixels.add((image.rgb.shape, image.rgb.tobytes()))
    assert len(pixels) == 120


def test_same_parameters_give_the_same_bytes_in_one_process_or_many(
    planted: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "POOL_FROM", 100)
    seen: list[tuple[int, int]] = []
    write_sample_dataset(
        tmp_path / "again", images=200, seed=11, progress=lambda done, total: seen.append((done, total))
    )
    assert contents(tmp_path / "again") == contents(planted[0])
    assert seen[-1] == (200, 200)


def test_another_seed_gives_other_pictures(planted: tuple[Path, dict[str, Any]]) -> None:
    mine, other = dataset.plan_dataset(200, 11, False)[0], dataset.plan_dataset(200, 12, False)[0]
    assert not {file.name for file in mine.all_files()[:50]} & {file.name for file in other.all_files()}


@pytest.mark.parametrize("seed", [7, 61])
def test_a_frame_number_repeats_at_two_distances_only_where_that_is_planted(seed: int) -> None:
    for clean in (True, False):
        plan, plants = dataset.plan_dataset(6000, seed, clean)
        told = {p["name"]: set(p["images"]) for p in plants}
        faulty = set().union(*(told[p] for p in told if p.startswith(("dates_", "distances_", "names_", "sessions_"))))
        units: dict[tuple[str, ...], dict[str, set[str]]] = {}
        for file in plan.all_files():
            parts = file.name.split("_")
            if file.path not in faulty and len(parts) == 8:
                unit = (*parts[2:5], parts[6].lstrip("0"))
                units.setdefault(unit, {}).setdefault(parts[5], set()).add(file.path)
        repeated = set().union(*(set().union(*u.values()) for u in units.values() if len(u) > 1))
        assert repeated == told.get("frame_number_at_two_distances", set())
        assert clean or len(repeated) >= 4


@pytest.mark.parametrize("images", [20, 60])
def test_small_sets_have_every_class_and_say_what_was_left_out(tmp_path: Path, images: int) -> None:
    truth = write_sample_dataset(tmp_path, images=images)
    assert sum(truth["counts"]["by_class"].values()) == images
    assert min(truth["counts"]["by_class"].values()) >= 1
    left_out = {plant["name"] for plant in truth["plants"] if not plant["planted"]}
    assert {"person_close_ups", "car_batch_among_people"} <= left_out
    assert sorted(contents(tmp_path)) == truth["files"]


def test_a_complete_set_is_left_alone(planted: tuple[Path, dict[str, Any]]) -> None:
    directory, truth = planted
    path = directory / "images" / truth["files"][5]
    before = path.stat().st_mtime_ns
    assert write_sample_dataset(directory, images=200, seed=11) == truth
    assert path.stat().st_mtime_ns == before


def test_an_interrupted_set_is_finished(planted: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample_dataset(tmp_path, images=200, seed=11, progress=stop)
    assert len(contents(tmp_path)) < 200
    write_sample_dataset(tmp_path, images=200, seed=11)
    assert contents(tmp_path) == contents(planted[0])


def test_nothing_else_is_overwritten(planted: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        write_sample_dataset(tmp_path, images=20)
    with pytest.raises(UserError, match="is a file"):
        write_sample_dataset(tmp_path / "mine.txt", images=20)
    with pytest.raises(UserError, match="--images 200 --seed 11"):
        write_sample_dataset(planted[0], images=200, seed=12)
    with pytest.raises(UserError, match="20 or more"):
        write_sample_dataset(tmp_path / "new", images=19)
    assert not (tmp_path / "new").exists()


def test_a_set_with_missing_files_is_not_repaired_silently(clean: tuple[Path, dict[str, Any]]) -> None:
    directory, truth = clean
    path = directory / "images" / truth["files"][0]
    data = path.read_bytes()
    path.unlink()
    with pytest.raises(UserError, match="1 of its files"):
        write_sample_dataset(directory, images=120, seed=5, clean=True)
    path.write_bytes(data)
