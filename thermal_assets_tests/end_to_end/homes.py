"""Running the real command line on real folders, and comparing what two homes hold."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import polars as pl

from thermal_assets.cli.app import main
from thermal_assets.warehouse.contract import TABLES

# What may differ between two homes that diagnose equal images: when, by which run, how fast.
VOLATILE = {
    "run_log": None,
    "asset_versions": None,
    "image_changes": None,
    "metric_history": None,
    "run_drift": None,
    "compared_images": None,
    "lens_evaluation": {"fit_seconds"},
    "finding_history": None,
    "publication": {"published_at"},
    "lenses": {"created_at"},
    "file_manifest": {"mtime_ns"},
}
# Rows that are compared, where only some tell of the images and not of the clock or of earlier runs.
TIMELESS = {"gate_results": "gate NOT IN ('diagnosis_age', 'separation_fall')"}
RANDOM_LENS = ("--lens", "random-mobilenet_v2")


def thermal_assets(*arguments: str | Path, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("thermal-assets")), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=_environment(environment),
        timeout=600,
    )
    if check and done.returncode:
        raise AssertionError(f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def in_this_process(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command's own entry point here: the same work without the seconds that a new process takes to start."""
    command = ["thermal-assets", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    level = logging.getLogger("dagster").level
    with (
        mock.patch.dict(os.environ, _environment(environment), clear=True),
        mock.patch.object(sys, "argv", command),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            logging.getLogger("dagster").setLevel(level)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def _environment(more: dict[str, str]) -> dict[str, str]:
    """The environment without a home of the caller, wide enough for a line to be one line."""
    own = {"THERMAL_ASSETS_HOME", "DAGSTER_HOME"}
    inherited = {name: value for name, value in os.environ.items() if name not in own}
    return {**inherited, "COLUMNS": "200", **more}


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of ``sql`` on the pipeline's own warehouse of ``home``."""
    connection = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    try:
        return connection.sql(sql).fetchall()
    finally:
        connection.close()


def contents(home: Path) -> dict[str, pl.DataFrame]:
    """Every contract table of ``home`` without what may differ, in a fixed order."""
    connection = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    try:
        tables = {}
        for table in TABLES.values():
            left_out = VOLATILE.get(table.name, set())
            if left_out is None:
                continue
            names = [f'"{name}"' for name in table.column_names if name not in left_out]
            rows = TIMELESS.get(table.name, "true")
            tables[table.name] = connection.sql(
                f"SELECT {', '.join(names)} FROM {table.name} WHERE {rows} ORDER BY {', '.join(table.key)}"
            ).pl()
        return tables
    finally:
        connection.close()


def differences(left: dict[str, pl.DataFrame], right: dict[str, pl.DataFrame]) -> list[str]:
    """Names of the tables that differ, with their sizes; numbers are compared to the last bit."""
    return [
        f"{name}: {left[name].height} rows against {right[name].height}"
        for name in left
        if not left[name].equals(right[name])
    ]
