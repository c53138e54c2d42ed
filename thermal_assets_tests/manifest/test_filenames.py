"""What a file name says, by the grammar of a profile."""

from datetime import date, time

import pytest

from thermal_assets.manifest.filenames import token_reader
from thermal_assets.profile import load_profile

READ = token_reader(load_profile("aihub-235"))


def test_a_valid_name_gives_every_token() -> None:
    tokens = READ("PIP_NOM_20.11.15_CIC_A1016-A1110_D0.5_003078_bbox2")
    assert tokens.tokens_valid
    assert (tokens.object_code, tokens.state_code, tokens.site_code) == ("PIP", "NOM", "CIC")
    assert tokens.captured_on == date(2020, 11, 15)
    assert (tokens.session_start, tokens.session_end) == (time(10, 16), time(11, 10))
    assert (tokens.distance_token, tokens.distance_m) == ("D0.5", 0.5)
    assert (tokens.frame_number, tokens.bbox_index) == (3078, 2)
    assert tokens.session_id == "2020-11-15|CIC|A1016-A1110"
    assert tokens.batch_id == "2020-11-15|CIC|A1016-A1110|D0.5"


def test_afternoon_sessions_are_read_on_the_24_hour_clock() -> None:
    tokens = READ("CAR_AON_21.02.05_CIC_P1505-P1513_D20_000001_bbox0")
    assert (tokens.session_start, tokens.session_end) == (time(15, 5), time(15, 13))


@pytest.mark.parametrize(
    ("stem", "code"),
    [
        ("holiday photo", "does_not_parse"),
        ("PIP_NOM_21.03.15_CIC_A1016-A1110_D1_003078_bbox0", "outside_window"),
        ("PIP_NOM_20.13.15_CIC_A1016-A1110_D1_003078_bbox0", "bad_date"),
        ("PIP_NOM_20.11.15_CIC_A1016-A1110_D200_003078_bbox0", "outside_distance"),
        ("PIP_NOM_20.11.15_CIC_A1110-A1016_D1_003078_bbox0", "session_reversed"),
        ("XYZ_NOM_20.11.15_CIC_A1016-A1110_D1_003078_bbox0", "unknown_code"),
        ("PIP_NOM_20.11.15_CIC_A1016-A1199_D1_003078_bbox0", "bad_number"),
        ("PIP_NOM_20.11.15_CIC_A1016-A1110_D1_99999999999999999999_bbox0", "bad_number"),
    ],
)
def test_each_fault_of_a_name_is_told_by_its_code(stem: str, code: str) -> None:
    tokens = READ(stem)
    assert tokens.tokens_valid is False
    assert [problem.split(":")[0] for problem in tokens.token_problems] == [code]


def test_a_profile_of_the_users_own_keeps_other_groups_as_extra_tokens() -> None:
    tokens = token_reader(load_profile("uav-frames"))("0_120_60_0_05416")
    assert tokens.distance_m == 120.0
    assert tokens.frame_number == 5416
    assert tokens.extra_tokens == '{"camera_angle": 60, "day_or_night": 0, "weather": 0}'


def test_without_a_grammar_nothing_is_claimed() -> None:
    tokens = token_reader(load_profile("folders"))("anything")
    assert tokens.tokens_valid is None
    assert tokens.token_problems == []
