"""The README's examples run as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from thermal_assets.profile import load_profile
from thermal_assets_tests.conftest import REPOSITORY
from thermal_assets_tests.end_to_end.conftest import Sample
from thermal_assets_tests.end_to_end.homes import thermal_assets

README = (REPOSITORY / "README.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_profile_loads(tmp_path: Path) -> None:
    (block,) = _blocks("toml")
    path = tmp_path / "mine.toml"
    path.write_text(block)
    profile = load_profile(path)
    assert profile.grammar is not None
    assert profile.waivers[0].by == "M. Kim"


def test_every_query_runs_on_the_published_copy_and_no_file_is_unexplained(sample: Sample) -> None:
    (block,) = _blocks("sql")
    connection = duckdb.connect(str(sample.home / "published.duckdb"), read_only=True)
    try:
        results = [connection.sql(query).fetchall() for query in block.split(";") if query.strip()]
    finally:
        connection.close()
    assert len(results) == 4
    assert len(results[2]) == 10
    assert results[3][0][2] == 0


def test_every_command_and_option_is_documented() -> None:
    commands = re.findall(r"│ ([a-z]+) ", thermal_assets("--help").stdout)
    assert {"diagnose", "init", "ui", "synth", "sql", "profiles"} <= set(commands)
    for command in commands:
        assert f"thermal-assets {command}" in README, command
        for option in re.findall(r"--[a-z-]+", thermal_assets(command, "--help").stdout):
            assert option in README or option == "--help", (command, option)
