"""The README's examples run as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_group

from thermal_assets.cli.app import app
from thermal_assets.lenses.input_settings import PROGRAM_SETTINGS, settings_beside
from thermal_assets.profile import load_profile
from thermal_assets_tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text()


def code_blocks(language: str) -> list[str]:
    """The examples in ``language``."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_profile_loads(tmp_path: Path) -> None:
    (block,) = [block for block in code_blocks("toml") if "[grammar]" in block]
    path = tmp_path / "mine.toml"
    path.write_text(block)
    profile = load_profile(path)
    assert profile.grammar is not None
    assert profile.waivers[0].by == "M. Kim"


def test_the_settings_of_a_lens_load(tmp_path: Path) -> None:
    (block,) = [block for block in code_blocks("toml") if "input_size" in block]
    (tmp_path / "mine.toml").write_text(block)
    settings = settings_beside(tmp_path / "mine.pt2", PROGRAM_SETTINGS)
    assert (settings["input_size"], settings["dimension"]) == (224, 512)


def test_every_command_and_option_is_documented() -> None:
    commands = get_group(app).commands
    assert {"diagnose", "init", "ui", "synth", "sql", "profiles"} <= set(commands)
    for name, command in commands.items():
        assert f"thermal-assets {name}" in README, name
        for parameter in command.params:
            for option in parameter.opts:
                assert not option.startswith("--") or option in README, (name, option)
