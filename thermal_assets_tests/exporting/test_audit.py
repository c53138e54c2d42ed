"""Leaks that are planted are found and counted exactly; our own split has none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from thermal_assets.cli.app import app
from thermal_assets.errors import UserError
from thermal_assets.exporting import splits
from thermal_assets.exporting.audit import Audit, audit_split
from thermal_assets.exporting.export import ExportOptions, export
from thermal_assets.exporting.inflation import inflation
from thermal_assets.exporting.leakage import leakage
from thermal_assets.manifest.identity import path_of
from thermal_assets_tests.exporting.conftest import Planted


def linked(checks: pl.DataFrame, kind: str, part: str) -> int | None:
    return checks.filter((pl.col("kind") == kind) & (pl.col("part") == part))["linked_images"].item()


def test_each_kind_of_leak_is_counted_exactly() -> None:
    rows = [  # image, part, session, frame, bytes, pixels
        ("a", "train", "s1", "f1", "h1", "p1"), ("b", "test", "s1", "f2", "h2", "p2"),
        ("c", "test", "s1", "f1", "h3", "p3"), ("d", "test", "s2", "f3", "h1", "p1"),
        ("e", "test", "s3", "f4", "h5", "p1"), ("f", "test", "s4", "f5", "h6", "p6"),
        ("g", "test", None, None, "h7", "p7"), ("h", "train", None, None, "h8", "p8"),
        ("i", "validation", "s5", "f6", "h9", "p9"), ("j", "train", "s6", "f7", "h10", "p10"),
        ("k", "test", "s7", "f8", "h11", "p11"),
    ]  # fmt: skip
    names = ["image_id", "part", "session_id", "frame_id", "content_hash", "pixel_hash"]
    images = pl.DataFrame(rows, schema=names, orient="row")
    listed = pl.concat([images.select("image_id", "part"), pl.DataFrame({"image_id": ["j"], "part": ["test"]})])
    near = np.array([[5, 7], [5, 6]])  # f with h of train; f with g, both in test
    checks, touched = leakage(images, near, listed, "train")
    found = {kind: linked(checks, kind, "test") for kind in ("image", "session", "frame", "file", "pixels", "near")}
    assert found == {"image": 1, "session": 2, "frame": 1, "file": 1, "pixels": 2, "near": 1}
    assert linked(checks, "any", "test") == 6  # b c d e f, and j, which is listed twice
    assert linked(checks, "any", "validation") == 0
    assert images["image_id"].filter(pl.Series(touched)).to_list() == ["b", "c", "d", "e", "f", "j"]


@pytest.fixture(autouse=True, scope="module")
def _less_searching() -> Iterator[None]:
    """The same search for a split, ended earlier; what the whole search finds is tested in test_splits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splits, "_WORK", 2_000)
        yield


