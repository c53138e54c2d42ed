"""The Dagster project as its users meet it: it loads, explains itself, and keeps to its folder."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import thermal_assets
from thermal_assets.definitions import defs
from thermal_assets.defs.stages import EMBED, MEASURE
from thermal_assets.warehouse.contract import TABLES

PACKAGE = Path(thermal_assets.__file__).parent
PARTITIONED = {*EMBED, *MEASURE}


@pytest.fixture(scope="module")
def graph() -> dg.AssetGraph:
    return defs().resolve_asset_graph()


def test_every_asset_explains_itself(graph: dg.AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.group_name != "default", key
    for name in PARTITIONED | {"separation", "findings", "duplicates"}:
        node = graph.get(dg.AssetKey(name))
        assert (node.description or "").startswith("One row per"), name
        assert {"dagster/table_name", "dagster/column_schema"} <= node.metadata.keys(), name


def test_nothing_partitioned_lies_below_anything_unpartitioned_but_the_projection(graph: dg.AssetGraph) -> None:
    for name in PARTITIONED - {"l3_projection"}:
        parents = {parent.to_user_string() for parent in graph.get(dg.AssetKey(name)).parent_keys}
        assert parents <= PARTITIONED, name


def test_every_owned_table_has_its_asset(graph: dg.AssetGraph) -> None:
    names = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert {table.owner for table in TABLES.values() if not table.owner.startswith("(")} <= names


def test_jobs_cover_every_asset_once() -> None:
    definitions = defs()
    covered: list[str] = []
    for name in ("embed_class", "measure_class", "refit_l3_lens", "diagnose_dataset"):
        job = definitions.resolve_job_def(name)
        covered += [key.to_user_string() for key in job.asset_layer.selected_asset_keys]
    assert sorted(covered) == sorted(
        key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()
    )


def test_dagster_is_imported_in_defs_only() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "defs" or path.name == "definitions.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] == "dagster" for name in names), path


def test_loading_definitions_loads_no_heavy_library() -> None:
    code = (
        "import sys; from thermal_assets.definitions import defs; defs()\n"
        "print([name for name in ('torch', 'torchvision', 'matplotlib', 'sklearn', 'scipy.stats') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_a_home_definitions_load_and_a_run_says_what_to_do(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in {"THERMAL_ASSETS_HOME", "DAGSTER_HOME"}
    }
    command = [str(Path(sys.executable).with_name("dagster")), "asset", "materialize", "--select", "image_classes"]
    done = subprocess.run(
        [*command, "-m", "thermal_assets.definitions"],
        capture_output=True,
        text=True,
        env={**environment, "DAGSTER_HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode != 0
    assert "THERMAL_ASSETS_HOME is not set: make a home with" in done.stdout + done.stderr
