"""The plan of a data set: names, sessions, and that nothing gives the class away but the picture."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from thermal_assets.manifest.filenames import Tokens, token_reader
from thermal_assets.profile import load_profile
from thermal_assets.synthetic.catalog import CLASS_SHARES
from thermal_assets.synthetic.dataset import plan_dataset
from thermal_assets.synthetic.files import PlannedFile
from thermal_assets.synthetic.planning import deal_modes, plan_classes

PROFILE = load_profile("aihub-235")
READ = token_reader(PROFILE)


def tokens(file: PlannedFile) -> Tokens:
    return READ(file.name.rpartition(".")[0])


@pytest.fixture(scope="module")
def modelled() -> dict[str, list[PlannedFile]]:
    """Sizes and modes of the modelled data set, nothing planted."""
    plan = plan_classes(1600, 7, {})
    deal_modes(plan)
    return plan.files


def test_classes_are_those_of_the_profile() -> None:
    assert set(CLASS_SHARES) == {rule.folder for rule in PROFILE.classes}


def test_every_planned_name_is_valid_and_agrees_with_its_folder(modelled: dict[str, list[PlannedFile]]) -> None:
    for name, files in modelled.items():
        rule = PROFILE.rule_for(name)
        assert rule is not None
        for file in files:
            read = tokens(file)
            assert read.tokens_valid, (file.path, read.token_problems)
            assert (read.object_code, read.state_code) == (rule.code, "NOM" if rule.state == "normal" else "AON")


def test_modes_palettes_and_sizes_do_not_give_the_state_away(modelled: dict[str, list[PlannedFile]]) -> None:
    for normal, files in modelled.items():
        if not normal.endswith("_normal"):
            continue
        other = modelled[normal.replace("_normal", "_anomaly")]
        for measure in (lambda f: f.mode, lambda f: f.picture.session.palette == "ironbow"):
            here, there = Counter(map(measure, files)), Counter(map(measure, other))
            apart = sum(abs(here[k] / len(files) - there[k] / len(other)) for k in here | there) / 2
            # Palettes belong to sessions, so a class of four sessions can only have them in quarters.
            assert apart <= (0.15 if len(other) > 30 else 0.3), (normal, here, there)
        assert {f.picture.distance_m for f in files} == {f.picture.distance_m for f in other}


def test_one_in_five_is_rgb(modelled: dict[str, list[PlannedFile]]) -> None:
    for files in modelled.values():
        assert sum(file.mode == "RGB" for file in files) == round(0.2 * len(files))


def test_a_clean_set_has_one_mode_and_equal_classes() -> None:
    files = plan_dataset(1605, 7, clean=True)[0].files
    assert sorted({len(members) for members in files.values()}) == [80, 81]
    assert {file.mode for members in files.values() for file in members} == {"RGB"}


def test_sessions_are_bursts_of_near_frames_with_several_boxes(modelled: dict[str, list[PlannedFile]]) -> None:
    for name, files in modelled.items():
        assert len({tokens(file).session_id for file in files}) >= (8 if len(files) > 30 else 4), name
    read = [tokens(file) for files in modelled.values() for file in files]
    assert len({token.session_id for token in read}) == len({(t.session_id, t.object_code, t.state_code) for t in read})
    boxes = Counter(token.frame_id for token in read)
    assert max(boxes.values()) >= 3
    by_batch: dict[str | None, set[int]] = defaultdict(set)
    for token in read:
        by_batch[token.batch_id].add(token.frame_number or 0)
    steps = [b - a for frames in by_batch.values() for a, b in zip(sorted(frames), sorted(frames)[1:], strict=False)]
    assert sum(step <= 3 for step in steps) / len(steps) > 0.9


def test_months_cover_the_collection(modelled: dict[str, list[PlannedFile]]) -> None:
    for name, files in modelled.items():
        months = {f"{tokens(file).captured_on:%Y-%m}" for file in files}
        assert len(months) >= (5 if len(files) > 30 else 3), name


def test_a_large_plan_has_no_name_twice() -> None:
    plan, _ = plan_dataset(20_000, 3, clean=False)
    files = plan.all_files()
    assert len({file.path for file in files}) == len(files) == 20_000
