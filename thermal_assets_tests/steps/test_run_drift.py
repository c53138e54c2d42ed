"""What counts as a delivery: pictures no measurement has compared, whatever order the steps ran in."""

from __future__ import annotations

from pathlib import Path

import pytest

from thermal_assets.home.layout import Home, open_home
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.findings import materialize_findings
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets.steps.projection import materialize_l3_lens, materialize_l3_projection
from thermal_assets.steps.run_drift import materialize_run_drift
from thermal_assets_tests.defs.homes import small_home, write_class

CLASSES = {"pipe": 25, "valve": 25}
EMBED = frozenset({"channel_stats", "l2_embeddings"})


def _embed(home: Home, name: str) -> None:
    materialize_file_manifest(home, "run", name)
    materialize_image_pass(home, "run", name, EMBED)


def _refresh(home: Home, *names: str) -> None:
    for name in names:
        _embed(home, name)
        materialize_l3_projection(home, "run", name)


def _measured(home: Home) -> dict[str, tuple[int, int]]:
    """Class -> (new images, old images), as the rows tell it."""
    materialize_run_drift(home, "run")
    rows = home.warehouse.frame("SELECT class_name, new_images, old_images FROM run_drift WHERE measure = 'pictures'")
    return {name: (new, old) for name, new, old in rows.iter_rows()}


def _deliver(home: Home, name: str, seed: int) -> Path:
    folder = home.image_root / name / f"delivery {seed}"
    write_class(folder, 22, seed)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two classes of 25 images after a first diagnosis."""
    home = small_home(tmp_path, CLASSES)
    materialize_image_classes(home, "run")
    for name in CLASSES:
        _embed(home, name)
    materialize_l3_lens(home, "run")
    for name in CLASSES:
        materialize_l3_projection(home, "run", name)
    with home.warehouse.write() as transaction:
        transaction.connection.execute("UPDATE lenses SET in_force = true")
    assert _measured(home) == {}
    materialize_findings(home, "first")
    return home


def test_the_delivery_of_a_class_whose_embedding_failed_is_told_when_it_recovers(home: Home) -> None:
    for seed, name in enumerate(CLASSES, 10):
        _deliver(home, name, seed)
    _refresh(home, "pipe")
    materialize_file_manifest(home, "run", "valve")  # and its embedding fails
    assert _measured(home) == {"pipe": (22, 25)}
    materialize_findings(home, "second")
    _refresh(home, "valve")
    assert _measured(home) == {"valve": (22, 25)}
    materialize_findings(home, "third")
    _refresh(home, *CLASSES)
    (home.image_root / "pipe" / "0.png").unlink()
    _refresh(home, "pipe")
    assert _measured(home) == {}


def test_judging_again_alone_makes_nothing_old_and_what_was_never_judged_stays_new(home: Home) -> None:
    _deliver(home, "pipe", 10)
    materialize_file_manifest(home, "run", "pipe")
    _judge_by(home, "alpha = 0.02")
    _refresh(home, "pipe")
    assert _measured(home) == {"pipe": (22, 25)}  # and before it is judged, another class arrives
    _deliver(home, "valve", 11)
    _refresh(home, "valve")
    assert _measured(home) == {"pipe": (22, 25), "valve": (22, 25)}
    materialize_findings(home, "third")
    _deliver(home, "valve", 12)
    _refresh(home, "valve")
    assert _measured(home) == {"valve": (22, 47)}


def _judge_by(home: Home, thresholds: str) -> None:
    """Findings alone, by another profile."""
    profile, settings = home.root / "own.toml", home.root / "home.toml"
    profile.write_text(f"[thresholds]\n{thresholds}\n")
    settings.write_text(settings.read_text().replace('"folders"', '"own.toml"'))
    assert materialize_findings(open_home(home.root), "again").status == "written"


def test_moved_renamed_and_copied_files_are_no_delivery(home: Home) -> None:
    pipes = sorted((home.image_root / "pipe").glob("*.png"))
    for path in pipes[:8]:
        path.rename(home.image_root / "valve" / f"moved {path.name}")
    for path in pipes[8:12]:
        path.rename(path.with_name(f"renamed {path.name}"))
    (home.image_root / "pipe" / "copy.png").write_bytes(pipes[20].read_bytes())
    _refresh(home, *CLASSES)
    report = materialize_run_drift(home, "run")
    assert _measured(home) == {}
    assert (report.metadata["new_images"], report.metadata["moved_images"]) == (0, 13)
    materialize_findings(home, "second")
    _deliver(home, "valve", 10)
    path = pipes[20]
    path.rename(home.image_root / "valve" / f"moved {path.name}")
    _refresh(home, *CLASSES)
    assert _measured(home) == {"valve": (22, 34)}
    (statement,) = home.warehouse.frame("SELECT statement FROM run_drift WHERE measure = 'pictures'")["statement"]
    assert "1 older image moved or copied here" in statement
