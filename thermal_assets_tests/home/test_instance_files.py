"""Dagster's files of a home follow the version that is installed, unless somebody edited them."""

from __future__ import annotations

from pathlib import Path

import thermal_assets.home.layout
from thermal_assets.home.instance_files import INSTANCE_FILES, edited, outdated
from thermal_assets.home.layout import bring_instance_files_up_to_date

TEMPLATES = Path(thermal_assets.home.layout.__file__).parent


def test_files_of_an_earlier_version_are_replaced_and_edited_ones_are_kept_and_named(tmp_path: Path) -> None:
    bring_instance_files_up_to_date(tmp_path)
    texts = {name: (tmp_path / name).read_text() for name in INSTANCE_FILES}
    assert all(texts[name].startswith((TEMPLATES / name).read_text()) for name in INSTANCE_FILES)
    assert (outdated(tmp_path), edited(tmp_path)) == ({}, [])

    (tmp_path / "dagster.yaml").write_text(
        texts["dagster.yaml"].replace("max_concurrent_runs: 2", "max_concurrent_runs: 8")
    )
    bring_instance_files_up_to_date(tmp_path)
    assert "max_concurrent_runs: 8" in (tmp_path / "dagster.yaml").read_text()
    (line,) = edited(tmp_path)
    assert line.startswith(f"{tmp_path / 'dagster.yaml'} was edited")


def test_a_home_made_before_the_files_were_marked_is_brought_up_to_date(tmp_path: Path) -> None:
    # As homes had it at first: without the launcher that notices killed runs.
    old = """load_from:
  - python_module:
      module_name: thermal_assets.definitions
      location_name: thermal_assets
"""
    (tmp_path / "workspace.yaml").write_text(old)
    bring_instance_files_up_to_date(tmp_path)
    assert (tmp_path / "workspace.yaml").read_text() != old
    assert edited(tmp_path) == []
