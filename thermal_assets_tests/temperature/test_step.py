"""From files to temperatures: sample pictures with their annotations, a radiometric file, a changed profile."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from thermal_assets.home.layout import Home, create_home, open_home
from thermal_assets.home.settings import HomeSettings
from thermal_assets.imaging.flir import celsius
from thermal_assets.steps.annotations import materialize_annotations
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets.steps.outputs import StepReport
from thermal_assets.steps.temperatures import materialize_temperatures
from thermal_assets.synthetic.picture import Picture, Session, draw_picture, exposed
from thermal_assets_tests.temperature.test_flir import CAMERA, jpeg_with, payload

SESSION = Session("test/1", date(2020, 11, 11), "CIC", 600, 640, "grey", 12.0, 0.5)
PICTURES = [Picture(7, "transport_pipe", True, SESSION, 2.0, frame, 0) for frame in range(3)]
PICTURES.append(replace(PICTURES[0], session=replace(SESSION, palette="ironbow")))
TOLERANCE = '[[temperature.tolerances]]\nclass = "pipe"\nmax_c_at_most = {limit}\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Four sample pictures with their true ranges, one without a range, one radiometric file, one photograph."""
    folder = tmp_path / "images" / "pipe"
    folder.mkdir(parents=True)
    for number, picture in enumerate(PICTURES):
        exposure = exposed(picture)
        Image.fromarray(draw_picture(picture)).save(folder / f"{number}.png")
        image = {
            "id": 1,
            "file_name": f"{number}.png",
            "Inspection_temperature_range": f"{exposure.low_c:.2f}~{exposure.high_c:.2f}",
        }
        blocks: dict[str, Any] = {"licenses": [], "info": {}, "categories": [], "images": [image], "annotations": []}
        (folder / f"{number}.json").write_text(json.dumps(blocks))
    Image.fromarray(draw_picture(PICTURES[1])[:40, :40]).save(folder / "bare.png")
    raw = np.random.default_rng(3).integers(15000, 15200, (200, 300)).astype(np.uint16)
    raw[60:100, 60:100] = 16500
    (folder / "sensor.jpg").write_bytes(jpeg_with(payload(raw)))
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 60, 3), dtype=np.uint8)).save(folder / "photo.png")
    profile = tmp_path / "own.toml"
    profile.write_text(TOLERANCE.format(limit=200))
    return create_home(tmp_path / "home", HomeSettings(image_root=str(tmp_path / "images"), profile=str(profile)))


def _run(home: Home) -> tuple[StepReport, StepReport]:
    """The reports of channel_stats and of temperatures."""
    fresh = open_home(home.root)  # reads the profile again
    materialize_image_classes(fresh, "run")
    materialize_file_manifest(fresh, "run", "pipe")
    passed = materialize_image_pass(fresh, "run", "pipe", frozenset({"channel_stats"}))
    materialize_annotations(fresh, "run", "pipe")
    return passed["channel_stats"], materialize_temperatures(fresh, "run", "pipe")


def test_every_image_with_a_known_scale_has_the_temperatures_of_its_scene(home: Home) -> None:
    _, report = _run(home)
    assert report.metadata["images_by_source"] == {"palette, annotated range": 4, "radiometric": 1}
    assert sum(report.metadata["images_without"].values()) == 2
    rows = {row["image_id"]: row for row in home.warehouse.frame("SELECT * FROM temperatures").to_dicts()}
    assert set(rows) == {*(f"pipe/{number}.png" for number in range(4)), "pipe/sensor.jpg"}
    for number, picture in enumerate(PICTURES):
        row, exposure = rows[f"pipe/{number}.png"], exposed(picture)
        kelvin_a_level = (exposure.high_c - exposure.low_c) / 255
        seen = exposure.low_c + exposure.levels * kelvin_a_level
        within = row["error_k"] + 0.01  # the annotation states hundredths
        assert row["max_c"] == pytest.approx(seen.max(), abs=within)
        assert row["mean_c"] == pytest.approx(seen.mean(), abs=within)
        assert row["contrast_k"] == pytest.approx(row["hot_spot_c"] - row["background_c"])
    # The grey picture has the small error, the one of a camera of its own the large one.
    assert rows["pipe/0.png"]["error_k"] < 0.02 * (exposure.high_c - exposure.low_c) < rows["pipe/3.png"]["error_k"]
    sensor = home.warehouse.frame("SELECT * FROM sensor_temperatures").to_dicts()
    assert [row["emissivity"] for row in sensor] == [pytest.approx(CAMERA.emissivity)]
    assert rows["pipe/sensor.jpg"]["error_k"] is None
    hot, background = celsius(np.array([[16500, 15100]], np.uint16), CAMERA)[0]
    assert rows["pipe/sensor.jpg"]["contrast_k"] == pytest.approx(hot - background, abs=0.2)
    states = home.warehouse.frame("SELECT radiometric, count(*) AS n FROM channel_stats GROUP BY ALL").rows()
    assert sorted(states) == [("none", 6), ("read", 1)]


def test_a_changed_limit_judges_again_without_decoding_and_nothing_else_does(home: Home) -> None:
    _run(home)
    passed, again = _run(home)
    assert (passed.status, again.status) == ("unchanged", "unchanged")
    assert home.warehouse.frame("SELECT * FROM temperature_violations").height == 0
    profile = Path(home.settings.profile)
    profile.write_text(TOLERANCE.format(limit=30) + '[[temperature.tolerances]]\nclass = "car"\nmax_c_at_most = 1\n')
    passed, again = _run(home)
    assert (passed.status, again.status) == ("unchanged", "written")
    broken = home.warehouse.frame("SELECT * FROM temperature_violations")
    assert set(broken["rule"]) == {"tolerance: max_c at most 30"}
    assert broken.filter(image_id="pipe/sensor.jpg")["beyond_error"].to_list() == [True]
    assert (broken["exceeds_by"] - (broken["value"] - 30)).abs().max() == 0
    profile.write_text(profile.read_text() + "[temperature]\nrange_c = [0, 50]\n")
    _, again = _run(home)
    assert again.metadata["images_by_source"]["palette, profile range"] == 1  # the one without an annotation
    (home.image_root / "pipe" / "0.json").unlink()
    os.utime(home.image_root / "pipe")
    _, again = _run(home)
    assert again.metadata["images_by_source"]["palette, profile range"] == 2