@pytest.fixture(scope="module")
def own(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("own") / "export"
    export(planted.home, target, ExportOptions(formats=["csv", "coco", "imagefolder"]))
    return target


@pytest.mark.parametrize("what", ["images.csv", "coco", "imagefolder"])
def test_our_own_split_leaks_nothing_in_any_format(planted: Planted, own: Path, what: str) -> None:
    audit = audit_split(planted.home, own / what)
    kept = pl.read_csv(own / "keep.csv").height
    assert sum(audit.parts.values()) == kept - (what == "coco")  # one name is not UTF-8
    assert audit.leaked_images == 0
    assert audit.checks["linked_images"].to_list() == [0] * audit.checks.height
    assert (audit.unknown, audit.ambiguous) == ([], [])
    assert audit.scores is not None
    assert audit.scores["difference"] == 0


def random_split(planted: Planted, target: Path) -> pl.DataFrame:
    with duckdb.connect(planted.home.published, read_only=True) as connection:
        frame = connection.sql(
            "SELECT f.image_id, f.session_id FROM file_manifest f JOIN channel_stats USING (image_id) ORDER BY 1"
        ).pl()
    parts = np.random.default_rng(0).choice(["train", "val", "test"], frame.height, p=[0.7, 0.15, 0.15])
    frame = frame.with_columns(pl.Series("subset", parts))
    root = planted.home.image_root
    paths = [str(path_of(root, name)) if name.isascii() and "%" not in name else name for name in frame["image_id"]]
    frame.select(pl.Series("Path", paths), "subset").write_csv(target)
    return frame


def test_a_random_split_of_sessions_leaks_as_counted_by_hand(planted: Planted, tmp_path: Path) -> None:
    frame = random_split(planted, tmp_path / "random.csv")
    audit = audit_split(planted.home, tmp_path / "random.csv")
    trained = set(frame.filter(pl.col("subset") == "train")["session_id"])
    test = frame.filter(pl.col("subset") == "test")
    assert linked(audit.checks, "session", "test") == sum(name in trained for name in test["session_id"]) > 0
    assert audit.parts["validation"] == (frame["subset"] == "val").sum()
    assert audit.leaked_share > 0.9
    assert (audit.unknown, audit.not_in_file, audit.in_no_part) == ([], 0, 0)


def test_exit_code_and_report_files(planted: Planted, own: Path, tmp_path: Path) -> None:
    random_split(planted, tmp_path / "random.csv")
    call = ["audit-split", str(tmp_path / "random.csv"), "--home", str(planted.home.root)]
    for ending in ("csv", "json", "html"):
        done = CliRunner().invoke(app, [*call, "--out", str(tmp_path / f"audit.{ending}")])
        assert done.exit_code == 3, done.output
    assert "LEAKS" in done.output
    assert json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))["leaks"] is True
    assert "<script>alert" not in (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert CliRunner().invoke(app, [*call, "--allow", "1"]).exit_code == 0
    fine = CliRunner().invoke(app, ["audit-split", str(own / "images.csv"), "--home", str(planted.home.root)])
    assert fine.exit_code == 0, fine.output


def test_copied_files_under_new_names_are_known_by_their_bytes(planted: Planted, tmp_path: Path) -> None:
    import hashlib

    with duckdb.connect(planted.home.published, read_only=True) as connection:
        ids = [row[0] for row in connection.execute(
            "SELECT image_id FROM channel_stats WHERE class_name = 'valve_normal' ORDER BY 1 LIMIT 6").fetchall()]  # fmt: skip
    for position, image_id in enumerate(ids):
        target = tmp_path / "delivered" / ("train" if position < 4 else "test") / "valve" / f"{position}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path_of(planted.home.image_root, image_id), target)
    (tmp_path / "delivered" / "test" / "new.png").write_bytes(b"never seen")
    hashes = [
        hashlib.blake2b(path_of(planted.home.image_root, i).read_bytes(), digest_size=16).hexdigest() for i in ids
    ]
    from thermal_assets.exporting.delivered import match_contents, read_delivered

    delivered = read_delivered(tmp_path / "delivered")
    assert delivered.rows["part"].to_list().count("train") == 4
    found = match_contents(tmp_path / "delivered", delivered.rows["name"], dict(zip(hashes, ids, strict=True)))
    assert sorted(found.values()) == sorted(ids)
    assert "test/new.png" not in found


def test_names_are_matched_by_what_is_sure_and_else_reported(planted: Planted, tmp_path: Path) -> None:
    with duckdb.connect(planted.home.published, read_only=True) as connection:
        query = "SELECT image_id FROM channel_stats WHERE class_name = 'valve_normal' ORDER BY 1 LIMIT 2"
        valve = [name for (name,) in connection.execute(query).fetchall()]
    rows = [
        ("C:\\data\\pipe_normal\\PIP_0007.png", "train"),
        ("./pipe_normal/PIP_0008.png", "train"),
        ("PIP_0009.png", "test"),  # in two classes
        ("somewhere/else.png", "test"),
        (valve[0], "test"),
        (valve[1], ""),
    ]
    pl.DataFrame(rows, schema=["filename", "fold"], orient="row").write_csv(tmp_path / "split.csv")
    audit: Audit = audit_split(planted.home, tmp_path / "split.csv")
    assert audit.matched == {"end of the path": 1, "path": 1, "image_id": 2}
    assert audit.ambiguous == ["PIP_0009.png"]
    assert audit.unknown == ["somewhere/else.png"]
    assert (audit.parts, audit.in_no_part) == ({"train": 2, "test": 1}, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("where,split\na.png,train\n", "which column is the file"),
        ("file,what\na.png,train\n", "which column is the split"),
        ("file,split\na.png,train\n", "names no image of this home"),
        ("file,split\npipe_normal/PIP_0007.png,train\n", "one part only"),
        ("file,split\n,train\n", "without a file name"),
    ],
)
def test_what_is_no_split_is_refused_in_one_line(planted: Planted, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "split.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        audit_split(planted.home, tmp_path / "split.csv")


def test_scores_show_what_is_remembered_and_only_that() -> None:
    rng = np.random.default_rng(1)
    sessions, each = 24, 20
    centre = rng.normal(size=(sessions, 32)) * 3
    group = np.repeat(np.arange(sessions), each)
    vectors = (centre[group] + rng.normal(size=(len(group), 32))).astype(np.float32)
    label = rng.integers(0, 2, sessions)[group]  # the class is a matter of the session alone: nothing to learn
    test = rng.random(len(group)) < 0.3
    by_chance = inflation(vectors[test], vectors[~test], label[test], label[~test], group[test], group[~test], 0.05)
    assert by_chance["accuracy"] > 0.98
    assert by_chance["accuracy_other_sessions"] < 0.75
    assert by_chance["ratio_low"] > 1.15
    honest = np.isin(group, np.arange(12))
    kept_apart = inflation(
        vectors[honest], vectors[~honest], label[honest], label[~honest], group[honest], group[~honest], 0.05
    )
    assert (kept_apart["difference"], kept_apart["ratio_low"], kept_apart["ratio_high"]) == (0.0, 1.0, 1.0)
    few = np.isin(group, np.arange(7))
    without = inflation(vectors[few], vectors[~few], label[few], label[~few], group[few], group[~few], 0.05)
    assert without["ratio_low"] is None
    assert "it takes 8" in without["interval_note"]
