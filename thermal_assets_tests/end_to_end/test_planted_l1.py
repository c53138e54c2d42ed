"""The L1 detectors on planted faults, image by image: what is planted is told, and hardly anything else.

A few classes of the sample data set, through the real steps up to the findings. The benchmark
``benchmarks.planted_l1`` does the same with whole data sets of several seeds, copies included.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.planted.pipeline import l1_home, run_l1
from benchmarks.planted.scoring import NEED_LENS, WHOLE, planted_images, right_as_well, told_images
from thermal_assets.synthetic.catalog import BY_NAME
from thermal_assets.synthetic.dataset import plan_dataset
from thermal_assets.synthetic.files import file_bytes
from thermal_assets.synthetic.plants.broken_files import STRAYS

SEED = 31
HOW_MANY = 4


def write_classes(root: Path, *, clean: bool) -> list[dict[str, Any]]:
    """Write the objects with faults for most detectors; returns the plants with the files that were written only."""
    plan, plants = plan_dataset(1600, SEED, clean)
    faults = {name: detectors_in(name, plants) for name in BY_NAME if len(plan.files[f"{name}_anomaly"]) >= 50}
    chosen: list[str] = []
    while len(chosen) < (2 if clean else HOW_MANY):
        seen = set().union(*(faults[name] for name in chosen))
        told = {fault.split(":")[1] for fault in seen}
        chosen.append(
            max(
                faults.keys() - set(chosen),
                key=lambda name: (len({f.split(":")[1] for f in faults[name]} - told), len(faults[name] - seen), name),
            )
        )
    classes = [f"{name}_{state}" for name in chosen for state in ("normal", "anomaly")]
    written = set()
    for name in classes:
        (root / name).mkdir(parents=True)
        for file in plan.files[name]:
            (root / file.path).write_bytes(file_bytes(file)[0])
            written.add(file.path)
    if not clean:
        for path, data in STRAYS.items():
            if "/" not in path or path.split("/")[0] in classes:
                (root / path).write_bytes(data)
                written.add(path)
    return [plant | {"images": sorted(written.intersection(plant["images"]))} for plant in plants]


def detectors_in(object_name: str, plants: list[dict[str, Any]]) -> set[str]:
    return {
        f"{plant['name']}:{detector}"
        for plant in plants
        for detector in plant["detectors"]
        if detector not in WHOLE and any(path.startswith(f"{object_name}_") for path in plant["images"])
    }


def test_planted_faults_are_told_and_sound_images_are_not(tmp_path: Path) -> None:
    plants = write_classes(tmp_path / "images", clean=False)
    home = l1_home(tmp_path / "images", tmp_path / "home", "aihub-235")
    run_l1(home, "planted")
    with home.warehouse.read() as connection:
        told = told_images(connection)
    wanted = planted_images({"plants": plants})
    judged = [name for name in wanted if name not in WHOLE | NEED_LENS and wanted[name]]
    assert len(judged) >= 10
    files = [path.relative_to(tmp_path / "images").as_posix() for path in (tmp_path / "images").rglob("*.png")]
    truth = {"plants": plants, "files": files}
    wrong = {name: told[name] - wanted.get(name, set()) - right_as_well(truth, name) for name in told.keys() - WHOLE}
    missed = {name: wanted[name] - told.get(name, set()) for name in judged}
    assert not any(wrong.values()), wrong
    assert not any(missed.values()), missed
    assert {"channel_mix", "constant_alpha"} <= told.keys()


def test_sound_classes_give_no_l1_finding(tmp_path: Path) -> None:
    write_classes(tmp_path / "images", clean=True)
    home = l1_home(tmp_path / "images", tmp_path / "home", "aihub-235")
    run_l1(home, "clean")
    with home.warehouse.read() as connection:
        assert connection.execute("SELECT count(*) FROM channel_stats").fetchall() > [(200,)]
        assert connection.execute("SELECT finding_id, statement FROM findings").fetchall() == []
