"""An export opens in the tools it is for, holds every file once, and touches nothing that is not its own."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from thermal_assets.errors import UserError
from thermal_assets.exporting import export as exporting
from thermal_assets.exporting import splits
from thermal_assets.exporting.export import FORMATS, ExportOptions, export
from thermal_assets.exporting.names import is_text
from thermal_assets.home.layout import create_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.manifest.identity import path_of
from thermal_assets_tests.exporting.conftest import Planted, files_below


@pytest.fixture(autouse=True, scope="module")
def _less_searching() -> Iterator[None]:
    """The same search for a split, ended earlier; what the whole search finds is tested in test_splits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splits, "_WORK", 2_000)
        yield


@pytest.fixture(scope="module")
def written(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    target = tmp_path_factory.mktemp("written") / "export"
    before = files_below(planted.home.image_root)
    facts = export(planted.home, target, ExportOptions(formats=FORMATS, seed=5))
    assert files_below(planted.home.image_root) == before
    return target, facts


@pytest.fixture
def images(written: tuple[Path, dict[str, Any]]) -> pl.DataFrame:
    return pl.read_parquet(written[0] / "images.parquet")


def test_every_file_has_one_decision_and_its_reasons(planted: Planted, images: pl.DataFrame, written: Any) -> None:
    files = {row[0] for row in duckdb.connect(planted.home.published, read_only=True)
             .execute("SELECT image_id FROM file_manifest").fetchall()}  # fmt: skip
    assert images.height == len(files) == 320
    assert set(images["image_id"]) == files
    told = {row["image_id"]: row for row in images.to_dicts()}
    for image_id in planted.unreadable:
        assert (told[image_id]["decision"], told[image_id]["reasons"]) == ("drop", ["cannot be read"])
        assert any(name.startswith("unreadable_files:") for name in told[image_id]["finding_ids"])
    for image_id in planted.blank:
        assert told[image_id]["decision"] == "drop"
        assert told[image_id]["reasons"][0] == "blank picture"
    for copy, first in planted.copy_of.items():
        assert told[copy]["decision"] == "drop"
        assert "copy of a picture of its class" not in told[first]["reasons"]
    for image_id in planted.labels:
        assert told[image_id]["decision"] == "review"
        assert told[image_id]["reasons"][0] == "one picture under two labels"
        assert told[image_id]["severity"] == "HIGH"
    parts = [pl.read_parquet(written[0] / f"{name}.parquet") for name in ("keep", "review", "drop")]
    assert Counter(pl.concat(parts)["image_id"].to_list()) == Counter(files)
    ranks = pl.concat(parts[1:])["rank"].sort().to_list()
    assert ranks == list(range(1, len(ranks) + 1))


def test_a_budget_drops_exactly_the_head_of_the_ranking(planted: Planted, tmp_path: Path) -> None:
    facts = export(planted.home, tmp_path / "e", ExportOptions(formats=["parquet"], drop_budget=7))
    dropped = pl.read_parquet(tmp_path / "e" / "drop.parquet")
    assert dropped["rank"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert all(dropped["reasons"].list.len() > 0)
    assert facts["counts"]["keep"] == 320 - facts["counts"]["review"] - 7
    assert "first 7 of the ranking" in (tmp_path / "e" / "README.md").read_text(encoding="utf-8")


def test_no_session_frame_or_copy_lies_in_two_parts(images: pl.DataFrame) -> None:
    kept = images.filter(pl.col("decision") == "keep")
    assert set(kept["split"]) == {"train", "validation", "test"}
    assert images.filter(pl.col("decision") != "keep")["split"].null_count() == images.height - kept.height
    for column in ("session_id", "frame_id", "independent_group"):
        spread = kept.drop_nulls(column).group_by(column).agg(pl.col("split").n_unique())
        assert spread["split"].max() == 1, column


def test_csv_says_the_same_as_parquet_to_every_reader(planted: Planted, images: pl.DataFrame, written: Any) -> None:
    path = written[0] / "images.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image_id"] for row in rows] == images["image_id"].to_list()
    assert [row["reasons"] for row in rows] == ["; ".join(row) for row in images["reasons"]]
    assert set(planted.hostile) <= {row["image_id"] for row in rows}
    assert pl.read_csv(path, infer_schema=False)["image_id"].to_list() == images["image_id"].to_list()
    by_duckdb = duckdb.sql(f"SELECT image_id FROM read_csv('{path}', all_varchar = true, header = true)").fetchall()
    assert [name for (name,) in by_duckdb] == images["image_id"].to_list()


def test_coco_has_one_valid_annotation_an_image_and_paths_that_exist(
    planted: Planted, images: pl.DataFrame, written: Any
) -> None:
    root = planted.home.image_root
    kept = images.filter(pl.col("decision") == "keep")
    for part in ("train", "validation", "test"):
        coco = json.loads((written[0] / "coco" / f"{part}.json").read_text(encoding="utf-8"))
        wanted = [name for name in kept.filter(pl.col("split") == part)["image_id"] if is_text(name)]
        assert [image["image_id"] for image in coco["images"]] == wanted
        assert all((root / image["file_name"]).is_file() for image in coco["images"])
        categories = {category["id"]: category["name"] for category in coco["categories"]}
        by_id = {image["id"]: image for image in coco["images"]}
        assert len(by_id) == len(coco["annotations"]) == len(coco["images"])
        for annotation in coco["annotations"]:
            image = by_id[annotation["image_id"]]
            assert categories[annotation["category_id"]] == image["class_name"]
            assert annotation["bbox"] == [0, 0, image["width"], image["height"]]


