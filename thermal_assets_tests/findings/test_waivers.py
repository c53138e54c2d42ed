"""Accepted findings stay visible, sink to the end, and come back when their day is over."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from thermal_assets.findings.engine import detect
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.findings.waivers import Waiver
from thermal_assets.home.layout import open_home
from thermal_assets.steps.classes import materialize_image_classes
from thermal_assets.steps.findings import materialize_findings
from thermal_assets.steps.image_pass import materialize_image_pass
from thermal_assets.steps.manifest import materialize_file_manifest
from thermal_assets_tests.defs.homes import small_home
from thermal_assets_tests.findings.fixtures import clean
from thermal_assets_tests.findings.plants import PLANTS, lose


def waiver(finding_id: str, until: str = "2026-12-31") -> Waiver:
    return Waiver(finding_id=finding_id, reason="known since spring", by="Kim", until=date.fromisoformat(until))


def judged(waivers: list[Waiver], today: str = "2026-11-21") -> list[dict[str, object]]:
    w = clean()
    PLANTS["unreadable_files"](w)
    PLANTS["constant_alpha"](w)
    return detect(w.connect(), Thresholds(), waivers, date.fromisoformat(today)).rows(named=True)


def test_waived_finding_sinks_and_says_who() -> None:
    first, last = judged([waiver("unreadable_files:*")])
    assert (first["detector"], first["status"]) == ("constant_alpha", "open")
    assert (last["detector"], last["status"], last["severity"]) == ("unreadable_files", "waived", "HIGH")
    assert last["waiver"] == "accepted by Kim until 2026-12-31: known since spring"


def test_waiver_holds_on_its_last_day_and_not_after() -> None:
    assert [row["status"] for row in judged([waiver("unreadable*")], "2026-12-31")] == ["open", "waived"]
    expired = judged([waiver("unreadable*")], "2027-01-01")[0]
    assert expired["status"] == "open"
    assert expired["waiver"] == "expired on 2026-12-31; it was accepted by Kim: known since spring"
    assert str(expired["statement"]).endswith("The waiver by Kim ended on 2026-12-31.")


def test_longest_waiver_counts() -> None:
    rows = judged([waiver("unreadable*", "2026-01-01"), waiver("unreadable_files:pipe_normal")])
    assert rows[-1]["status"] == "waived"


def test_waiver_of_the_data_set_holds_whichever_classes_are_hit_and_spares_the_class_that_is_lost() -> None:
    for classes in (("pipe_normal",), ("valve_anomaly", "valve_normal")):
        w = clean()
        lose(w, "pipe_anomaly", 8)
        for name in classes:
            lose(w, name, 1)
        frame = detect(w.connect(), Thresholds(), [waiver("unreadable_files:dataset")], date(2026, 11, 21))
        assert dict(zip(frame["finding_id"], frame["status"], strict=True)) == {
            "unreadable_files:pipe_anomaly": "open",
            "unreadable_files:dataset": "waived",
        }


def test_exact_id_with_brackets_matches() -> None:
    assert waiver("blank_images:a [1]").matches("blank_images:a [1]")
    assert not waiver("blank_images:b").matches("blank_images:a")


def test_waivers_for_nothing_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = small_home(tmp_path, {"pipe": 2})
    stated = "".join(
        f'[[waivers]]\nfinding_id = "{finding_id}"\nreason = "r"\nby = "Kim"\nuntil = 2999-12-31\n'
        for finding_id in ("tiny_class:pipe", "tiny_classes:p*", "gate:separation_fall")
    )
    (home.root / "own.toml").write_text(stated)
    settings = home.root / "home.toml"
    settings.write_text(settings.read_text().replace('"folders"', '"own.toml"'))
    home = open_home(home.root)
    materialize_image_classes(home, "run")
    materialize_file_manifest(home, "run", "pipe")
    materialize_image_pass(home, "run", "pipe", frozenset({"channel_stats"}))
    report = materialize_findings(home, "run")
    assert report.metadata["waived"] == 1
    assert report.metadata["waivers_for_nothing"] == ["tiny_class:pipe"]
    assert [record.getMessage().split(" fits")[0] for record in caplog.records if "waiver" in record.getMessage()] == [
        "the waiver of tiny_class:pipe"
    ]


@pytest.mark.parametrize("missing", ["reason", "by", "until", "finding_id"])
def test_waiver_needs_everything(missing: str) -> None:
    values = {"finding_id": "a:b", "reason": "r", "by": "b", "until": "2026-12-31"}
    del values[missing]
    with pytest.raises(ValidationError, match=missing):
        Waiver.model_validate(values)


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="seperability"):
        Thresholds.model_validate({"seperability": 0.7})
