"""After adds, edits, moves, deletes and kills every table equals that of a fresh home."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from PIL import Image, ImageOps

from thermal_assets.synthetic.dataset import write_sample_dataset
from thermal_assets_tests.end_to_end.homes import RANDOM_LENS, contents, differences, query, thermal_assets

CLASSES = {"car_normal", "car_anomaly", "ship_anomaly", "transport_pipe_normal"}
# Refits the lens, then measures every class through it: it comes into force with the last one.
_REFIT = """
import sys
from pathlib import Path
from thermal_assets.defs.in_process import job_runner
from thermal_assets.home.layout import open_home

home, keys = open_home(Path(sys.argv[1])), sys.argv[2:]

def in_force():
    return home.warehouse.frame("SELECT lens_id FROM lenses WHERE level = 'L3' AND in_force").rows()

with job_runner(home) as runner:
    def run(job, partition=None):
        outcome = runner.run(job, partition)
        assert outcome.success, outcome.errors

    before = in_force()
    run("refit_l3_lens")
    for key in keys:
        assert in_force() == before
        run("measure_class", key)
    assert in_force() != before
    run("diagnose_dataset")
"""


@dataclass(frozen=True)
class Diagnosed:
    """A folder, its home, and what the tables held when the folder was as it was made; both may be changed since."""

    images: Path
    home: Path
    tables: dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refresh")
    write_sample_dataset(folder / "data", 200, 3)
    images = folder / "data" / "images"
    for path in images.iterdir():  # four classes show what twenty would, in a fifth of the time
        if path.name not in CLASSES:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return images


@pytest.fixture(scope="module")
def diagnosed(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Diagnosed:
    folder = tmp_path_factory.mktemp("diagnosed")
    images, home = folder / "images", folder / "home"
    shutil.copytree(dataset, images)
    thermal_assets("diagnose", images, "--profile", "aihub-235", "--home", home, *RANDOM_LENS)
    return Diagnosed(images, home, contents(home))


def test_a_changed_folder_gives_the_tables_of_a_fresh_home(diagnosed: Diagnosed, tmp_path: Path) -> None:
    images, home = diagnosed.images, diagnosed.home
    cars = sorted((images / "car_normal").glob("*.png"))
    pipes = sorted((images / "transport_pipe_normal").glob("*.png"))
    cars[0].unlink()
    cars[1].rename(images / "car_normal" / "renamed.png")
    cars[2].rename(images / "car_anomaly" / cars[2].name)
    with Image.open(pipes[0]) as picture:
        ImageOps.mirror(picture.convert("RGB")).save(pipes[0])
    shutil.copy(pipes[1], images / "transport_pipe_normal" / "copy.png")
    shutil.rmtree(images / "ship_anomaly")
    shutil.copytree(images / "car_normal", images / "new_class")
    thermal_assets("diagnose", images, "--home", home)

    changes = query(
        home, "SELECT change, count(*) FROM image_changes WHERE class_name = 'car_normal' GROUP BY 1 ORDER BY 1"
    )
    assert dict(changes)["removed"] == 3
    assert query(home, "SELECT count(*) FROM file_manifest WHERE class_name = 'ship_anomaly'") == [(0,)]
    told = "SELECT DISTINCT change FROM finding_changes WHERE class_name = '{}' AND finding_id LIKE 'tiny_classes:%'"
    assert query(home, told.format("ship_anomaly")) == [("closed",)]
    assert query(home, told.format("new_class")) == [("new",)]
    assert query(home, "SELECT count(*) FROM findings ANTI JOIN finding_changes USING (finding_id)") == [(0,)]
    embedded = query(
        home,
        "SELECT count(*) FROM run_log WHERE asset = 'l2_embeddings' AND status = 'written' "
        "AND started_at > (SELECT max(started_at) FROM run_log WHERE asset = 'l3_lens')",
    )
    assert embedded == [(4,)]  # two classes of cars, the pipes, the new class

    # A refresh keeps the lens it has; the fresh home fits its own on today's images. Refit, then they must agree.
    keys = [key for (key,) in query(home, "SELECT partition_key FROM class_catalog ORDER BY 1")]
    subprocess.run([sys.executable, "-c", _REFIT, str(home), *keys], check=True, timeout=600)
    fresh = tmp_path / "fresh"
    thermal_assets("diagnose", images, "--profile", "aihub-235", "--home", fresh, *RANDOM_LENS)
    ours, theirs = contents(home), contents(fresh)
    lenses = ours.pop("lenses"), theirs.pop("lenses")
    assert lenses[0].filter(lenses[0]["in_force"])["lens_id"].sort().to_list() == lenses[1]["lens_id"].sort().to_list()
    assert differences(ours, theirs) == []


def test_a_killed_diagnosis_goes_on_to_the_same_end(dataset: Path, diagnosed: Diagnosed, tmp_path: Path) -> None:
    home = tmp_path / "killed"
    command = [
        str(Path(sys.executable).with_name("thermal-assets")),
        *("diagnose", str(dataset), "--profile", "aihub-235", "--home", str(home), *RANDOM_LENS),
    ]
    chance = random.Random(11)
    for _ in range(3):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(chance.uniform(4, 14))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    thermal_assets(*command[1:])
    assert differences(contents(home), diagnosed.tables) == []