def test_image_folder_opens_in_torchvision(planted: Planted, images: pl.DataFrame, written: Any) -> None:
    from torchvision.datasets import ImageFolder

    kept = images.filter(pl.col("decision") == "keep")
    for part in ("train", "validation", "test"):
        folder = ImageFolder(str(written[0] / "imagefolder" / part))
        wanted = kept.filter(pl.col("split") == part)
        assert sorted(Path(path).resolve() for path, _ in folder.samples) == sorted(
            path_of(planted.home.image_root, name).resolve() for name in wanted["image_id"]
        )
        assert {folder.classes[code] for code in folder.targets} == set(wanted["class_name"])
        assert folder[0][0].size == (64, 48)
        assert all(os.path.islink(path) for path, _ in folder.samples)  # noqa: PTH114


def test_label_studio_and_fiftyone_name_the_right_files(planted: Planted, images: pl.DataFrame, written: Any) -> None:
    from urllib.parse import unquote
    from xml.etree import ElementTree

    tasks = json.loads((written[0] / "label-studio" / "tasks.json").read_text(encoding="utf-8"))
    review = images.filter(pl.col("decision") == "review").sort("rank")
    assert [task["data"]["image_id"] for task in tasks] == [name for name in review["image_id"] if is_text(name)]
    parent = planted.home.image_root.parent
    assert all((parent / unquote(task["data"]["image"].partition("?d=")[2])).is_file() for task in tasks)
    config = ElementTree.parse(written[0] / "label-studio" / "config.xml").getroot()
    choices = {choice.attrib["value"] for choice in config.findall("./Choices[@name='label']/Choice")}
    assert {task["predictions"][0]["result"][0]["value"]["choices"][0] for task in tasks} <= choices
    data = json.loads((written[0] / "fiftyone" / "data.json").read_text(encoding="utf-8"))
    labels = json.loads((written[0] / "fiftyone" / "labels.json").read_text(encoding="utf-8"))
    assert data.keys() == labels["labels"].keys()
    for key, target in labels["labels"].items():
        image_id = target["attributes"]["image_id"]
        assert Path(data[key]) == path_of(planted.home.image_root, image_id)
        assert labels["classes"][target["label"]] == image_id.partition("/")[0]


def test_names_that_are_not_utf8_are_left_out_of_json_and_said_to_be(planted: Planted, written: Any) -> None:
    strange = [name for name in planted.hostile if not is_text(name)]
    assert len(strange) == written[1]["left_out_not_text"] == 1
    assert strange[0] not in (written[0] / "fiftyone" / "labels.json").read_text(encoding="utf-8")
    assert "1 files have names that are not UTF-8" in (written[0] / "README.md").read_text(encoding="utf-8")


def test_equal_seeds_give_equal_bytes(planted: Planted, written: Any, tmp_path: Path) -> None:
    again = export(planted.home, tmp_path / "again", ExportOptions(formats=FORMATS, seed=5))
    assert again["files"] == written[1]["files"]


def test_targets_that_hold_something_else_are_refused(planted: Planted, tmp_path: Path) -> None:
    home, options = planted.home, ExportOptions(formats=["csv"])
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine", encoding="utf-8")
    link = tmp_path / "link"
    link.symlink_to(foreign)
    for target, message in (
        (home.image_root / "export", "inside the image folder"),
        (home.image_root.parent, "is or holds"),
        (home.root, "is or holds"),
        (foreign, "holds other files"),
        (link, "is a link"),
    ):
        for force in (False, True):
            with pytest.raises(UserError, match=message):
                export(home, target, ExportOptions(formats=["csv"], force=force))
    export(home, tmp_path / "e", options)
    with pytest.raises(UserError, match="--force"):
        export(home, tmp_path / "e", options)
    assert export(home, tmp_path / "e", ExportOptions(formats=["csv"], force=True, seed=9))["split"]["seed"] == 9
    assert (foreign / "thesis.txt").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e", "foreign", "link"]


def test_a_full_disk_leaves_the_export_that_was_there(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(planted.home, tmp_path / "e", ExportOptions(formats=["csv"]))
    before = files_below(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporting, "write_tasks", full)
    with pytest.raises(UserError, match="No space left on device; what was there before stays"):
        export(planted.home, tmp_path / "e", ExportOptions(formats=["csv", "label-studio"], force=True))
    assert files_below(tmp_path) == before


def test_a_copy_published_by_an_older_version_is_one_line(planted: Planted, tmp_path: Path) -> None:
    home = create_home(tmp_path / "home", HomeSettings(image_root=str(planted.home.image_root)))
    shutil.copy(planted.home.published, home.published)
    with duckdb.connect(str(home.published)) as connection:
        for (view,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
            connection.execute(f'DROP VIEW IF EXISTS "{view}"')
        connection.execute("ALTER TABLE channel_stats DROP COLUMN perceptual_hash")
        # What is views otherwise is needed as tables here, whatever they hold.
        for name in ("image_decisions", "review_rules"):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} (x INTEGER)")
    with pytest.raises(
        UserError, match=r"older version \(it has no channel_stats.perceptual_hash\): run .*diagnose again"
    ):
        export(home, tmp_path / "export", ExportOptions())


def test_an_unknown_class_or_format_is_one_line(planted: Planted, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'pipe_normal'"):
        export(planted.home, tmp_path / "e", ExportOptions(classes=["pipe_norml"]))
    with pytest.raises(UserError, match="there is no format yolo"):
        export(planted.home, tmp_path / "e", ExportOptions(formats=["csv", "yolo"]))
    facts = export(planted.home, tmp_path / "e", ExportOptions(classes=["pipe_normal"], formats=["csv"]))
    assert facts["counts"]["files"] == 80
