"""A user's mistake is one clear line and leaves everything as it was; a bad file is a row."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thermal_assets_tests.end_to_end.homes import RANDOM_LENS, in_this_process, query, thermal_assets


def _picture(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 20, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "PNG")


def _refused(*arguments: str | Path, **environment: str) -> str:
    done = in_this_process(*arguments, **environment)
    assert done.returncode == 2, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_mistake_is_one_line_on_the_screen_and_an_exit_code(tmp_path: Path) -> None:
    done = thermal_assets("diagnose", tmp_path / "missing", "--home", tmp_path / "home", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"thermal-assets: there is no folder {tmp_path / 'missing'}")
    assert len(done.stderr.strip().splitlines()) == 1


def test_folders_that_are_none(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("x")
    assert "is a file" in _refused("diagnose", tmp_path / "file.txt", "--home", home, *RANDOM_LENS)
    assert "no class folders" in _refused("diagnose", tmp_path / "empty", "--home", home, *RANDOM_LENS)


def test_a_home_inside_the_images_or_of_other_images(tmp_path: Path) -> None:
    _picture(tmp_path / "a" / "pipe" / "0.png", 0)
    _picture(tmp_path / "b" / "pipe" / "0.png", 0)
    assert "only read" in _refused("diagnose", tmp_path / "a", "--home", tmp_path / "a" / "home", *RANDOM_LENS)
    assert in_this_process("init", tmp_path / "home", "--images", tmp_path / "a", *RANDOM_LENS).returncode == 0
    assert "belongs to the images" in _refused("diagnose", tmp_path / "b", "--home", tmp_path / "home")
    assert not (tmp_path / "a" / "home").exists()


def test_weights_that_are_not_weights(tmp_path: Path) -> None:
    _picture(tmp_path / "images" / "pipe" / "0.png", 0)
    weights = tmp_path / "weights.pth"
    weights.write_text("these are not weights")
    told = _refused("diagnose", tmp_path / "images", "--home", tmp_path / "home", "--lens-weights", weights)
    assert "weights.pth" in told
    told = _refused("diagnose", tmp_path / "images", "--home", tmp_path / "home", "--lens", "resnet5")
    assert "mobilenet_v2" in told


def test_a_warehouse_that_another_process_holds(tmp_path: Path) -> None:
    _picture(tmp_path / "images" / "pipe" / "0.png", 0)
    home = tmp_path / "home"
    in_this_process("init", home, "--images", tmp_path / "images", *RANDOM_LENS)
    code = f"import duckdb, sys; c = duckdb.connect({str(home / 'warehouse.duckdb')!r}); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        told = _refused("diagnose", tmp_path / "images", "--home", home, THERMAL_ASSETS_LOCK_TIMEOUT="1")
        assert f"process {holder.pid}" in told
    finally:
        holder.communicate()


def test_bad_files_and_strange_classes_become_rows_and_the_rest_goes_on(tmp_path: Path) -> None:
    images, home = tmp_path / "images", tmp_path / "home"
    for number in range(12):
        _picture(images / "pipe" / f"{number:02d}.png", number)
    whole = (images / "pipe" / "00.png").read_bytes()
    (images / "pipe" / "truncated.png").write_bytes(whole[: len(whole) // 2])
    (images / "pipe" / "empty.png").write_bytes(b"")
    hostile = "it's; DROP TABLE findings; 한글 🔥, ...png"
    shutil.copy(images / "pipe" / "01.png", images / "pipe" / hostile)
    (images / "texts").mkdir()
    (images / "texts" / "a.txt").write_text("not an image")
    (images / "nothing").mkdir()
    _picture(images / "one, ...only" / "lonely.png", 99)
    for number in range(15):
        _picture(images / "identical" / f"{number}.png", 70)
    done = thermal_assets("diagnose", images, "--home", home, "--gate", *RANDOM_LENS, check=False)
    assert "failed" not in done.stderr
    assert done.returncode == 3, done.stderr  # 3 of 32 files cannot be read: a gate of severity ERROR
    assert "ERROR        unreadable_share: " in done.stdout
    problems = dict(query(home, "SELECT image_id, code FROM image_problems"))
    assert problems == {
        "pipe/truncated.png": "truncated",
        "pipe/empty.png": "empty_file",
        "texts/a.txt": "not_an_image",
    }
    counts = dict(query(home, "SELECT class_name, image_count FROM classes"))
    assert counts == {"pipe": 13, "texts": 0, "nothing": 0, "one, ...only": 1, "identical": 15}
    assert query(
        home, f"SELECT count(*) FROM densities WHERE image_id = 'pipe/{hostile.replace(chr(39), chr(39) * 2)}'"
    ) == [(4,)]
    assert query(home, "SELECT DISTINCT status FROM run_log") == [("written",)]
    copies = query(home, "SELECT class_name, count(*) FROM duplicates WHERE kind = 'file' GROUP BY 1 ORDER BY 1")
    assert copies == [("identical", 15), ("pipe", 2)]
    assert hostile.split(";")[1].strip() in (home / "report.html").read_text()


@pytest.mark.parametrize("option", ["--lens-mean", "--lens-std"])
def test_numbers_that_are_none(tmp_path: Path, option: str) -> None:
    _picture(tmp_path / "images" / "pipe" / "0.png", 0)
    told = _refused("diagnose", tmp_path / "images", "--home", tmp_path / "home", option, "a lot")
    assert option in told
