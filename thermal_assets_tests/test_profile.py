"""Profiles: the shipped ones load, mistakes are told in one line."""

from pathlib import Path

import pytest

from thermal_assets.errors import UserError
from thermal_assets.profile import load_profile, shipped_profiles


def test_every_shipped_profile_loads() -> None:
    assert {"aihub-235", "folders", "solar-modules", "uav-frames"} <= set(shipped_profiles())
    for name in shipped_profiles():
        assert load_profile(name).title


def test_aihub_pairs_each_of_ten_objects() -> None:
    profile = load_profile("aihub-235")
    assert len(profile.classes) == 20
    assert {rule.state for rule in profile.classes} == {"normal", "anomaly"}
    assert len({rule.pair for rule in profile.classes}) == 10
    car = profile.rule_for("car_anomaly")
    assert car is not None
    assert (car.code, car.state) == ("CAR", "anomaly")


def test_the_first_matching_rule_counts() -> None:
    solar = load_profile("solar-modules")
    normal, anomaly = solar.rule_for("No-Anomaly"), solar.rule_for("Hot-Spot")
    assert normal is not None
    assert anomaly is not None
    assert (normal.state, anomaly.state) == ("normal", "anomaly")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("classes = 3", "classes"),
        ("[grammar]\npattern = '('", "regular expression"),
        ("[grammar]\npattern = 'x'\n[grammar.tokens]\nframe = 'integer'", "not named groups"),
        ("[grammar]\npattern = '(?P<captured_on>.*)'", 'captured_on = "date_yy_mm_dd"'),
        ("[ranges]\ncolour = 1", "ranges.colour"),
        ("not toml at all", "not valid TOML"),
    ],
)
def test_a_mistake_names_file_and_field(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=told) as caught:
        load_profile(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="aihub-235"):
        load_profile("aihub")
