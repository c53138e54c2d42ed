"""dbt itself runs the folder on a published copy, and every test of it passes.

dbt wants older libraries than the linters here, so it lives in an environment of its own
(pip install -e ".[dbt]" there); this test finds it beside Python, on the PATH, or by THERMAL_ASSETS_DBT.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from thermal_assets.reports_sql.folders import checkout_folder
from thermal_assets.reports_sql.loader import load_project
from thermal_assets_tests.reports_sql.full_warehouse import full_warehouse


def dbt_program() -> str | None:
    beside = Path(sys.executable).with_name("dbt")
    return os.environ.get("THERMAL_ASSETS_DBT") or (str(beside) if beside.exists() else shutil.which("dbt"))


def test_dbt_builds_every_model_and_its_tests_pass(tmp_path: Path) -> None:
    program = dbt_program()
    if program is None:
        pytest.skip("dbt is not installed (extra dbt, in an environment of its own)")
    published = tmp_path / "published.duckdb"
    source = full_warehouse()
    source.execute(f"ATTACH '{published}' AS target; COPY FROM DATABASE memory TO target; DETACH target")
    source.close()
    folder = tmp_path / "project"
    shutil.copytree(checkout_folder("dbt_like_reports"), folder, ignore=shutil.ignore_patterns("target", "logs"))
    done = subprocess.run(
        [program, "build", "--profiles-dir", ".", "--no-use-colors"],
        cwd=folder,
        env={**os.environ, "THERMAL_ASSETS_DUCKDB": str(published), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    project = load_project(folder)
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    assert {result["status"] for result in results} == {"success", "pass"}
    assert len(results) == len(project.models) + len(project.tests)
    with duckdb.connect(str(published), read_only=True) as connection:
        for name in project.models:
            assert connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] > 0, name
