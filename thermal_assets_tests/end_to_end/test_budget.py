"""Another outlier budget judges the densities that are there: nothing is searched or measured again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from thermal_assets.defs.in_process import job_runner
from thermal_assets.home.layout import Home, open_home
from thermal_assets.manifest.identity import partition_key_of
from thermal_assets.neighbors import grouped
from thermal_assets_tests.end_to_end.conftest import Sample
from thermal_assets_tests.end_to_end.homes import query

CLASS = "ship_normal"


def _measured(home: Home) -> list[tuple[object, ...]]:
    return query(home.root, "SELECT * EXCLUDE (class_name) FROM class_densities ORDER BY ALL")


def test_a_changed_budget_measures_nothing_anew(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sample.home, tmp_path / "home")
    home = open_home(tmp_path / "home")
    written = f"SELECT asset, run_id FROM asset_versions WHERE partition = '{partition_key_of(CLASS)}'"
    densities, before = _measured(home), dict(query(home.root, written))
    searched: list[object] = []
    for name in ("run_update", "run_joined_search"):
        search = getattr(grouped, name)
        monkeypatch.setattr(
            grouped, name, lambda *of, search=search, **more: searched.append(of) or search(*of, **more)
        )
    with job_runner(home) as runner:
        from thermal_assets.definitions import defs

        runner.register_classes([CLASS])
        done = (
            defs()
            .resolve_job_def("measure_class")
            .execute_in_process(
                instance=runner.instance,
                partition_key=partition_key_of(CLASS),
                run_config={
                    "ops": {"class_outliers": {"config": {"budget_images": 3, "budget_share": 0.0}}},
                    "loggers": {"console": {"config": {"log_level": "ERROR"}}},
                },
            )
        )
    assert done.success
    after = dict(query(home.root, written))
    assert {asset for asset in after if after[asset] != before[asset]} == {"class_outliers"}
    assert _measured(home) == densities
    assert not searched
