"""What is planted is what truth.json says, and it can be found by looking at names, bytes and pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from thermal_assets.imaging.decode import decode_image
from thermal_assets.imaging.problems import ImageProblem
from thermal_assets.manifest.filenames import token_reader
from thermal_assets.profile import load_profile
from thermal_assets.synthetic.catalog import OBJECTS
from thermal_assets.synthetic.dataset import plan_dataset
from thermal_assets.synthetic.files import file_bytes

READ = token_reader(load_profile("aihub-235"))


class Planted:
    """The planted data set of 1,600 images; only the files asked for are drawn."""

    def __init__(self) -> None:
        plan, plants = plan_dataset(1600, 7, clean=False)
        self.plan = plan
        self.files = {file.path: file for file in plan.all_files()}
        self.plants = {str(plant["name"]): plant for plant in plants}

    def images(self, name: str) -> list[str]:
        assert self.plants[name]["planted"], name
        images: Any = self.plants[name]["images"]
        assert images
        return list(images)

    def groups(self, name: str) -> list[list[str]]:
        groups: Any = self.plants[name]["groups"]
        return list(groups)

    def data(self, path: str) -> bytes:
        return file_bytes(self.files[path])[0]

    def pixels(self, path: str) -> np.ndarray:
        return decode_image(self.data(path)).rgb.astype(int)


@pytest.fixture(scope="module")
def planted() -> Planted:
    return Planted()


def test_totals_are_those_of_the_clean_set(planted: Planted) -> None:
    sizes = {name: len(files) for name, files in planted.plan.files.items()}
    assert sum(sizes.values()) == 1600
    assert round(max(sizes.values()) / min(sizes.values()), 2) == 11.14
    assert sizes == planted.plan.sizes


def test_car_batch_lies_among_people(planted: Planted) -> None:
    paths = planted.images("car_batch_among_people")
    assert len(paths) >= 20
    assert all(path.startswith("person_anomaly/CAR_AON_21.02.05_CIC_P1505-P1513_D20_") for path in paths)
    assert {planted.files[path].picture.object_name for path in paths} == {"car"}
    # Enough batches of its own size beside it to be judged against.
    batches: dict[str | None, int] = {}
    for file in planted.plan.files["person_anomaly"]:
        batch = READ(Path(file.name).stem).batch_id
        batches[batch] = batches.get(batch, 0) + 1
    assert len(batches) >= 9
    assert min(batches.values()) >= 20


def test_close_ups_are_much_larger_than_any_other_person(planted: Planted) -> None:
    close = planted.images("person_close_ups")
    assert {READ(Path(path).stem).distance_m for path in close} == {1.0}
    others = [file.path for file in planted.plan.files["person_normal"] if file.path not in close][:20]
    assert planted.pixels(close[0]).size > 2 * max(planted.pixels(path).size for path in others)


def test_cooled_cars_have_less_contrast_than_the_others(planted: Planted) -> None:
    cooled = planted.images("cooled_cars")
    assert {READ(Path(path).stem).distance_m for path in cooled} == {25.0, 30.0}
    contrast = {True: [], False: []}  # type: dict[bool, list[float]]
    for file in planted.plan.files["car_anomaly"][::3]:
        rows = planted.pixels(file.path)
        contrast[file.path in cooled].append(float(rows[rows.shape[0] // 3 :].std(axis=(0, 1)).mean()))
    assert max(contrast[True]) < np.median(contrast[False])


def test_copies_are_what_they_claim(planted: Planted) -> None:
    for name in ("file_copies", "two_labels_one_file"):
        for first, second in planted.groups(name):
            assert planted.data(first) == planted.data(second)
    for first, second in planted.groups("rgb_and_rgba_copies"):
        assert planted.data(first) != planted.data(second)
        assert (planted.pixels(first) == planted.pixels(second)).all()
        assert {planted.files[first].mode, planted.files[second].mode} == {"RGB", "RGBA"}
    treatments = set()
    for name in ("near_copies", "near_copies_with_two_labels"):
        for first, second in planted.groups(name):
            one, other = planted.pixels(first), planted.pixels(second)
            assert 0 < np.abs(one - other).mean() < 8
            treatments |= {planted.files[first].treatment, planted.files[second].treatment}
    assert treatments == {"", "level_noise", "shift", "jpeg"}
    for name in ("two_labels_one_file", "near_copies_with_two_labels"):
        assert all(first.split("/")[0] != second.split("/")[0] for first, second in planted.groups(name))
    for name in ("file_copies", "rgb_and_rgba_copies", "near_copies"):
        assert all(first.split("/")[0] == second.split("/")[0] for first, second in planted.groups(name))


@pytest.mark.parametrize("name", ["truncated_png", "empty_file", "text_named_png", "half_written_jpeg"])
def test_unreadable_files_cannot_be_read(planted: Planted, name: str) -> None:
    for path in planted.images(name):
        with pytest.raises(ImageProblem):
            decode_image(planted.data(path))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("names_that_do_not_parse", "does_not_parse"),
        ("dates_outside_the_window", "outside_window"),
        ("distances_outside_the_range", "outside_distance"),
        ("sessions_that_end_before_they_start", "session_reversed"),
    ],
)
def test_bad_names_have_the_problem_they_claim_and_no_other_name_has_one(
    planted: Planted, name: str, code: str
) -> None:
    bad = {
        path
        for path in planted.files
        if any(text.startswith(f"{code}:") for text in READ(Path(path).stem).token_problems)
    }
    # Names like export_411.png, planted twice, do not parse either.
    also = set(planted.images("one_name_in_two_classes")) if code == "does_not_parse" else set()
    assert bad == set(planted.images(name)) | also


def test_no_image_carries_two_small_faults(planted: Planted) -> None:
    large = ("cooled_cars", "stray_files", "rgb_among_rgba", "alpha_of_one_value", "unequal_classes", "small_classes")
    small = [name for name in planted.plants if name not in large]
    paths = [path for name in small for path in planted.images(name)]
    assert len(set(paths)) == len(paths)


def test_leaks_can_be_seen_except_where_planted(planted: Planted) -> None:
    dry = planted.images("leaks_that_look_normal")
    assert {planted.files[path].picture.look for path in dry} == {"dry"}
    rest = [file for file in planted.plan.files["transport_pipe_anomaly"] if file.path not in dry]
    assert {file.picture.look for file in rest} == {"usual"}


def test_pictures_open_in_pillow_with_the_planned_mode(planted: Planted, tmp_path: Path) -> None:
    for kind in OBJECTS:
        file = planted.plan.files[f"{kind.name}_anomaly"][0]
        (tmp_path / "x.png").write_bytes(planted.data(file.path))
        with Image.open(tmp_path / "x.png") as image:
            assert image.mode == file.mode
            assert min(image.size) >= 28
            assert max(image.size) <= 640
