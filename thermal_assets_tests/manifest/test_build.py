"""The manifest accounts for every file, whatever its name, and reads no unchanged file twice."""

import os
from pathlib import Path

import pytest
from PIL import Image

from thermal_assets.errors import UserError
from thermal_assets.manifest.build import build_manifest, changes_between
from thermal_assets.manifest.identity import class_of, escape, image_keys, partition_key_of, path_of
from thermal_assets.manifest.scanning import read_catalog
from thermal_assets.profile import load_profile

FOLDERS = load_profile("folders")
HOSTILE = [
    b"quote's; DROP TABLE findings.png",
    "한글 이름 🔥.png".encode(),
    b"percent%41.png",
    b"not utf-8 \xff\xfe.png",
    "nfc é.png".encode(),
    "nfd é.png".encode(),
    b"<b onclick=x>&amp;.png",
    b"comma, and ... dots.png",
    b"n" * 251 + b".png",
]


def _make(root: Path, names: list[bytes]) -> None:
    (root / "pipe").mkdir(parents=True)
    for number, name in enumerate(names):
        Image.new("L", (4, 4), number).save(root / "pipe" / os.fsdecode(name), format="PNG")


def test_hostile_names_keep_their_identity_and_lead_back_to_their_file(tmp_path: Path) -> None:
    _make(tmp_path, HOSTILE)
    files = build_manifest(tmp_path, "pipe", FOLDERS).files
    assert files.height == len(HOSTILE)
    assert files["image_id"].n_unique() == len(HOSTILE)
    assert all(path_of(tmp_path, image_id).is_file() for image_id in files["image_id"])
    assert {os.fsencode(path_of(tmp_path, i).name) for i in files["image_id"]} == set(HOSTILE)


def test_every_entry_is_accounted_for(tmp_path: Path) -> None:
    _make(tmp_path, [b"good.png"])
    (tmp_path / "pipe" / "nested").mkdir()
    (tmp_path / "pipe" / "nested" / "deep.png").write_bytes(b"x")
    (tmp_path / "pipe" / "gone.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "pipe" / "loop").symlink_to(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe" / "fifo")
    (tmp_path / "stray.txt").write_text("x")
    manifest = build_manifest(tmp_path, "pipe", FOLDERS)
    problems = dict(zip(manifest.problems["image_id"], manifest.problems["code"], strict=True))
    assert problems == {"pipe/gone.png": "broken_link", "pipe/loop": "linked_folder", "pipe/fifo": "not_a_file"}
    hashed = manifest.files.filter(manifest.files["content_hash"].is_not_null())["image_id"].to_list()
    assert hashed == ["pipe/good.png", "pipe/nested/deep.png"]
    assert [stray.image_id for stray in read_catalog(tmp_path).strays] == ["stray.txt"]


def test_unchanged_files_are_not_read_again_and_changes_are_named(tmp_path: Path) -> None:
    _make(tmp_path, [b"a.png", b"b.png", b"c.png"])
    first = build_manifest(tmp_path, "pipe", FOLDERS)
    assert first.hashed == 3
    same = build_manifest(tmp_path, "pipe", FOLDERS, previous=first.files)
    assert (same.hashed, same.version) == (0, first.version)
    (tmp_path / "pipe" / "a.png").write_bytes(b"other bytes")
    (tmp_path / "pipe" / "b.png").unlink()
    (tmp_path / "pipe" / "d.png").write_bytes(b"new")
    then = build_manifest(tmp_path, "pipe", FOLDERS, previous=first.files)
    assert then.hashed == 2
    assert then.version != first.version
    assert changes_between(first.files, then.files).rows() == [
        ("pipe/a.png", "edited"),
        ("pipe/b.png", "removed"),
        ("pipe/d.png", "added"),
    ]


def test_a_touched_file_of_equal_bytes_changes_no_version(tmp_path: Path) -> None:
    _make(tmp_path, [b"a.png"])
    first = build_manifest(tmp_path, "pipe", FOLDERS)
    os.utime(tmp_path / "pipe" / "a.png", ns=(1, 1))
    again = build_manifest(tmp_path, "pipe", FOLDERS, previous=first.files)
    assert again.hashed == 1
    assert again.version == first.version


def test_wrong_folders_are_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        read_catalog(tmp_path / "missing")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="is a file"):
        read_catalog(tmp_path / "file")


@pytest.mark.parametrize("name", ["plain", "a,b", "x...y", "tab\there", "percent%25", "50%, or ... less"])
def test_partition_keys_lead_back_to_their_class(name: str) -> None:
    class_name = escape(name.encode())
    key = partition_key_of(class_name)
    assert class_of(key) == class_name
    assert "," not in key
    assert "..." not in key


def test_image_keys_do_not_depend_on_the_order() -> None:
    assert image_keys(["a", "b"]).tolist() == image_keys(["b", "a"]).tolist()[::-1]
