"""Annotations of whole homes: planted contradictions are found and no others, and nothing is read twice."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from thermal_assets.cli.prepare import prepare_home
from thermal_assets.errors import UserError
from thermal_assets.findings.detectors import annotation_contradictions, annotation_files, annotation_values
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.home.layout import Home, create_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.manifest.watching import full_state
from thermal_assets.steps.annotations import materialize_annotations
from thermal_assets.steps.classes import require_classes
from thermal_assets.steps.first_diagnosis import manifest_state
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets.steps.outputs import StepReport
from thermal_assets.steps.refresh import Watch, look
from thermal_assets.synthetic.annotations import annotation_of
from thermal_assets.synthetic.dataset import plan_dataset, write_sample_dataset
from thermal_assets.synthetic.palettes import colours
from thermal_assets.synthetic.picture import draw_picture, exposed


def diagnosed(directory: Path, image_root: Path, annotations: Path | None, profile: str) -> Home:
    """A home with the tables that annotations need, and their own."""
    settings = HomeSettings(
        image_root=str(image_root), annotations=str(annotations) if annotations else None, profile=profile
    )
    home = create_home(directory, settings)
    for name in require_classes(home).classes:
        key = partition_key_of(name)
        materialize_file_manifest(home, "run", key)
        materialize_image_pass(home, "run", key, frozenset({"channel_stats"}))
        materialize_annotations(home, "run", key)
    return home


def again(home: Home) -> dict[str, StepReport]:
    return {name: materialize_annotations(home, "again", name) for name in require_classes(home).classes}


def problems(home: Home) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    rows = home.warehouse.frame("SELECT code, coalesce(image_id, source_file) FROM annotation_problems").rows()
    for code, subject in rows:
        found.setdefault(code, set()).add(subject)
    return found


def stem(path: str) -> str:
    return path.removeprefix("annotations/").rpartition(".")[0].removesuffix("_old")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict[str, Any]]:
    directory = tmp_path_factory.mktemp("planted")
    truth = write_sample_dataset(directory / "set", images=200, seed=11)
    home = diagnosed(directory / "home", directory / "set/images", directory / "set/annotations", "aihub-235")
    return home, truth


def test_every_planted_contradiction_is_found_and_no_other(planted: tuple[Home, dict[str, Any]]) -> None:
    home, truth = planted
    found = problems(home)
    expected = truth["annotations"]["expected_problems"]
    assert set(found) == {code for code, images in expected.items() if images}
    for code, images in expected.items():
        if code in ("truncated_json", "duplicate_key", "annotation_without_image"):  # told of files
            assert {stem(path) for path in found[code]} == {stem(path) for path in images}, code
        else:
            assert found.get(code, set()) == set(images), code


def test_every_image_with_an_annotation_has_its_row(planted: tuple[Home, dict[str, Any]]) -> None:
    home, truth = planted
    rows = home.warehouse.frame("SELECT * FROM annotations")
    bare = set(truth["annotations"]["expected_problems"]["image_without_annotation"])
    named = {path for path in truth["files"] if path.endswith((".png", ".jpg"))}
    assert set(rows["image_id"]) == named - bare
    assert rows["format"].unique().to_list() == ["aihub"]
    assert rows["annotation_index"].min() == 1


def test_the_findings_tell_each_kind_once_and_their_evidence_runs(planted: tuple[Home, dict[str, Any]]) -> None:
    home, truth = planted
    told: set[str] = set()
    with home.warehouse.read() as connection:
        for detector in (annotation_contradictions, annotation_values, annotation_files):
            for finding in detector.detect(connection, Thresholds()):
                told.add(finding.finding_id.split(":")[1])
                assert connection.execute(finding.evidence_sql).fetchall()
    assert told == {code for code, images in truth["annotations"]["expected_problems"].items() if images}


def test_a_clean_set_has_no_problem(tmp_path: Path) -> None:
    write_sample_dataset(tmp_path / "set", images=40, seed=5, clean=True)
    home = diagnosed(tmp_path / "home", tmp_path / "set/images", tmp_path / "set/annotations", "aihub-235")
    assert problems(home) == {}
    assert home.warehouse.frame("SELECT count(DISTINCT image_id) FROM annotations").item() == 40


def test_the_annotated_range_is_what_the_palette_shows() -> None:
    plan, _ = plan_dataset(60, 5, True)
    for file in plan.all_files()[::7]:
        exposure = exposed(file.picture)
        low, high = annotation_of(file)["images"][0]["Inspection_temperature_range"].split("~")
        assert float(low) == pytest.approx(exposure.low_c, abs=0.006)
        assert float(high) == pytest.approx(exposure.high_c, abs=0.006)
        table = colours(file.picture.session.palette)
        assert (table[exposure.levels] == draw_picture(file.picture)).all()


@pytest.fixture
def small(planted: tuple[Home, dict[str, Any]], tmp_path: Path) -> Home:
    """Two classes, with some annotations beside the images and the others in a tree."""
    source = planted[0].image_root.parent
    for name in ("car_normal", "ship_normal"):
        shutil.copytree(source / "images" / name, tmp_path / "images" / name)
        shutil.copytree(source / "annotations" / name, tmp_path / "labels" / name)
    for path in sorted((tmp_path / "labels/car_normal").iterdir())[:4]:
        path.rename(tmp_path / "images/car_normal" / path.name)
    return diagnosed(tmp_path / "home", tmp_path / "images", tmp_path / "labels", "aihub-235")


def test_json_beside_images_is_an_annotation_and_no_image(small: Home) -> None:
    files = small.warehouse.frame("SELECT * FROM annotation_files WHERE class_name = 'car_normal'")
    assert files["source_file"].str.starts_with("images/car_normal/").sum() == 4
    assert files["matched_images"].sum() >= files.height - 1
    assert small.warehouse.frame("SELECT count(*) FROM file_manifest WHERE extension = 'json'").item() == 0


def test_only_what_changed_is_read_and_its_class_is_due(small: Home) -> None:
    watch = Watch()
    watching = [
        look(small.image_root, watch, 5.0, lambda name: manifest_state(small, name), small.annotations).due
        for _ in range(3)
    ]
    assert watching == [(), (), ()]
    for name in ("car_normal", "ship_normal"):
        assert manifest_state(small, name) == full_state(small.image_root, name, small.annotations)
    assert {report.status for report in again(small).values()} == {"unchanged"}

    path = min((small.root.parent / "labels/ship_normal").iterdir())
    content = json.loads(path.read_text())
    content["images"][0]["Humidity"] = 55.5
    path.write_text(json.dumps(content))
    due = [look(small.image_root, watch, 5.0, annotations=small.annotations).due for _ in range(3)]
    assert [name for names in due for name in names] == ["ship_normal"]
    reports = again(small)
    assert reports["car_normal"].status == "unchanged"
    assert (reports["ship_normal"].metadata["files_read"], reports["ship_normal"].metadata["files_parsed"]) == (1, 1)
    assert small.warehouse.frame("SELECT count(*) FROM annotations WHERE humidity_percent = 55.5").item() == 1

    before = reports["ship_normal"].version
    os.utime(path, ns=(5, 5))
    touched = again(small)["ship_normal"]
    assert (touched.metadata["files_parsed"], touched.version) == (0, before)


def test_a_home_that_took_changes_equals_a_fresh_one(small: Home, tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    paths = sorted((labels / "ship_normal").iterdir())
    paths[0].unlink()
    paths[1].rename(labels / "ship_normal" / "moved.json")
    paths[2].write_bytes(b"{")
    (labels / "ship_normal" / "note.txt").write_text("not JSON")
    again(small)
    fresh = diagnosed(tmp_path / "fresh", tmp_path / "images", labels, "aihub-235")
    for table in ("annotations", "annotation_problems", "annotation_files"):
        query = f"SELECT * FROM {table} ORDER BY ALL"
        assert small.warehouse.frame(query).equals(fresh.warehouse.frame(query)), table
    assert {"other_format", "truncated_json"} <= set(problems(fresh))


def real_crops(shared_dir: Path, target: Path) -> dict[str, Any]:
    """Forty real crops of two classes below ``target``, and COCO that tells the truth of them."""
    content: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    with zipfile.ZipFile(shared_dir / "data/hit_uav_crops.zip") as archive:
        for number, name in enumerate(("Car", "Person"), 1):
            content["categories"].append({"id": number, "name": name, "supercategory": ""})
            (target / name).mkdir(parents=True)
            for member in sorted(item for item in archive.namelist() if f"/{name}/" in f"/{item}")[-20:]:
                path = target / name / Path(member).name
                path.write_bytes(archive.read(member))
                with Image.open(path) as image:
                    width, height = image.size
                key = len(content["images"]) + 1
                shape = {"width": width, "height": height, "date_captured": "", "license": 0}
                content["images"].append({"id": key, "file_name": f"{name}/{path.name}", **shape})
                box = {"bbox": [0, 0, width, height], "segmentation": [[0, 0, width, 0, width, height]]}
                content["annotations"].append({"id": key, "image_id": key, "category_id": number, "iscrowd": 0, **box})
    return content


def test_one_coco_file_over_real_crops(shared_dir: Path, tmp_path: Path) -> None:
    content = real_crops(shared_dir, tmp_path / "images")
    file = tmp_path / "coco.json"
    file.write_text(json.dumps(content))
    home = diagnosed(tmp_path / "home", tmp_path / "images", file, "folders")
    assert problems(home) == {}
    rows = home.warehouse.frame("SELECT a.*, s.width FROM annotations a JOIN channel_stats s USING (image_id)")
    assert rows.height == 40
    assert (rows["category"] == rows["class_name"]).all()
    assert (rows["bbox_width"] == rows["width"]).all()

    names = [image["file_name"] for image in content["images"]]
    content["annotations"][1]["category_id"] = 2
    content["annotations"][2]["bbox"][0] = 9
    content["images"][3]["width"] += 5
    content["images"][4]["file_name"] = "Car/not there.png"
    content["annotations"].append({**content["annotations"][5], "id": 99})
    file.write_text(json.dumps(content))
    again(home)
    assert problems(home) == {
        "category_contradicts_class": {names[1]},
        "bbox_outside_frame": {names[2]},
        "frame_size_differs": {names[3]},
        "image_without_annotation": {names[4]},
        "same_box_twice": {names[5]},
    }
    with home.warehouse.read() as connection:
        told = [finding.finding_id for finding in annotation_files.detect(connection, Thresholds())]
    assert "annotation_files:unmatched:annotations/coco.json" in told


def test_options_are_checked_before_anything_is_written(tmp_path: Path) -> None:
    images, labels = tmp_path / "images", tmp_path / "labels"
    (images / "car" / "json").mkdir(parents=True)
    labels.mkdir()
    (tmp_path / "list.txt").write_text("")

    def prepare(annotations: Path) -> Home:
        lens = ("random-mobilenet_v2", None, None, None)
        return prepare_home(images, tmp_path / "home", None, *lens, None, annotations)

    for path, message in (
        (tmp_path / "none", "there is no"),
        (tmp_path / "list.txt", r"no \.json file"),
        (images / "car", "inside the image folder"),
        (labels, "neither a folder named like a class"),
    ):
        with pytest.raises(UserError, match=message):
            prepare(path)
    assert not (tmp_path / "home").exists()
    (labels / "car").mkdir()
    assert prepare(labels).annotations == labels
    assert prepare_home(images, tmp_path / "home", None, None, None, None, None, None).annotations == labels
